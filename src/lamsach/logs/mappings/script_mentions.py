"""Addresses, names and URLs in scripts and command lines; linear in the text's length."""

from __future__ import annotations

import base64
import binascii
import re

from lamsach.logs.text.values import domain_of, ip_of

_LONGEST_TEXT = 200_000
_MOST = 64
_URL = re.compile(r"(?:https?|ftp)://[^\s\"'<>|`(){}\[\],;]{3,2000}", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z0-9_.-]+", re.ASCII)
# powershell -NoP -enc SQBFAFgA...
_ENCODED = re.compile(
    r"(?i)[-/](?:e|ec|en|enc|enco|encod|encode|encoded[a-z]{0,7})\s{1,9}[\"']?([A-Za-z0-9+/]{20,}={0,2})"
)
# Common dotted words in scripts and command lines that are no host.
_NO_HOST_ENDING_TEXT = (
    "exe dll ps1 psm1 psd1 txt log xml json dat tmp bat cmd vbs sys config ini lnk cat mui msi cab evtx "
    "etl reg inf ocx cpl csv html htm jar hta scr png jpg ico gif bin cs cpp md yml yaml cfg tlb manifest "
    "aspx asp length count name value"
)
_NO_HOST_ENDINGS = frozenset(_NO_HOST_ENDING_TEXT.split())
_NO_HOST_BEGINNINGS = ("system.", "microsoft.", "windows.", "management.automation.", "win32_")


def mentions(text: str) -> tuple[str, ...]:
    """Return up to 64 URLs, then addresses and names outside them; decodes PowerShell's encoding."""
    text = text[:_LONGEST_TEXT]
    if "." not in text and "-" not in text:
        return ()
    for match in _ENCODED.finditer(text):
        text += "\n" + _decoded(match[1])
    found: dict[str, None] = dict.fromkeys(url.rstrip(".") for url in _URL.findall(text)[:_MOST])
    rest = _URL.sub(" ", text) if found else text
    for word in _WORD.findall(rest):
        word = word.strip("-_.")
        if "." in word and 4 <= len(word) <= 253 and (value := _host(word)):
            found.setdefault(value)
            if len(found) >= _MOST:
                break
    return tuple(found)


def _host(word: str) -> str | None:
    last = word.rpartition(".")[2]
    if last.isdigit():
        return ip_of(word)
    lowered = word.lower()
    if len(last) < 2 or last.lower() in _NO_HOST_ENDINGS or lowered.startswith(_NO_HOST_BEGINNINGS):
        return None
    return domain_of(lowered) if last.isalpha() or lowered.rpartition(".")[2].startswith("xn--") else None


def _decoded(encoded: str) -> str:
    """Decode the text of `powershell -EncodedCommand` (UTF-16); empty for invalid text."""
    try:
        data = base64.b64decode(encoded[: len(encoded) // 4 * 4])
    except (binascii.Error, ValueError):
        return ""
    return data.decode("utf-16-le", "ignore")[:_LONGEST_TEXT]
