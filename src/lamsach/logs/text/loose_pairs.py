"""Pairs of a name and a value in the text of any product, whatever stands between them.

Taken are `key=value key="v w"`, with spaces, tabs, commas, semicolons or bars between the pairs, `Key: value, Other Key: value`, `key:value;`, and
names with a number behind them (`SrcIPAddr(1003)=`). A quoted value is consumed whole; a value without quotes ends where the next pair begins. Of a
name that stands twice the first value counts, because makers write the addresses before what a stranger can choose.
Everything is found in one pass from left to right: linear in the text's length.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_LONGEST = 32768
_MOST_PAIRS = 400
# src=   "src"=   SrcIPAddr(1003)=   source-ip=   src-xlated ip=   | IP nguồn=
_EQUALS = re.compile(
    r"(?:^|(?<=[\s,;|:({\[]))\"?((?:src|dst)-xlated ip|(?:^|(?<=[|;] ))(?=[\w -]{0,60}[^\x00-\x7f])[^\W\d_][\w-]{0,20}(?: [\w-]{1,20}){1,3}|[^\W\d][\w.-]{0,60})\"?(?:\(\d{1,6}\))?="
)
# Local Host IP: 10.1.1.5,   srcip:10.1.1.5,   action:"Accept";   not 10.1.1.5:443 and not http://
# 源IP:10.1.1.5,   Địa chỉ nguồn: 10.1.1.5;
_COLON = re.compile(
    r"(?:^|(?<=[,;|({\[\t])|(?<=[\]:] )) {0,2}([^\W\d][\w-]{0,40}(?: [\w-]{1,30}){0,3}) ?:(?!//|:)[ \t]{0,4}"
)
_WIDE = str.maketrans({"：": ":", "，": ",", "；": ";", "＝": "=", "（": "(", "）": ")"})
_SEPARATORS = " \t,;|\r\n"
_QUOTES = "\"'"


def pairs_in(text: str, *, colon: bool = False) -> Iterator[tuple[str, str]]:
    """The pairs of the text in their order; with `colon` those of `name: value`. Of a long text its first 32 KiB are read."""
    text = text[:_LONGEST]
    if not text.isascii():
        text = unicodedata.normalize("NFC", text).translate(_WIDE)
    pattern = _COLON if colon else _EQUALS
    match = pattern.search(text)
    for _ in range(_MOST_PAIRS):
        if match is None:
            return
        start = match.end()
        quoted = _quoted(text, start)
        if quoted is not None:
            following = pattern.search(text, quoted + 1)
            yield match[1], text[start + 1 : quoted]
        else:
            following = pattern.search(text, start)
            value = text[start : following.start() if following else len(text)]
            yield match[1], value.strip(_SEPARATORS).rstrip(")]}").strip(_QUOTES)
        match = following


def start_of_pairs(text: str) -> int:
    """Return where the first pair begins, of the first 200 characters; 200 when none does."""
    match = _EQUALS.search(text, 0, 400)
    return min(match.start(), 200) if match else 200


def _quoted(text: str, start: int) -> int | None:
    """Return where the value that is quoted from here on ends; None when none is."""
    quote = text[start : start + 1]
    if not quote or quote not in _QUOTES:
        return None
    place = text.find(quote, start + 1)
    while place > 0 and text[place - 1] == "\\" and place - 2 > start and text[place - 2] != "\\":
        place = text.find(quote, place + 1)
    return place if place > 0 else None
