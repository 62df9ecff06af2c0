"""Documentation as pages of the portal, from the Markdown files of `docs/`.

Links between documents lead to their pages; other relative links are removed. HTML in documents is escaped.
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
"""Wrappers that make wide parts scrollable by keyboard; tags in the text of a document are escaped."""


def folder() -> Path:
    """Return the folder of the documents: in the package, else in the repository."""
    packed = _PACKAGE / "docs"
    return packed if packed.is_dir() else _PACKAGE.parents[1] / "docs"


@dataclass(frozen=True, slots=True)
class Document:
    """Rendered document."""

    title: str
    html: SafeString
    language: str


@anyone("GET")
def index(request: HttpRequest) -> HttpResponse:
    """Show the table of contents in the visitor's language."""
    return _page(request, "index.vi" if get_language() == "vi" else "index")


@anyone("GET")
def page(request: HttpRequest, page: str) -> HttpResponse:
    """Show a document, such as `how-to/officer/hunt.vi`."""
    return _page(request, page)


@anyone("GET")
def picture(request: HttpRequest, picture: str) -> HttpResponse:
    """Send a picture of a document."""
    path = folder() / "pictures" / f"{picture}.png"
    if not re.fullmatch(r"[a-z0-9-]+", picture) or not path.is_file():
        raise Http404
    return HttpResponse(path.read_bytes(), content_type="image/png")


def _page(request: HttpRequest, name: str) -> HttpResponse:
    path = folder() / f"{name}.md"
    if not _NAME.fullmatch(name) or not path.is_file():
        raise Http404
    return render(request, "support/document.html", {"document": rendered(name, path.stat().st_mtime_ns)})


@lru_cache(maxsize=64)
def rendered(name: str, changed_ns: int) -> Document:
    """Render a document; `changed_ns`: modification time, part of the cache key."""
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = reader.parse((folder() / f"{name}.md").read_text("utf-8"))
    title = ""
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            text = tokens[index + 1].content
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
    """Return the anchor of a heading, as common viewers of Markdown generate it."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def address(name: str, target: str) -> str:
    """Resolve a document's link to a page, an anchor or a web address; "" for others."""
    if re.match(r"https?://", target):
        return target
    path, _, heading = target.partition("#")
    fragment = f"#{heading}" if heading else ""
    if not path:
        return fragment
    parts: list[str] = []
    for part in (PurePosixPath(name).parent / path).parts:
        if part == "..":
            if not parts:
                return ""
            parts.pop()
        else:
            parts.append(part)
    document = "/".join(parts).removesuffix(".md")
    if (
        not path.endswith(".md")
        or not _NAME.fullmatch(document)
        or not (folder() / f"{document}.md").is_file()
    ):
        return ""
    return reverse("support:document", args=[document]) + fragment


def picture_address(target: str) -> str:
    """Return the URL of a picture."""
    return reverse("support:picture", args=[PurePosixPath(target).stem])
