"""Safety of outputs: values that are checked again before they are written, and free text without any
syntax in it.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from ipaddress import ip_address, ip_network
from socket import AF_INET, inet_ntop, inet_pton

from lamsach.indicators.values.domains import LABEL
from lamsach.indicators.values.file_names import canonical_file_name
from lamsach.indicators.values.normalise import LOCAL_PART
from lamsach.indicators.values.refusals import Refused
from lamsach.indicators.values.urls import DEFAULT_PORTS, MAX_URL_LENGTH
from lamsach.model import IndicatorType
from lamsach.model.indicator_types import FORMS

_NAME = re.compile(rf"{LABEL}(?:\.{LABEL})+", re.ASCII)
_FORMS = {kind: re.compile(form) for kind, form in FORMS.items()}
_URL = re.compile(
    rf"(?:(?P<scheme>[a-z]{{2,5}})://)?(?P<host>{LABEL}(?:\.{LABEL})+|\[[0-9a-f:.]{{2,45}}\])"
    rf"(?::\d{{1,5}})?(?:[/?][^#]*)?",
    re.DOTALL | re.ASCII,
)
_NUMERIC = re.compile(r"[0-9a-f.:/]+")
_UNSAFE = re.compile(r"[^A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=%]")
_KEPT = frozenset(" ._-+,:/")


def is_canonical(kind: IndicatorType, value: str) -> bool:
    """Return whether a value has the canonical form of its kind, without which no writer takes it."""
    if kind is IndicatorType.DOMAIN:
        return len(value) <= 253 and _NAME.fullmatch(value) is not None
    if kind is IndicatorType.EMAIL:
        local, _, host = value.rpartition("@")
        return LOCAL_PART.fullmatch(local) is not None and is_canonical(IndicatorType.DOMAIN, host)
    if kind is IndicatorType.FILE_NAME:
        try:
            return canonical_file_name(value) == value
        except Refused:
            return False
    if kind in _FORMS:
        return _FORMS[kind].fullmatch(value) is not None
    try:
        if kind is IndicatorType.IP:
            return _is_quad(value) or (_is_numeric(value) and str(ip_address(value)) == value)
        if kind is IndicatorType.NETWORK:
            return _is_numeric(value) and str(ip_network(value)) == value
    except ValueError:
        return False
    return _is_url(value)


def _is_numeric(value: str) -> bool:
    """Return whether a text has only letters of addresses: `ipaddress` takes any text behind a `%`."""
    return _NUMERIC.fullmatch(value) is not None


def _is_quad(value: str) -> bool:
    """Return whether a text is a dotted quad without needless zeros: what most of a list is."""
    try:
        return inet_ntop(AF_INET, inet_pton(AF_INET, value)) == value
    except (OSError, UnicodeError, ValueError):
        return False


def _is_url(value: str) -> bool:
    match = _URL.fullmatch(value) if len(value) <= MAX_URL_LENGTH else None
    if match is None or not value.isprintable() or " " in value:
        return False
    host = match["host"]
    if host.replace(".", "").isdigit() and not _is_quad(host):
        return False
    if host.startswith("["):
        try:
            ip_address(host[1:-1])
        except ValueError:
            return False
    return len(host) <= 253 and (match["scheme"] is None or match["scheme"] in DEFAULT_PORTS)


def wire(url: str) -> str:
    """A URL as it goes over the wire: ASCII, and what RFC 3986 allows in none of its parts percent-encoded
    (section 2.1), so no quote, backslash, space, brace, `<`, `|`, `^` or line end.
    """
    if _UNSAFE.search(url) is None:
        return url
    return _UNSAFE.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), url)


@lru_cache(maxsize=1 << 12)
def words(text: str | None, limit: int = 120) -> str:
    """Free text for a comment of any syntax: letters, digits, spaces and ` ._-+,:/`, all else as spaces."""
    if not text:
        return ""
    composed = unicodedata.normalize("NFC", text[: limit * 4])
    kept = "".join(letter if letter.isalnum() or letter in _KEPT else " " for letter in composed)
    return " ".join(kept.split())[:limit].strip()


@lru_cache(maxsize=1 << 12)
def ascii_words(text: str | None, limit: int = 100) -> str:
    """As `words`, in ASCII: Vietnamese letters lose their marks."""
    plain = words(text, limit).replace("đ", "d").replace("Đ", "D")
    decomposed = unicodedata.normalize("NFD", plain)
    kept = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(kept.encode("ascii", "replace").decode().replace("?", " ").split())


def slug(text: str) -> str:
    """A name of letters, digits, `_` and `-` for an object's identifier."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", text)
