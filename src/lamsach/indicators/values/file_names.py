"""Names of files: the form in which they are compared, and which of them a search of logs can find."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote

from lamsach.indicators.values import refusals
from lamsach.indicators.values.refusals import Refused

MOST_CHARACTERS = 255
"""What file systems hold."""
_FORM = re.compile(r"[\w .+()\[\]{}@#$~&=!'-]*[\w)\]}-]")
# 2024.exe in "hóa đơn 2024.exe": what the sieve and an archive's filter read as the name of a host; nothing
# in "công văn.doc"
_SEARCHED = re.compile(
    r"(?:^|(?<=[^0-9a-z_.\x80-\U0010ffff-]))[0-9a-z_-]+(?:\.[0-9a-z_-]+)*\.(?=[0-9_-]*[a-z])[0-9a-z_-]{1,16}$"
)
_KELVIN = "\u212a"
"""The one letter that composes into one of ASCII, which the sieve would look for in vain."""


def folded(name: str) -> str:
    """Fold a name for comparison: composed (NFC), lower case by letter, none turned into ASCII."""
    if name.isascii():
        return name.lower()
    composed = _KELVIN.join(unicodedata.normalize("NFC", part) for part in name.split(_KELVIN))
    return "".join(map(_lower, composed))


def _lower(letter: str) -> str:
    low = letter.lower()
    return low if len(low) == 1 and low.isascii() == letter.isascii() else letter


def base_name(path: str) -> str:
    """Last part of a path of any system, without a stream's name (`a.exe:Zone.Identifier`)."""
    last = re.split(r"[/\\]", path.rstrip("/\\"))[-1]
    return last.partition(":")[0].strip()


def stated_names(text: str) -> Iterator[str]:
    """Folded file names that a record's field may mean: of a path, or of a URL's path with its query."""
    yield folded(base_name(text))
    if "%" in text or "?" in text:
        yield folded(base_name(unquote(text.partition("?")[0], errors="replace")))


def canonical_file_name(text: str) -> str:
    """A file's name as a list states it, with its path or not. Raises Refused."""
    name = folded(base_name(text.replace("[.]", ".")))
    if (
        not name
        or "://" in text.replace("[", "").replace("]", "")
        or len(name) > MOST_CHARACTERS
        or not _FORM.fullmatch(name)
    ):
        raise Refused(refusals.WRONG_TYPE, text[: refusals.VALUE_KEPT])
    if _SEARCHED.search(name) is None:
        raise Refused(refusals.FILE_FORM, text[: refusals.VALUE_KEPT])
    return name


def searched_part(name: str) -> str:
    """The end of a canonical name, by which the sieve finds the lines that may hold it."""
    found = _SEARCHED.search(name)
    return found[0] if found else name
