"""Text of an edXML file: elements with the regulation's prefix, escaped, without what XML cannot hold."""

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
    """XML as it goes into a file."""

    __slots__ = ()


def element(name: str, /, *contents: str, **attributes: str) -> Markup:
    """An element of markup and texts; a text is escaped.

    An attribute `xlink_href` becomes `xlink:href`, `xmlns_xlink` its namespace.
    """
    inner = "".join(one if isinstance(one, Markup) else _escaped(one) for one in contents)
    stated = "".join(
        f" {key.replace('_', ':')}={quoteattr(_FORBIDDEN.sub('', value))}"
        for key, value in attributes.items()
    )
    return Markup(f"<{name}{stated}>{inner}</{name}>" if inner else f"<{name}{stated}/>")


def fields(name: str, **values: str) -> Markup:
    """An element with a child for each value that is not empty; empty markup when all are."""
    inner = [element(PREFIX + key, value) for key, value in values.items() if value]
    return element(PREFIX + name, *inner) if inner else Markup()


def document(*contents: Markup, root: str = "edXML") -> bytes:
    """A whole file in UTF-8: the root, with the regulation's namespaces, around the contents."""
    return f'<?xml version="1.0" encoding="utf-8"?>\n<{root} {_ROOT}>{"".join(contents)}</{root}>\n'.encode()


def _escaped(text: str) -> str:
    return escape(_FORBIDDEN.sub("", text), {"\r": "&#13;"})
