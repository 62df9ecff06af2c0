"""Tokens of a line that no format reads: every address, name, digest and fingerprint in it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from ipaddress import IPv6Address
from typing import NamedTuple
from urllib.parse import unquote

from lamsach.model import IndicatorType
from lamsach.model.indicator_types import FORMS, TokenKind

# 203.0.113.9, 203.0.113.9.443, 203.0.113.9:443
_IPV4 = re.compile(r"(?<![0-9])(?<![0-9]\.)(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9])")
# 2001:db8::1, 2001:db8::1.443, [2001:db8::1]:443: whole runs, used if they contain two colons
_IPV6_RUN = re.compile(r"[0-9A-Fa-f:.]+")
# www.example.com, tên-miền.vn: whole runs, used if they contain an inner dot
_NAME_RUN = re.compile(r"[0-9A-Za-z\-_.\x80-\U0010ffff]+")
# letters, digits and marks of any script; typographic quotes, full-width punctuation and special spaces
# separate names
_LETTERS_RUN = re.compile(r"(?:[\w\-.]|[\u0300-\u036f\u0900-\u0dff\u0e31-\u0e4e\u3002\uff0e\uff61])+")
_ASCII_RUN = re.compile(r"[0-9A-Za-z\-_.]+")
# the same for ASCII, five times as fast: other characters become blanks, and runs are split at these
_BLANKED = {code: " " for code in range(128) if not _NAME_RUN.fullmatch(chr(code))}
# (3)www(7)example(3)com(0)
_LABELS = re.compile(r"(?:\([0-9]{1,4}\)[0-9A-Za-z\-_\x80-\U0010ffff]+)+")
_LABEL_LENGTH = re.compile(r"\([0-9]{1,4}\)")
_DIGEST = re.compile(r"(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{64}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{32})(?![0-9A-Fa-f])")
# t13d1516h2_8daaf6152771_02713d6af862
_JA4 = re.compile(rf"{FORMS[IndicatorType.JA4]}(?![0-9a-f])", re.IGNORECASE)
_PERCENT = re.compile(r"%(?:25)*[0-9A-Fa-f]{2}")
# #011 #012 #015: how rsyslog writes control characters ($EscapeControlCharactersOnReceive)
_RELAYED = re.compile(r"#(?:0[0-3][0-7]|177)")
# \x2e, \u002e, \046 (DNS), \n \/ and the like
_BACKSLASH = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|([0-9]{3})|(.))")
_LONGEST_NAME = 255
_SHORTEST_DIGEST = 32


class Token(NamedTuple):
    """One value of a line; `place`: of an address, its offset in the text."""

    kind: TokenKind
    value: str
    place: int = -1


def tokens(line: str) -> Iterator[Token]:
    """Yield every value of the line, and of its unescaped form if that differs."""
    yield from _plain(line)
    if line.count("_") > 1:
        for fingerprint in _JA4.findall(line):
            yield Token(TokenKind.FINGERPRINT, fingerprint.lower())
    plain = unescaped(line)
    if plain != line:
        yield from _plain(plain)


def unescaped(line: str) -> str:
    """Undo percent-encoding (also doubled), backslash escapes and relayed control characters."""
    if "#0" in line:
        line = _RELAYED.sub(" ", line)
    if "\\" in line:
        line = _BACKSLASH.sub(_backslash, line)
    if "%" in line:
        line = _PERCENT.sub(lambda found: "%" + found[0][-2:], line)
        line = unquote(line, errors="replace")
    return line


def _backslash(found: re.Match[str]) -> str:
    wide, narrow, decimal, other = found.groups()
    if wide or narrow:
        return chr(int(wide or narrow, 16)) if not 0xD800 <= int(wide or narrow, 16) < 0xE000 else " "
    if decimal:
        return f"%{int(decimal):02X}" if int(decimal) < 256 else " "
    return other if not other.isalnum() else " "


def _plain(line: str) -> Iterator[Token]:
    for found in _IPV4.finditer(line):
        octets = [int(part) for part in found[0].split(".")]
        if max(octets) < 256:
            yield Token(TokenKind.ADDRESS, ".".join(map(str, octets)), found.start())
    if ":" in line:
        yield from _ipv6(line)
    runs = line.translate(_BLANKED).split() if line.isascii() else _NAME_RUN.findall(line)
    for run in runs:
        if "." in run and "." in run.lstrip("."):
            for spelling in (run,) if run.isascii() else _names_in(run):
                name = domain(spelling[-_LONGEST_NAME:])
                if name:
                    yield Token(TokenKind.NAME, name)
    if "(" in line:
        for labels in _LABELS.findall(line):
            name = domain(_LABEL_LENGTH.sub(".", labels).strip(".")[-_LONGEST_NAME:])
            if name:
                yield Token(TokenKind.NAME, name)
    if any(len(run) >= _SHORTEST_DIGEST for run in runs):
        for digest in _DIGEST.findall(line):
            yield Token(TokenKind.DIGEST, digest.lower())


def _names_in(run: str) -> dict[str, None]:
    """Return possible names in a run with characters outside ASCII: the run, its parts between punctuation.

    Also ASCII runs next to another script (`访问evil.example`).
    """
    names = dict.fromkeys([run, *_LETTERS_RUN.findall(run)])
    for found in _ASCII_RUN.finditer(run):
        sides = run[: found.start()][-1:], run[found.end() :][:1]
        if "." in found[0].strip(".") and not any(map(_is_latin, sides)):
            names[found[0]] = None
    return names


def _is_latin(character: str) -> bool:
    """Return whether a character continues a Latin word: a Latin letter or a combining mark."""
    return bool(character) and (
        unicodedata.name(character, "").startswith("LATIN") or unicodedata.category(character) == "Mn"
    )


def _ipv6(line: str) -> Iterator[Token]:
    for found in _IPV6_RUN.finditer(line):
        text = found[0]
        if len(text) > 120 or text.count(":") < 2:
            continue
        before = line[found.start() - 1 : found.start()]
        if (before.isascii() and before.isalnum()) or before == "_":
            text = text.partition(":")[2]
        if text.startswith(":") and not text.startswith("::"):
            text = text[1:]
        bare = text.rstrip(":.")
        for candidate in (text, bare, re.sub(r"\.[0-9]+\.?$", "", text), bare.rpartition(":")[0]):
            try:
                yield Token(TokenKind.ADDRESS, str(IPv6Address(candidate)), found.start())
            except ValueError:
                continue
            break


def domain(text: str) -> str | None:
    """Return the canonical name: lower-case A-labels without a trailing dot; None for text that is no name.

    A last label of digits would make it an address (RFC 3696 section 2).
    """
    name = text.strip(".\u3002\uff0e\uff61").lower()
    if not name or "." not in name or name.rpartition(".")[2].isdigit():
        return None
    if name.isascii():
        return name
    import idna  # its tables take long to load, and few lines hold such names

    try:
        return idna.encode(name, uts46=True, transitional=False).decode()
    except (idna.IDNAError, UnicodeError):
        return None
