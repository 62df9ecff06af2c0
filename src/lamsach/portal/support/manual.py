"""Documentation as pages of the portal, without network: the Markdown files of `docs/`.

Links among the documents lead to their pages; what is outside the documentation loses its link. No HTML of a
document is taken over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

import lamsach
from lamsach.portal.base.doors import anyone

_PACKAGE = Path(lamsach.__file__).parent
_NAME = re.compile(r"(?:[a-z0-9][a-z0-9-]*/)*[a-z0-9][a-z0-9-]*(?:\.vi)?")

_WIDE = (
    ("<table>", '<div class="scroll" tabindex="0"><table>'),
    ("</table>", "</table></div>"),
    ("<pre>", '<pre tabindex="0">'),
)
"""Wide parts move by the keyboard too. A document's own text holds no tags: they are escaped."""


def folder() -> Path:
    """Return where the documents are: in the package, or in the copy of the repository around it."""
    packed = _PACKAGE / "docs"
    return packed if packed.is_dir() else _PACKAGE.parents[1] / "docs"


@dataclass(frozen=True, slots=True)
class Document:
    """A document as it is shown."""

    title: str
    html: SafeString
    language: str


@anyone("GET")
def index(request: HttpRequest) -> HttpResponse:
    """The table of contents, in the visitor's language."""
    return _page(request, "index.vi" if get_language() == "vi" else "index")


@anyone("GET")
def page(request: HttpRequest, page: str) -> HttpResponse:
    """One document: `how-to/officer/hunt.vi`; the other language is a link away."""
    return _page(request, page)


@anyone("GET")
def picture(request: HttpRequest, picture: str) -> HttpResponse:
    """A picture of a document."""
    path = folder() / "pictures" / f"{picture}.png"
    if not re.fullmatch(r"[a-z0-9-]+", picture) or not path.is_file():
        raise Http404
    return HttpResponse(path.read_bytes(), content_type="image/png")


def _page(request: HttpRequest, name: str) -> HttpResponse:
    path = folder() / f"{name}.md"
    if not _NAME.fullmatch(name) or not path.is_file():
        raise Http404
    return render(request, "support/document.html", {"document": drawn(name, path.stat().st_mtime_ns)})


@lru_cache(maxsize=64)
def drawn(name: str, changed_ns: int) -> Document:
    """Draw a document; `changed_ns` is when its file was last written."""
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = reader.parse((folder() / f"{name}.md").read_text("utf-8"))
    title = ""
    for at, token in enumerate(tokens):
        if token.type == "heading_open":
            text = tokens[at + 1].content
            token.attrSet("id", anchor(text))
            title = title or text
        for inner in token.children or []:
            if inner.type == "link_open":
                target = address(name, str(inner.attrGet("href")))
                inner.attrs = {"href": target} if target else {}
            elif inner.type == "image":
                inner.attrSet("src", picture_address(str(inner.attrGet("src"))))
    html = reader.renderer.render(tokens, reader.options, {})
    for tag, framed in _WIDE:
        html = html.replace(tag, framed)
    language = "vi" if name.endswith(".vi") else "en"
    return Document(title, mark_safe(html), language)  # noqa: S308 - html is off


def anchor(heading: str) -> str:
    """The name by which links reach a heading, as the usual viewers of Markdown make it."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def address(name: str, target: str) -> str:
    """Return the target of a document's link: page, place in it, web address; empty for others."""
    if re.match(r"https?://", target):
        return target
    path, _, heading = target.partition("#")
    place = f"#{heading}" if heading else ""
    if not path:
        return place
    parts: list[str] = []
    for part in (PurePosixPath(name).parent / path).parts:
        if part == "..":
            if not parts:
                return ""
            parts.pop()
        else:
            parts.append(part)
    found = "/".join(parts).removesuffix(".md")
    if not path.endswith(".md") or not _NAME.fullmatch(found) or not (folder() / f"{found}.md").is_file():
        return ""
    return reverse("support:document", args=[found]) + place


def picture_address(target: str) -> str:
    """The address of a picture of the documentation."""
    return reverse("support:picture", args=[PurePosixPath(target).stem])
