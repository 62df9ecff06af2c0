"""Markup of an edXML file: escaped elements with the regulation's prefix, without invalid characters."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

NAMESPACE = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
PREFIX = "edXML:"
XLINK = "http://www.w3.org/1999/xlink"
_ROOT = f'xmlns="{NAMESPACE}" xmlns:edXML="{NAMESPACE}"'
"""Only namespaces in use: exclusive canonical XML drops others, and a signature would not cover them."""
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Markup(str):
    """XML text, not to be escaped again."""

    __slots__ = ()


def element(name: str, /, *contents: str, **attributes: str) -> Markup:
    """Create an element from markup and texts; texts are escaped.

    An attribute `xlink_href` becomes `xlink:href`, `xmlns_xlink` its namespace.
    """
    inner = "".join(part if isinstance(part, Markup) else _escape(part) for part in contents)
    stated = "".join(
        f" {key.replace('_', ':')}={quoteattr(_FORBIDDEN.sub('', value))}"
        for key, value in attributes.items()
    )
    return Markup(f"<{name}{stated}>{inner}</{name}>" if inner else f"<{name}{stated}/>")


def fields(name: str, **values: str) -> Markup:
    """Create an element with a child for each non-empty value; empty markup without any."""
    inner = [element(PREFIX + key, value) for key, value in values.items() if value]
    return element(PREFIX + name, *inner) if inner else Markup()


def document(*contents: Markup, root: str = "edXML") -> bytes:
    """Encode a file as UTF-8: the root, with the regulation's namespaces, around the contents."""
    return f'<?xml version="1.0" encoding="utf-8"?>\n<{root} {_ROOT}>{"".join(contents)}</{root}>\n'.encode()


def _escape(text: str) -> str:
    return escape(_FORBIDDEN.sub("", text), {"\r": "&#13;"})
