"""Types and canonical forms of values.

Canonical forms: `ipaddress` spelling for addresses, CIDR with the host bits cleared for networks, lower-case
A-labels without a trailing dot for domains, `lamsach.indicators.values.names` for URLs, lower-case hex for
hashes. `canonical_values` is idempotent.

A text that is nothing but the encoding of one URL is decoded: Base64 (RFC 4648), hexadecimal digits, or
percent-encoding of the whole, as malware stores URLs.
"""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import unquote

from lamsach.indicators.values import addresses, refusals
from lamsach.indicators.values.names import (
    LABEL,
    MAY_END_FILES,
    canonical_domain,
    canonical_file_name,
    canonical_url,
    suffixes,
)
from lamsach.indicators.values.refang import refang
from lamsach.indicators.values.refusals import Refused as Refused
from lamsach.model import IndicatorType
from lamsach.model.indicator_types import ADDRESSES, DIGEST_TYPES, FORMS, STATED_ONLY

# 687474703a2f2f..; 68 74 74 70 3a 2f 2f..; 0x687474703a2f2f..; \x68\x74\x74\x70\x3a\x2f\x2f..
_HEX_TEXT = re.compile(
    r"(?:0x)?(?=(?:\\x|[ :])?68(?:\\x|[ :])?[57][48])(?:(?:\\x|[ :])?[0-9a-f]{2}){10,2048}", re.IGNORECASE
)
# aHR0cDovL2V2aWwuZXhhbXBsZS8=; aAB0AHQAcAA6AC8ALwA.. of PowerShell, which is UTF-16; both alphabets
_BASE64 = re.compile(r"a(?:H[R-U]|[AE]B[0-9])[A-Za-z0-9+/_-]{10,4096}={0,2}")
# http%3A%2F%2Fevil.example%2Fa
_PERCENT = re.compile(r"(?:h(?:tt|xx)ps?|ftp)%3a%2f%2f[^\s/<>\"']{4,4096}", re.IGNORECASE)
_URL = re.compile(r"h(?:tt|xx)ps?://[!-~]{4,2048}", re.IGNORECASE)


def encoded_url(text: str) -> str | None:
    """Return the URL that a whole text encodes, or None."""
    if _PERCENT.fullmatch(text):
        return unquote(text)
    if text[:1] == "a" and _BASE64.fullmatch(text):
        return _decoded_url(_base64(text))
    if "68" in text[:4] and _HEX_TEXT.fullmatch(text):
        return _decoded_url(bytes.fromhex(re.sub(r"\\x|0x|[ :]", "", text, flags=re.IGNORECASE)))
    return None


def _base64(text: str) -> bytes:
    bare = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except binascii.Error:
        return b""


def _decoded_url(data: bytes) -> str | None:
    """Return bytes as a URL, or None; a line end or a terminating zero may follow it."""
    text = data.decode("utf-16-le" if data[1:2] == b"\0" else "latin-1", "replace").rstrip("\r\n\0")
    return text if _URL.fullmatch(text) else None


Value = tuple[IndicatorType, str]

_EMPTY_FILE = frozenset(
    {
        "d41d8cd98f00b204e9800998ecf8427e",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    }
)
_HEX_OF_URL = ("687474703a2f2f", "68747470733a2f2f")
"""First hexadecimal digits of an encoded URL, which is no hash."""
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_PLAIN = re.compile(
    rf"(?P<ip>{_OCTET}(?:\.{_OCTET}){{3}})|(?P<hash>[0-9a-f]{{32}}|[0-9a-f]{{40}}"
    rf"|[0-9a-f]{{64}})|(?P<domain>{LABEL}(?:\.{LABEL})+)"
    rf"|(?P<url>https?://(?P<host>{LABEL}(?:\.{LABEL})+)"
    rf"(?:/[A-Za-z0-9/_.~%&=+$@?!;,-]{{0,2000}}[A-Za-z0-9_~%&=+-])?)",
    re.ASCII,
)
_HEX = re.compile(r"[0-9a-f]{32,128}", re.ASCII | re.IGNORECASE)
LOCAL_PART = re.compile(r"[a-z0-9._%+=~-]{1,64}")
"""Local part of an e-mail address (RFC 5322, "dot-atom"), without operators of surrounding syntax."""
_EMAIL = re.compile(r"[^\s@/:]{1,128}@[^\s@/]{1,255}")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]{1,20}):/{2}", re.IGNORECASE | re.ASCII)
_HOST_AND_PATH = re.compile(r"[^\s/?#@]+(?::\d{1,5})?[/?].*", re.DOTALL)
_HOST_AND_PORT = re.compile(r"([^\s/?#@:]+):\d{1,5}(?::\d|/(?:tcp|udp)?)?", re.ASCII | re.IGNORECASE)
_TAG = re.compile(r"<(?:/[a-z]{1,12}|br ?/?)>$", re.IGNORECASE)
"""An HTML tag left after a URL."""
_SENTENCE_ENDS = ".,;:!?…」』》、"
"""Sentence punctuation after a URL."""
_QUOTES = " \t\r\n\v\f\u00a0\"'`‘’“”«»"
_HOST_SCHEMES = frozenset({
    "tcp", "udp", "tls", "ssl", "dns", "socks", "socks4", "socks5", "stratum+tcp", "stratum+ssl",
    "stratum+tls",
})  # fmt: skip
"""Schemes that state only how to reach a host: the value is the host."""
_NAMED_SCHEMES = frozenset({
    "ldap", "ldaps", "rmi", "smb", "file", "ssh", "irc", "ircs", "telnet", "rdp", "vnc", "mqtt", "redis",
    "mysql",
})  # fmt: skip
"""Schemes with a host and no path in logs."""


def plain_value(text: str) -> Value | None:
    """Return the value of a text already canonical and surely accepted, or None: fast path of long lists."""
    match = _PLAIN.fullmatch(text)
    if match is None:
        return None
    kind = match.lastgroup
    if kind == "domain":
        last = text.rpartition(".")[2]
        known = suffixes()
        ordinary = last in known.top_levels and len(text) <= 253 and last not in MAY_END_FILES
        return (IndicatorType.DOMAIN, text) if ordinary and not known.is_public(text) else None
    if kind == "url":
        host = match["host"]
        ordinary = host.rpartition(".")[2] in suffixes().top_levels and len(host) <= 253
        return (IndicatorType.URL, text) if ordinary else None
    if kind == "ip":
        return None if addresses.may_be_internal(text) else (IndicatorType.IP, text)
    return None if text in _EMPTY_FILE or text.startswith(_HEX_OF_URL) else (DIGEST_TYPES[len(text)], text)


def canonical_values(text: str, indicator_type: IndicatorType | None = None) -> tuple[Value, ...]:
    """Return the type and canonical value of a text, defanged or not; several of a range of networks.

    With a type, the text must be of that type (IP and NETWORK are interchangeable); a stated DOMAIN or URL
    may end in a label that is no top-level domain. Raises Refused.
    """
    if indicator_type is None and (plain := plain_value(text)) is not None:
        return (plain,)
    if indicator_type in STATED_ONLY:
        return (_stated_value(text.strip(_QUOTES), indicator_type),)
    bare = text.strip(_QUOTES)
    if len(bare) > 16384:
        raise Refused(refusals.NOT_A_VALUE)
    bare = refang(encoded_url(bare) or bare).strip(_QUOTES)
    while (inner := _unwrapped(bare)) != bare:
        bare = inner
    values = _read(bare, stated=indicator_type)
    if indicator_type is not None and not all(
        found is indicator_type or {found, indicator_type} <= set(ADDRESSES) for found, _ in values
    ):
        raise Refused(refusals.WRONG_TYPE, values[0][1], values[0][0])
    return values


def named_values(text: str) -> tuple[Value, ...]:
    """Return the canonical values of a text, a refused one too if its type is known. Raises Refused."""
    try:
        return canonical_values(text)
    except Refused as refused:
        if refused.type is not None and refused.value:
            return ((refused.type, refused.value),)
        raise


def stated_values(text: str) -> tuple[Value, ...]:
    """Return values of the types that are accepted only where stated, for looking a value up."""
    found: list[Value] = []
    for kind in sorted(STATED_ONLY):
        try:
            found.append(_stated_value(text.strip(_QUOTES), kind))
        except Refused:
            continue
    return tuple(found)


def _stated_value(text: str, kind: IndicatorType) -> Value:
    """Return a value of a type that is accepted only where stated. Raises Refused."""
    if kind is IndicatorType.EMAIL:
        return kind, canonical_email(text)
    if kind is IndicatorType.FILE_NAME:
        return kind, canonical_file_name(text)
    if not re.fullmatch(FORMS[kind], text, re.ASCII | re.IGNORECASE):
        raise Refused(refusals.WRONG_TYPE, text[: refusals.MAX_VALUE])
    return kind, text.lower()


def canonical_email(text: str) -> str:
    """Return an e-mail address in lower case, its domain as A-labels. Raises Refused."""
    bare = refang(text.strip("<>").lower().removeprefix("mailto:"))
    local, _, domain = bare.replace("[@]", "@").replace("(at)", "@").replace("[at]", "@").rpartition("@")
    if not LOCAL_PART.fullmatch(local):
        raise Refused(refusals.WRONG_TYPE, text[: refusals.MAX_VALUE])
    return f"{local}@{canonical_domain(domain)}"


def refuse_value(item: Value | Refused, reason: str) -> Refused:
    """Return a value as Refused; a refused one keeps its reason."""
    return item if isinstance(item, Refused) else Refused(reason, item[1], item[0])


def _unwrapped(text: str) -> str:
    """Strip one layer of wrapping from a value.

    Brackets around the whole (`<http://evil.example>`) or left over at its end (`evil[.com]`); a URL's
    section, tag, quotes and sentence end.
    """
    if (
        text.startswith("<") and text.endswith(">") and "|" in text
    ):  # <http://evil.example|here> of chat programs
        return text[1:].partition("|")[0].strip(_QUOTES)
    if text[:1] in ("(", "<", "{") and text[-1:] in (")", ">", "}"):
        return text[1:-1].strip(_QUOTES)
    if text.endswith("\\") and "\\" not in text[:-1] and "://" not in text:
        return text[:-1]
    if "://" in text and (tag := _TAG.search(text)) is not None:
        return text[: tag.start()].strip(_QUOTES)
    if "://" in text and "#" in text:
        return text.partition("#")[0]
    if "://" in text and text[-1:] in _SENTENCE_ENDS:
        return text.rstrip(_SENTENCE_ENDS).strip(_QUOTES)
    if text[-1:] in ("]", ")", "}", ">") and not any(mark in text for mark in "[({<"):
        return text.rstrip("])}>").strip(_QUOTES)
    return text


def _read(text: str, stated: IndicatorType | None) -> tuple[Value, ...]:
    if _HEX.fullmatch(text):
        return (_hash(text.lower()),)
    scheme = _SCHEME.match(text)
    if scheme is not None:
        return _with_scheme(text, scheme, stated)
    found = addresses.parse(text)
    if found is not None:
        return found
    if _EMAIL.fullmatch(text):
        raise Refused(refusals.EMAIL, text)
    if stated is IndicatorType.URL and not text.endswith("/*") and _HOST_AND_PATH.fullmatch(text):
        return ((IndicatorType.URL, canonical_url(text, strict=False)),)
    return (_name_or_bare_url(text, strict=stated is not IndicatorType.DOMAIN),)


def _hash(text: str) -> Value:
    kind = DIGEST_TYPES.get(len(text))
    if kind is None:
        raise Refused(refusals.OTHER_HASH, text)
    if text in _EMPTY_FILE:
        raise Refused(refusals.EMPTY_FILE, text, kind)
    return kind, text


def _with_scheme(text: str, scheme: re.Match[str], stated: IndicatorType | None) -> tuple[Value, ...]:
    name = scheme[1].lower()
    if name in _HOST_SCHEMES:
        return _read(text[scheme.end() :].rstrip("/"), stated)
    if name in _NAMED_SCHEMES and stated is not IndicatorType.URL:
        host = re.split(r"[/?#]", text[scheme.end() :], maxsplit=1)[0]
        return _read(host.rpartition("@")[2], stated)
    return ((IndicatorType.URL, canonical_url(text.rstrip(".,;"), strict=stated is None)),)


def _name_or_bare_url(text: str, *, strict: bool) -> Value:
    text = text.removeprefix("*://").removesuffix("/*")  # a mask of everything on a host
    text = text.removeprefix("//")  # of the page's own scheme (RFC 3986, section 4.2)
    text = text.partition("#")[0] or text  # a note or a page's section
    if match := _HOST_AND_PORT.fullmatch(text):
        text = match[1]
    elif text.endswith(("/", "\\")) and not any(mark in text.rstrip("/\\") for mark in "/\\?"):
        text = text.rstrip("/\\")
    if _HOST_AND_PATH.fullmatch(text):
        host, _, rest = text.partition("/")
        if "." not in host.partition("?")[0] or (strict and " " in rest):
            raise Refused(refusals.NOT_A_VALUE)
        value = canonical_url(text)
        if "/" not in value and "?" not in value:  # only a fragment followed the host
            return _read(value, None)[0]
        return IndicatorType.URL, value
    return IndicatorType.DOMAIN, canonical_domain(text, strict=strict)
