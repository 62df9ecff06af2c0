"""Document as plain JSON values with safe texts, for writers that lay out data (PDF, HTML)."""

from __future__ import annotations

from typing import Any

from lamsach.letters import fixed_texts
from lamsach.letters.model import (
    MARGIN_MM,
    MOTTO,
    NATION,
    Appendix,
    Block,
    Document,
    Entry,
    Heading,
    Paragraph,
    Signature,
)

_POINTS = 72 / 25.4


def flat(document: Document) -> dict[str, Any]:
    """Return the document's parts in layout order."""
    head = document.head
    return {
        "title": fixed_texts.line(document.subject) or fixed_texts.line(title_of(document)),
        "author": fixed_texts.line(head.issuer),
        "margins": MARGIN_MM,
        "head": {
            "parent": fixed_texts.body_lines(head.parent),
            "issuer": fixed_texts.body_lines(head.issuer),
            "nation": NATION,
            "motto": MOTTO,
            "number": fixed_texts.number_line(head),
            "place": fixed_texts.place_and_day(head),
        }
        if head.issuer
        else None,
        "about": fixed_texts.about_lines(document),
        "type": fixed_texts.line(document.type_name).upper(),
        "subject": fixed_texts.subject_lines(document),
        "to": fixed_texts.to_lines(document),
        "blocks": [_block(block, text_width()) for block in document.blocks],
        "signature": _signature(document.signature),
        "cosigners": [_signature(signature) for signature in document.cosigners],
        "copies": fixed_texts.copy_lines(document),
        "address": fixed_texts.line(document.address),
        "appendices": [
            {"label": fixed_texts.appendix_title(document, place), **_appendix(appendix)}
            for place, appendix in enumerate(document.appendices)
        ],
    }


def _appendix(appendix: Appendix) -> dict[str, Any]:
    attached = appendix.attached.strip()
    return {
        "title": fixed_texts.line(appendix.title),
        "attached": fixed_texts.attached_line(appendix).split("\n") if attached else [],
        "landscape": appendix.landscape,
        "blocks": [_block(block, text_width(landscape=appendix.landscape)) for block in appendix.blocks],
    }


def text_width(*, landscape: bool = False) -> float:
    """Return the width of the text between the margins, in points."""
    return (297 if landscape else 210) * _POINTS - (MARGIN_MM["left"] + MARGIN_MM["right"]) * _POINTS


def _signature(signature: Signature) -> dict[str, Any]:
    top = [
        fixed_texts.line(text).upper() for text in (signature.authority, signature.position) if text.strip()
    ]
    return {"top": top, "name": fixed_texts.line(signature.name)}


def title_of(document: Document) -> str:
    """Return the title for the file's properties."""
    return document.appendices[0].title if document.appendices else document.type_name


def _block(block: Block, width: float) -> dict[str, Any]:
    if isinstance(block, Heading):
        return {"kind": "heading", "text": fixed_texts.line(block.text)}
    if isinstance(block, Paragraph):
        return {
            "kind": "paragraph",
            "lines": fixed_texts.lines(block.text),
            "italic": block.italic,
            "indent": block.indent,
        }
    if isinstance(block, Entry):
        return {
            "kind": "entry",
            "label": fixed_texts.line(block.label),
            "lines": fixed_texts.lines(block.text),
            "dots": block.dots,
        }
    return {
        "kind": "table",
        "caption": fixed_texts.line(block.caption),
        "columns": [
            {"title": fixed_texts.line(column.title), "weight": column.weight, "align": column.align}
            for column in block.columns
        ],
        "rows": [[fixed_texts.lines(cell) for cell in row] for row in block.rows],
        "torn": [fixed_texts.is_tall(block.columns, row, width) for row in block.rows],
    }
