"""Rejoining of values that a layout, a mail program or an editor broke over lines.

A narrow column breaks a hash, a long URL, a defanged name or an address; a page break does so over pages.
Only what cannot be read otherwise is joined, so that two values below each other stay two.

Halves of a SHA-256 that a column of thirty-two characters broke read as two MD5s, so the context decides.
They are joined where the words before, or the heading above with only hexadecimal digits between, name
SHA-256 and no other digest; where the first half follows a label (`Hash: `) or a list mark and the second
follows none; or where a table states the kind of the cell.

Plain text has no margins to go by, and most texts are lists with a value a line. `Unbroken` therefore joins
less: a digest that lacks exactly the next line's first digits, a defanged point at a line's end, and a long
link whose next line is no value and no word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from lamsach.indicators.values.normalise import Refused, canonical_values
from lamsach.model import IndicatorType
from lamsach.model.indicator_types import DIGEST_TYPES


class Line(NamedTuple):
    """A line: page (None: no pages), 1-based row, text, longest length around it (0: unknown)."""

    page: int | None
    row: int
    text: str
    around: int = 0


HASH_DIGITS = (32, 40, 64)
"""Number of digits of an MD5, a SHA-1 and a SHA-256."""
_NAMED_HASH = re.compile(r"\b(?:(md-?5)|(sha-?1)|(sha-?256))(?![0-9])", re.IGNORECASE)
_END = re.compile(r"(?<![0-9A-Za-z/=.&?_-])[0-9A-Fa-f]{32}$")
_START = re.compile(r"[0-9A-Fa-f]{32}(?![0-9A-Za-z._-])")
_NAMED = re.compile(
    r"(sha-?_? ?256)|\b(?:md-?5|sha-?_? ?1|sha-?_? ?(?:224|384|512)|imp-?hash|ja3s?)(?![0-9])", re.IGNORECASE
)
_PIECE = re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{8,63}$")
_KIND_BEFORE = re.compile(_NAMED_HASH.pattern + r"\W{1,8}$", re.IGNORECASE)
_DIGITS = re.compile(r"[\W\d_]{0,12}[0-9A-Fa-f]{32}\W{0,4}")
_WORDS = re.compile(r"[^\W\d_]{2}")
# Hash mẫu: 0f4c..    • 0f4c..
_LABEL = re.compile(
    r"\b(?:hash|mã băm|checksum|digest)(?: [^\W\d_]{1,12}){0,3}\s?[:=]\s?$|^\s{0,12}[-*•+·▪◦–]\s{1,4}$",
    re.IGNORECASE,
)
_SPACED_DIGITS = re.compile(r"[0-9A-Fa-f]{4,60}(?:[\s-]{1,8}[0-9A-Fa-f]{4,60}){1,8}")
_LENGTHS = {kind: digits for digits, kind in DIGEST_TYPES.items()}
_LABEL_LENGTH = 200


class Halves:
    """Join of two neighbouring lines that are the halves of one digest, over a text's lines in order."""

    def __init__(self) -> None:
        self._above = self._last_joined = ""

    def note(self, line: str) -> None:
        """Read a line that is complete."""
        if line != self._last_joined and not (30 < len(line) < 60 and _DIGITS.fullmatch(line)):
            self._above = line[:_LABEL_LENGTH]

    def whole(self, line: str, following: str) -> str | None:
        """Return the joined lines if their end and first word are the halves of one digest, else None."""
        end = _END.search(line[-80:]) if len(following) >= 32 else None
        if end is None or _START.match(following) is None:
            return None
        before = line[-80:][: end.start()]
        label = before if _WORDS.search(before) else self._above
        named = [match.lastindex == 1 for match in _NAMED.finditer(label[-_LABEL_LENGTH:])]
        if named:
            sure = named[-1] if label is before else all(named)
        else:
            sure = _LABEL.search(before) is not None and _DIGITS.fullmatch(following) is not None
        if not sure:
            return None
        self._above, self._last_joined = label[:_LABEL_LENGTH], line + following
        return self._last_joined


def hash_lengths(texts: Iterable[str]) -> tuple[int, ...]:
    """Return the lengths of a document's hashes: of the one kind that it names, or of any."""
    named = {match.lastindex for text in texts for match in _NAMED_HASH.finditer(text)}
    return tuple(HASH_DIGITS[place - 1] for place in named if place) if len(named) == 1 else HASH_DIGITS


def only_lengths(line: str) -> tuple[int, ...] | None:
    """Return the length of the digest at a line's end, if its label names one (`SHA-256`), or None."""
    end = _PIECE.search(line[-80:])
    if end is None:
        return None
    label = _KIND_BEFORE.search(line[-80:][: end.start()])
    return None if label is None else (HASH_DIGITS[(label.lastindex or 1) - 1],)


def may_be_split(cell: str) -> bool:
    """Return whether a cell is as long as a digest split by spaces or line breaks, and begins as one."""
    return 32 < len(cell) <= 128 and _SPACED_DIGITS.fullmatch(cell) is not None


def whole_digest(cell: str, kind: IndicatorType | None) -> str:
    """Join the digits of a split digest in a cell of a stated kind; other cells are unchanged."""
    length = _LENGTHS.get(kind) if kind is not None else None
    if length is None or not length < len(cell) <= 2 * length or not _SPACED_DIGITS.fullmatch(cell):
        return cell
    digits = re.sub(r"[\s-]", "", cell)
    return digits if len(digits) == length else cell


_HEX_END = re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{8,63}-?$")
_HEX_START = re.compile(r"^[0-9A-Fa-f]{1,56}(?![0-9A-Za-z-])")
_CARD_PAIR_DIGITS = 32
"""Digits of two card numbers below each other, and of an MD5, which has letters."""
_URL_END = re.compile(r"(?:h(?:xx|tt|\*\*|XX|TT)ps?|ftps?|fxp)\s?\[?:\]?\s?//\S{4,2000}$", re.IGNORECASE)
_ITEM = re.compile(r"\d{1,3}[.)]?\s{1,8}\S{0,20}(?::[/\\]|\[:?/)")  # 2 https://..: an item of its own
_SCHEME_END = re.compile(r"(?:h(?:xx|tt)ps?|ftps?|fxp)\[?:\]?//$", re.IGNORECASE)
_URL_PART = re.compile(r"[\w.\-~:/?#\[\]@!$&'()*+,;=%]{1,2000}$")
_SCHEME = re.compile(r"[a-z*]{3,6}\[?:\]?//", re.IGNORECASE)
# %windir%\system32\    C:\Users\Public\
PATH_END = re.compile(r"(?:%[\w()]{2,40}%|(?<!\w)[A-Za-z]:)\\(?:[^\s\"<>|]{0,250}\\)?$")
"""Line end within a file's path, so that the next line begins with a file's name."""
_DOT_END = re.compile(r"(?:\w[\[({]\.[\])}]|\w\[?\.?\[|\w\(dot\)|\w\[dot\]|\w[\[({]\.)$", re.IGNORECASE)
_DOT_START = re.compile(r"(?:[\[({]?\.[\])}]|[\[({](?:\.|dot)[\])}]|\.\])\w", re.IGNORECASE)
_NAME_END = re.compile(r"(?<![\w@])[a-z0-9][\w.\[\]-]{1,250}-$", re.IGNORECASE)
_NAME_START = re.compile(r"[\w-]{1,63}(?:\[?\.\]?[\w-]{1,63}){1,10}(?:[/:]\S*)?$", re.IGNORECASE)
_MAIL_END = re.compile(r"[\w.+-]{1,64}@[\w.\[\]-]{1,250}-$")
_FILE_START = re.compile(
    r"(?:zip|rar|7z|gz|exe|msi|dll|php|html?|aspx?|jsp|js|pdf|docx?|xlsx?|apk|sh|ps1|vbs|bat"
    r"|txt|png|jpe?g|gif|bin|dat|iso|img)\W{0,2}$"
)
_MARKED_DOT = re.compile(r"\[\.\]|\(\.\)|\[dot\]", re.IGNORECASE)
_JOINS = "/-_=&?%.+"
_NARROWEST = 30
"""Minimum width of a column of running text, in characters."""
MAX_JOINED = 40
"""Maximum number of lines of one broken value."""


def join_broken(
    lines: Iterable[Line], width: int = 0, digits: tuple[int, ...] = HASH_DIGITS
) -> Iterator[Line]:
    """Yield the lines that are not blank, broken values joined at their first line."""
    waiting: Line | None = None
    part_count = last = 0
    halves = Halves()
    for line in lines:
        text = line.text.strip()
        if not text:
            continue
        if waiting is not None:
            margin = min(width, waiting.around) if waiting.around >= _NARROWEST else width
            full = bool(width) and last * 10 >= margin * 8
            whole = (
                halves.whole(waiting.text, text)
                or with_next(waiting.text, text, full=full, digits=only_lengths(waiting.text) or digits)
                if part_count < MAX_JOINED
                else None
            )
            if whole is not None:
                waiting = waiting._replace(text=whole, around=line.around)
                part_count, last = part_count + 1, len(text)
                continue
            halves.note(waiting.text)
            yield waiting
        waiting, part_count, last = line._replace(text=line.text.rstrip()), 1, len(line.text.rstrip())
    if waiting is not None:
        yield waiting


def rejoin(text: str) -> str:
    """Return a cell's text with the values joined that its line breaks cut."""
    if "\n" not in text:
        return text
    return "\n".join(line.text for line in join_broken(Line(None, 0, part) for part in text.split("\n")))


def with_next(
    line: str, following: str, *, full: bool = False, digits: tuple[int, ...] = HASH_DIGITS
) -> str | None:
    """Join two lines if a value is broken between them. `full`: the first line reaches the margin."""
    if line.endswith("\u00ad"):
        return line[:-1] + following
    first = following.split(maxsplit=1)[0]
    if _hash_continues(line, following, digits):
        return line.rstrip("-") + following
    continues = (
        PATH_END.search(line[-300:])
        or _DOT_END.search(line[-300:])
        or (_DOT_START.match(first) and line[-1:].isalnum())
        or continues_name(line, first.rstrip(".,;:)"))
        or (_SCHEME_END.search(line[-12:]) and first[0].isalnum())
        or (
            (url := _URL_END.search(line[-2100:]))
            and not _ITEM.match(following)
            and _continues_url(url[0], first, alone=first == following, full=full)
        )
    )
    return line + following if continues else None


def continues_name(line: str, first: str) -> bool:
    """Return whether a name that ends in a hyphen continues in the next line's first word."""
    if not line.endswith("-") or not _NAME_START.match(first):
        return False
    if _MAIL_END.search(line[-330:]):
        return True
    if not _NAME_END.search(line[-260:]):
        return False
    if first.endswith("-") and _MARKED_DOT.search(first):
        return True
    return is_value(line.rsplit(maxsplit=1)[-1] + first)


def _hash_continues(line: str, following: str, lengths: tuple[int, ...]) -> bool:
    end, start = _HEX_END.search(line[-70:]), _HEX_START.match(following)
    if end is None or start is None:
        return False
    before = end[0].rstrip("-")
    whole = before + start[0]
    if len(before) in lengths and len(start[0]) in lengths and before == end[0]:
        return False
    if len(whole) == _CARD_PAIR_DIGITS and whole.isdecimal():
        return False
    unfinished = start.end() == len(following) and len(whole) < max(lengths)
    return len(whole) in lengths or (unfinished and len(before) not in lengths)


def _continues_url(url: str, first: str, *, alone: bool, full: bool) -> bool:
    if not _URL_PART.match(first) or _SCHEME.match(first) or (first[:1] in "([" and not first[1:2].isalnum()):
        return False
    host_only, last = url.count("/") <= 2, url[-1]
    if last == "." and first[:1].isupper() and first[1:2].islower():
        return False  # the sentence ends there
    if first.isalpha() and last not in "-_=&%?.":
        return False
    if last == "." and not host_only and _FILE_START.match(first):
        return True
    if last in "=?&%_" and not host_only and not first.isalpha() and not is_value(first.rstrip(".,;")):
        return True
    if last in _JOINS and (alone or full) and first[:1].isalnum():
        return not is_value(first) or last in "/=?&"
    return full and alone and not is_value(first) and (not host_only or "." in first or "/" in first)


def is_value(text: str) -> bool:
    """Return whether a whole text is a value."""
    try:
        canonical_values(text)
    except Refused:
        return False
    return True


_MAY_BREAK = re.compile(r"(?:[-/\\_=&?%.\[\](){}\u00ad]|[0-9A-Fa-f]{8})\s*$")
_BARE_HEX_END = re.compile(r"(?<![0-9A-Za-z/=.&?-])[0-9A-Fa-f]{8,63}$")
_BARE_HEX_START = re.compile(r"[0-9A-Fa-f]{1,56}(?![0-9A-Za-z.-])")
_POINT_END = re.compile(r"\w(?:[\[({]\.[\])}]|[\[(]dot[\])]|[\[({]\.)$", re.IGNORECASE)
_BARE_URL_END = re.compile(
    r"(?:h(?:xx|tt)ps?|ftps?|fxp)\[?:\]?//[^\s/]{3,300}/\S{0,2000}[-/_=&?%]$", re.IGNORECASE
)
_SHORTEST_FULL = 60
"""Minimum length of a line that was broken for its length."""
_MAX_LINE = 4096


class Unbroken:
    """Numbered lines of a text, broken values joined under the first line's number."""

    def __init__(self) -> None:
        self.pending: tuple[int, str] | None = None
        """The line that may continue on the next one."""
        self._part_count = 0
        self._halves = Halves()

    def push(self, number: int, line: str | None) -> Iterator[tuple[int, str | None]]:
        """Yield the lines that are complete after this one."""
        if self.pending is not None:
            first, above = self.pending
            bare = (line or "").strip()
            if bare.startswith(">") and above.lstrip().startswith(">"):
                bare = bare.lstrip("> ")  # an answer quotes the mail with the broken line
            whole = self._part_count < MAX_JOINED and (
                self._halves.whole(above, bare) or _with_next_of_text(above, bare)
            )
            if whole:
                self.pending, self._part_count = (first, whole), self._part_count + 1
                return
            yield from self.end()
        if line and _MAY_BREAK.search(line[-16:]) and len(line) < _MAX_LINE:
            self.pending, self._part_count = (number, line.rstrip()), 1
        else:
            if line:
                self._halves.note(line)
            yield number, line

    def end(self) -> Iterator[tuple[int, str]]:
        """Yield the pending line."""
        if self.pending is not None:
            number, line = self.pending
            self._halves.note(line)
            self.pending = None
            yield number, line


def _with_next_of_text(line: str, following: str) -> str | None:
    """Join two lines of a plain text if a value is broken between them, else None."""
    if not following:
        return None
    if line.endswith("\u00ad"):
        return line[:-1] + following
    first = following.split(maxsplit=1)[0]
    continues = (
        PATH_END.search(line[-300:])
        or _completes_hash(line, following)
        or (_POINT_END.search(line[-300:]) and following[0].isalnum())
        or (_MARKED_DOT.search(first) and continues_name(line, first.rstrip(".,;:)")))
        or _completes_url(line, first)
    )
    return line + following if continues else None


def _completes_hash(line: str, following: str) -> bool:
    end, start = _BARE_HEX_END.search(line[-70:]), _BARE_HEX_START.match(following)
    if end is None or start is None or len(end[0]) in DIGEST_TYPES or len(start[0]) in DIGEST_TYPES:
        return False
    whole = end[0] + start[0]
    return len(whole) in DIGEST_TYPES and not whole.isdecimal()  # two cards' or accounts' numbers


def _completes_url(line: str, first: str) -> bool:
    if len(line) < _SHORTEST_FULL or not _BARE_URL_END.search(line[-2100:]) or not _URL_PART.match(first):
        return False
    return (
        "//" not in first
        and first[:1].isalnum()
        and re.search(r"[/?=&%]", first) is not None
        and not is_value(first)
    )
