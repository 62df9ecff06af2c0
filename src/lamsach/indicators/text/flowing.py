"""Running text of documents with pages: lines put together again where the layout broke a value, then read as prose.

A narrow column breaks a hash, a long URL, a defanged name or an address over lines, a page break does so over pages, and page headers and
footers come between. Only what cannot be read otherwise is joined, so that two values below each other stay two.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from lamsach.indicators.judge.mentions import Prose
from lamsach.indicators.text.extract import Found
from lamsach.indicators.text.halves import HASH_DIGITS, Halves, only_lengths
from lamsach.indicators.values.normalise import Refused, canonical_values
from lamsach.indicators.values.records import Entry, entries, is_shaped
from lamsach.model import Reference

_HEX_END = re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{8,63}-?$")
_HEX_START = re.compile(r"^[0-9A-Fa-f]{1,56}(?![0-9A-Za-z-])")
_TWO_NUMBERS = 32
"""How many digits two numbers of cards or accounts below each other may have, and an MD5, which is never without letters."""
_URL_END = re.compile(r"(?:h(?:xx|tt|\*\*|XX|TT)ps?|ftps?|fxp)\s?\[?:\]?\s?//\S{4,2000}$", re.IGNORECASE)
_ITEM = re.compile(r"\d{1,3}[.)]?\s{1,8}\S{0,20}(?::[/\\]|\[:?/)")  # 2 https://..: an item of its own
_SCHEME_END = re.compile(r"(?:h(?:xx|tt)ps?|ftps?|fxp)\[?:\]?//$", re.IGNORECASE)
_URL_PART = re.compile(r"[\w.\-~:/?#\[\]@!$&'()*+,;=%]{1,2000}$")
_SCHEME = re.compile(r"[a-z*]{3,6}\[?:\]?//", re.IGNORECASE)
# %windir%\system32\    C:\Users\Public\
PATH_END = re.compile(r"(?:%[\w()]{2,40}%|(?<!\w)[A-Za-z]:)\\(?:[^\s\"<>|]{0,250}\\)?$")
"""Where a line ends within the path of a file, so that the next one begins with a file's name."""
_DOT_END = re.compile(r"(?:\w[\[({]\.[\])}]|\w\[?\.?\[|\w\(dot\)|\w\[dot\]|\w[\[({]\.)$", re.IGNORECASE)
_DOT_START = re.compile(r"(?:[\[({]?\.[\])}]|[\[({](?:\.|dot)[\])}]|\.\])\w", re.IGNORECASE)
_NAME_END = re.compile(r"(?<![\w@])[a-z0-9][\w.\[\]-]{1,250}-$", re.IGNORECASE)
_NAME_START = re.compile(r"[\w-]{1,63}(?:\[?\.\]?[\w-]{1,63}){1,10}(?:[/:]\S*)?$", re.IGNORECASE)
_MAIL_END = re.compile(r"[\w.+-]{1,64}@[\w.\[\]-]{1,250}-$")
_FILE_START = re.compile(
    r"(?:zip|rar|7z|gz|exe|msi|dll|php|html?|aspx?|jsp|js|pdf|docx?|xlsx?|apk|sh|ps1|vbs|bat|txt|png|jpe?g|gif|bin|dat|iso|img)\W{0,2}$"
)
_SENTENCE = re.compile(r"^\W{0,8}(?:[^\W\d_][\w'’-]*[,;:]?[ \t]+(?:\S+[ \t]+){9,})")
_SENTENCES = 2
_MARKED_DOT = re.compile(r"\[\.\]|\(\.\)|\[dot\]", re.IGNORECASE)
_DEFANGED = re.compile(r"\w ?\[ ?\.{1,2} ?\] ?\w|\w\(\.\)\w|\bhxxps?\b|\w\[dot\]\w|\w\[:\]//", re.IGNORECASE)
_JOINS = "/-_=&?%.+"
_NARROWEST = 30
"""How many characters a column of running text has at least."""
_AROUND = 3
MAX_JOINED = 40
"""How many lines one value may be broken over."""


class Line(NamedTuple):
    """One line: its page (None where a document has no pages), its 1-based row on the page, its text, and how long the
    longest of the lines around it is (0: unknown)."""

    page: int | None
    row: int
    text: str
    around: int = 0


def read_lines(
    document: str,
    lines: Iterable[Line],
    *,
    prose: Prose | None = None,
    width: int = 0,
    digits: tuple[int, ...] = HASH_DIGITS,
) -> Iterator[Entry]:
    """Whatever has a value's shape on the lines, taken or refused. `width` is the length of a full line in characters (0: unknown),
    `digits` are the lengths of the document's hashes."""
    prose = prose or Prose(advisory=True)
    for line in joined(lines, width, digits):
        reference = Reference(document, line.page, line.row)
        for found in prose.line(line.text):
            yield from entries([found], reference, prose.facts, line.text)


def with_surroundings(page: int | None, texts: Sequence[str]) -> Iterator[Line]:
    """The lines of a page that are not blank, each with the width of the text around it."""
    lengths = [len(text.strip()) for text in texts]
    for place, text in enumerate(texts):
        if text.strip():
            near = lengths[max(0, place - _AROUND) : place] + lengths[place + 1 : place + 1 + _AROUND]
            yield Line(page, place + 1, text, max(near, default=0))


def joined(lines: Iterable[Line], width: int = 0, digits: tuple[int, ...] = HASH_DIGITS) -> Iterator[Line]:
    """The lines that are not blank, with broken values put together under the place of their first line."""
    waiting: Line | None = None
    parts = last = 0
    halves = Halves()
    for line in lines:
        text = line.text.strip()
        if not text:
            continue
        if waiting is not None and parts < MAX_JOINED:
            margin = min(width, waiting.around) if waiting.around >= _NARROWEST else width
            full = bool(width) and last * 10 >= margin * 8
            lengths = only_lengths(waiting.text) or digits
            whole = halves.whole(waiting.text, text) or with_next(
                waiting.text, text, full=full, digits=lengths
            )
            if whole is not None:
                waiting, parts, last = waiting._replace(text=whole, around=line.around), parts + 1, len(text)
                continue
        if waiting is not None:
            halves.passed(waiting.text)
            yield waiting
        waiting, parts, last = line._replace(text=line.text.rstrip()), 1, len(line.text.rstrip())
    if waiting is not None:
        yield waiting


def rejoined(text: str) -> str:
    """A cell's text with the values that its line breaks cut put together again."""
    if "\n" not in text:
        return text
    return "\n".join(line.text for line in joined(Line(None, 0, part) for part in text.split("\n")))


def with_next(
    line: str, following: str, *, full: bool = False, digits: tuple[int, ...] = HASH_DIGITS
) -> str | None:
    """The two lines as one, when a value is broken between them; otherwise None. `full`: the first line reaches the margin."""
    if line.endswith("\u00ad"):
        return line[:-1] + following
    if PATH_END.search(line[-300:]):
        return line + following
    first = following.split(maxsplit=1)[0]
    if (whole := _hash(line, following, digits)) is not None:
        return whole
    if _DOT_END.search(line[-300:]) or (_DOT_START.match(first) and line[-1:].isalnum()):
        return line + following
    if continues_name(line, first.rstrip(".,;:)")):
        return line + following
    if _SCHEME_END.search(line[-12:]) and first[0].isalnum():
        return line + following
    url = _URL_END.search(line[-2100:])
    if (
        url is not None
        and not _ITEM.match(following)
        and _continues_url(url[0], first, alone=first == following, full=full)
    ):
        return line + following
    return None


def continues_name(line: str, first: str) -> bool:
    """Return whether a name that ends in a hyphen goes on in the next line's first word."""
    if not line.endswith("-") or not _NAME_START.match(first):
        return False
    if _MAIL_END.search(line[-330:]):
        return True
    if not _NAME_END.search(line[-260:]):
        return False
    if first.endswith("-") and _MARKED_DOT.search(first):
        return True
    return _is_value(line.rsplit(maxsplit=1)[-1] + first)


def _hash(line: str, following: str, lengths: tuple[int, ...]) -> str | None:
    end, start = _HEX_END.search(line[-70:]), _HEX_START.match(following)
    if end is None or start is None:
        return None
    before = end[0].rstrip("-")
    continues = start.end() == len(following)
    if len(before) in lengths and len(start[0]) in lengths and before == end[0]:
        return None
    digits = len(before) + len(start[0])
    if digits == _TWO_NUMBERS and (before + start[0]).isdecimal():
        return None
    if digits in lengths or (continues and digits < max(lengths) and len(before) not in lengths):
        return line.rstrip("-") + following
    return None


def _continues_url(url: str, first: str, *, alone: bool, full: bool) -> bool:
    if not _URL_PART.match(first) or _SCHEME.match(first) or (first[:1] in "([" and not first[1:2].isalnum()):
        return False
    host_only = url.count("/") <= 2
    if url[-1] == "." and first[:1].isupper() and first[1:2].islower():
        return False  # the sentence ends there
    if first.isalpha() and url[-1] not in "-_=&%?.":
        return False
    if url[-1] == "." and not host_only and _FILE_START.match(first):
        return True
    if url[-1] in "=?&%_" and not host_only and not first.isalpha() and not _is_value(first.rstrip(".,;")):
        return True
    if url[-1] in _JOINS and (alone or full) and first[:1].isalnum():
        return not _is_value(first) or url[-1] in "/=?&"
    if not full or not alone or _is_value(first):
        return False
    return not host_only or "." in first or "/" in first


def _is_value(text: str) -> bool:
    try:
        canonical_values(text)
    except Refused:
        return False
    return True


_FRAGMENT = re.compile(r"(?<![0-9A-Za-z])(?=[0-9A-Fa-f]*[0-9])[0-9A-Fa-f]{16,63}(?![0-9A-Za-z-])")


def has_fragments(text: str) -> bool:
    """Return whether a text holds hexadecimal digits that are no whole hash: pieces of one that a narrow column broke."""
    return any(len(piece) not in HASH_DIGITS for piece in _FRAGMENT.findall(text))


def full_width(texts: Sequence[str]) -> int:
    """The length of a full line: what nine in ten lines stay below or reach, and 40 at least."""
    lengths = sorted(len(text) for text in texts if text)
    return max(40, lengths[len(lengths) * 9 // 10]) if lengths else 0


def without_margins(pages: Sequence[list[str]]) -> list[Line]:
    """Blank the running headers and footers, first and last lines that come again on most pages (page numbers aside), and give
    those among them that hold a value, once each."""
    if len(pages) < 2:
        return []
    counts: Counter[str] = Counter()
    edges: list[dict[int, str]] = []
    for lines in pages:
        filled = [place for place, line in enumerate(lines) if line.strip()]
        edge = sorted({*filled[:3], *filled[-3:]}) if len(filled) > 6 else []
        edges.append({place: _pattern(lines[place]) for place in edge})
        counts.update(set(edges[-1].values()))
    least = max(2, len(pages) * 6 // 10)
    found: dict[str, Line] = {}
    for number, (lines, patterns) in enumerate(zip(pages, edges, strict=True), 1):
        for place, pattern in patterns.items():
            if counts[pattern] < least or (len(pages) == 2 and not _WORDS.search(pattern)):
                continue
            if pattern.startswith(_VALUED):
                found.setdefault(pattern, Line(number, place + 1, lines[place]))
            lines[place] = ""
    return list(found.values())


_VALUED = "\0"
_WORDS = re.compile(r"[^\W\d_]{3,}.*[^\W\d_]{3,}", re.DOTALL)


def _pattern(line: str) -> str:
    """A line without its numbers, those of values kept; with a mark in front when it holds one."""
    words = line[:400].split()[:40]
    valued = [_is_value(word) or "@" in word for word in words]
    text = " ".join(
        word if is_value else re.sub(r"\d+", "0", word) for word, is_value in zip(words, valued, strict=True)
    )
    return _VALUED + text if any(valued) else text


def defangs(texts: Iterable[str]) -> bool:
    """Return whether the author of these texts defangs what is malicious."""
    return any(_DEFANGED.search(text) for text in texts)


def has_sentences(text: str) -> bool:
    """Return whether a text has several sentences, so that what is in them is mentioned and not listed."""
    return sum(_SENTENCE.search(line) is not None for line in text.splitlines()) >= _SENTENCES


def found_values(found: Iterable[Found]) -> list[Found]:
    """Return what has a value's shape and a type."""
    return list(filter(is_shaped, found))
