"""URLs that an advisory gives as malware keeps them: in Base64 (RFC 4648), as hexadecimal digits, or percent-encoded as a whole.

Only a text that is nothing but the encoding of one URL is decoded. Anything else that such letters could spell is no value.
"""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import unquote

# 687474703a2f2f..; 68 74 74 70 3a 2f 2f..; 0x687474703a2f2f..; \x68\x74\x74\x70\x3a\x2f\x2f..
_HEX = re.compile(
    r"(?:0x)?(?=(?:\\x|[ :])?68(?:\\x|[ :])?[57][48])(?:(?:\\x|[ :])?[0-9a-f]{2}){10,2048}", re.IGNORECASE
)
# aHR0cDovL2V2aWwuZXhhbXBsZS8=; aAB0AHQAcAA6AC8ALwA.. of PowerShell, which is UTF-16; both alphabets
_BASE64 = re.compile(r"a(?:H[R-U]|[AE]B[0-9])[A-Za-z0-9+/_-]{10,4096}={0,2}")
# http%3A%2F%2Fevil.example%2Fa
_PERCENT = re.compile(r"(?:h(?:tt|xx)ps?|ftp)%3a%2f%2f[^\s/<>\"']{4,4096}", re.IGNORECASE)
_URL = re.compile(r"h(?:tt|xx)ps?://[!-~]{4,2048}", re.IGNORECASE)


def encoded_url(text: str) -> str | None:
    """The URL whose encoding a text is as a whole, otherwise None."""
    if _PERCENT.fullmatch(text):
        return unquote(text)
    if text[:1] == "a" and _BASE64.fullmatch(text):
        return _clean(_base64(text))
    if "68" in text[:4] and _HEX.fullmatch(text):
        return _clean(bytes.fromhex(re.sub(r"\\x|0x|[ :]", "", text, flags=re.IGNORECASE)))
    return None


def _base64(text: str) -> bytes:
    bare = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except binascii.Error:
        return b""


def _clean(data: bytes) -> str | None:
    """The bytes as a URL. The line end of a program's output, and the zero at the end of a text in memory, may follow it."""
    text = data.decode("utf-16-le" if data[1:2] == b"\0" else "latin-1", "replace").rstrip("\r\n\0")
    return text if _URL.fullmatch(text) else None
