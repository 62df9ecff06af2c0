"""Values in plain text, by expressions independent of the product: oracle of `test_accounted.py`."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from lamsach.indicators.values.names import suffixes

_DOT = r"(?:\.|\[\.\]|\(\.\)|\[dot\])"
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_URL = re.compile(r"(?<!\w)(?:h(?:tt|xx)ps?|ftp)(?:\[?:\]?//|\[://\])[^\s<>\"'“”‘’`|\\]+", re.IGNORECASE)
_IP = re.compile(rf"(?<![\w.\]/-]){_OCTET}(?:{_DOT}{_OCTET}){{3}}(?![\w/-]|\.\w)")
_DIGEST = re.compile(r"(?<!\w)(?:[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})(?!\w)", re.IGNORECASE)
_NAME = re.compile(
    rf"(?<![\w@.\]/%=&?\\-])(?:[a-z][a-z0-9-]*[a-z0-9]{_DOT})+([a-z]{{2,}})(?![\w@\\-]|\.\w|\[\.)",
    re.IGNORECASE,
)
_UNSHOWN = frozenset({"script", "style", "title"})


def _plain(text: str) -> str:
    text = re.sub(_DOT, ".", text).replace("[:]", ":").replace("[://]", "://").replace("[/]", "/")
    return re.sub(r"^hxxp", "http", text, flags=re.IGNORECASE)


def shown(text: str) -> dict[str, str]:
    """Map the values that a text shows, without scheme, default port and end marks, to their spelling."""
    found = {}
    for match in _URL.finditer(text):
        rest = _plain(match[0]).lower().split("://", 1)[1].split("#")[0]
        rest = rest if "(" in rest else rest.split(")")[0]
        rest = re.split(r"&&|[,;]h(?:tt|xx)ps?:|\[", rest)[0].replace("++", "")
        rest = re.sub(r"^([^/?]*):(?:80|443)(?=/|$|\?)", r"\1", rest)
        found[rest.rstrip("/.,;:'\\!?*)]}…")] = match[0]
    found |= {_plain(match[0]): match[0] for match in _IP.finditer(text)}
    found |= {match[0].lower(): match[0] for match in _DIGEST.finditer(text)}
    for match in _NAME.finditer(text):
        lower = match[0] in (match[0].lower(), match[0].upper())
        if match[1].lower() in suffixes().top_levels and lower:
            found[_plain(match[0]).lower()] = match[0]
    return found


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in _UNSHOWN
        self.texts.append("" if tag in ("b", "i", "a", "span", "code") else "\n")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in _UNSHOWN
        self.texts.append("" if tag in ("b", "i", "a", "span", "code") else "\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.texts.append(data)


def _leaves(tree: Any) -> Iterator[str]:
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield key
            yield from _leaves(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _leaves(value)
    elif isinstance(tree, str):
        yield tree


def text_of(path: Path) -> str:
    """Return the text that a list in a text format shows."""
    text = path.read_bytes().decode("utf-8", "replace").lstrip("\ufeff")
    start = text.lstrip()[:100].lower()
    if start.startswith(("<!doctype html", "<html")):
        page = _Page()
        page.feed(text)
        return "".join(page.texts)
    if start[:1] in ("{", "["):
        try:
            return "\n".join(_leaves(json.loads(text)))
        except ValueError:
            try:
                return "\n".join(
                    leaf for line in text.splitlines() if line.strip() for leaf in _leaves(json.loads(line))
                )
            except ValueError:
                return text
    if start.startswith("<"):
        try:
            return "\n".join(ElementTree.fromstring(text.encode()).itertext())
        except ElementTree.ParseError:
            return text
    if path.suffix == ".csv":
        return "\n".join(cell for row in csv.reader(text.splitlines()) for cell in row)
    return text
