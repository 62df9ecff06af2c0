"""Text: values line by line or in running text, and tables with any delimiter.

Tables: CSV and TSV with any delimiter, Markdown tables, `value;comment` lists (RFC 4180, loosely). URLs may
hold the delimiter: a list of them is no table, and a row's link is not cut.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from lamsach.indicators.files.source import ListSource
from lamsach.indicators.formats import ListFormat, list_format
from lamsach.indicators.judge.exceptions import is_allowing_command
from lamsach.indicators.judge.lookalikes import is_dump
from lamsach.indicators.judge.loop import apply_rule, decide
from lamsach.indicators.judge.mentions import Prose, is_typed
from lamsach.indicators.judge.queries import BEGINS_QUERY
from lamsach.indicators.judge.rule import Scope
from lamsach.indicators.judge.unlisted import Account
from lamsach.indicators.judge.verdicts import statement_rule
from lamsach.indicators.tables.cells import holds_value
from lamsach.indicators.tables.fields import field_of, read_date
from lamsach.indicators.tables.tables import Table
from lamsach.indicators.text.broken_lines import Unbroken
from lamsach.indicators.text.documents import defangs, found_values, has_sentences
from lamsach.indicators.text.extract import Found
from lamsach.indicators.values import refusals
from lamsach.indicators.values.normalise import Refused, canonical_values, plain_value
from lamsach.indicators.values.records import (
    Entry,
    Facts,
    Plain,
    as_entry,
    entries,
    is_shaped,
    read_text,
    shorten,
    whole_value,
)
from lamsach.model import Indicator, Reference, Refusal

_COMMENT_LINE = re.compile(r"\s*(?:#|;|//(?!\S+\.\S)|!|--(?:\s|$)|\[Adblock)")
_TRAILING_COMMENT = re.compile(r"\s(?:#|;|//)\s*")
_BLOCKING_LINES = (
    # 0.0.0.0 evil.example
    re.compile(r"(?P<address>(?:0\.0\.0\.0|127\.0\.0\.1|::1?)[ \t]+)(?P<rest>\S*[A-Za-z_].*)", re.ASCII),
    # dnsmasq(8): address=/evil.example/0.0.0.0, server=/evil.example/
    re.compile(r"(?:address|server|local)=/(?P<rest>[^/\s]+)/\S*"),
    # (\.|^)evil\.example$    (^|\.)evil\.example$    (Pi-hole)
    re.compile(r"\((?:\\\.\|\^|\^\|\\\.)\)(?P<rest>(?:[\w-]{1,63}\\\.){1,10}[\w-]{2,63})\$?"),
)
"""Single lines of blocklists, which block their `rest`."""
_STATED = re.compile(r"[\w.-]{1,40}=")
"""A setting (`key=0f4c..`), with a name that identifies its value."""
_NO_WORDS = re.compile(r"[\W_]*")


def _read_quickly(source: ListSource) -> Iterator[Entry | Plain]:
    """Read line by line, `row` is the line; lines that are nothing but a canonical value are plain."""
    document = source.document
    has_defanged = defangs([source.text_head])
    defangs_prose = has_defanged and (source.prose or has_sentences(source.text_head))
    prose = Prose(advisory=source.prose, defangs=defangs_prose, marks=has_defanged)
    broken = Unbroken()
    plain_line, threat = True, prose.threat
    for number, line in source.lines():
        if plain_line and line is not None and broken.pending is None and (plain := plain_value(line)):
            yield plain[0], plain[1], threat, document, number
            continue
        for first, whole in broken.push(number, line):
            yield from _entries(whole, Reference(document, None, first), prose, shapeless=not source.prose)
        plain_line, threat = prose.plain, prose.threat
    for first, whole in broken.end():
        yield from _entries(whole, Reference(document, None, first), prose, shapeless=not source.prose)


def _entries(line: str | None, reference: Reference, prose: Prose, *, shapeless: bool) -> Iterator[Entry]:
    """Read a line that is no plain value. `shapeless`: a text without a value's shape is a refusal."""
    if line is None:
        yield Refusal(reference, "", refusals.TOO_LONG)
    elif not line or line.isspace():
        return
    elif _COMMENT_LINE.match(line) and not defangs([line]):
        prose.heading(line.strip(" \t#;/!-"))
        yield from entries(Account().unlisted([line], ()), reference)
    elif prose.plain and (plain := plain_value(line)) is not None:
        yield Indicator(plain[0], plain[1], prose.threat, None, reference)
    else:
        found = read_line(line.strip(), reference, prose)
        if (rule := decide(Scope.COMMAND, line.strip())) is not None:
            found = (apply_rule(item, rule) for item in found)
        yield from (item for item in found if shapeless or is_shaped(item))


def read_line(line: str, reference: Reference, prose: Prose | None = None) -> Iterator[Entry]:
    """Yield the entries of one line without a leading comment mark."""
    prose = prose or Prose()
    if match := next(filter(None, (form.fullmatch(line) for form in _BLOCKING_LINES)), None):
        line = match["rest"].replace("\\", "") if line.startswith("(") else match["rest"]
        address = match.groupdict().get("address")
        yield from entries(Account().unlisted([address] if address else [], ()), reference)
    if match := _TRAILING_COMMENT.search(line):
        found = _values(line[: match.start()].strip(), prose)
        comment = line[match.end() :]
        if any(not isinstance(item, Refused) for item in found):
            rule = statement_rule(comment)
            found = [apply_rule(item, rule) for item in found]
            yield from entries(found, reference, Facts(threat=shorten(comment) or prose.threat))
            yield from entries(Account().unlisted([comment], ()), reference)
            return
    if _NO_WORDS.fullmatch(line):
        prose.follow(line)
        return
    found = _values(line, prose)
    if field_of(line) is None or any(map(is_typed, found)):
        yield from entries(found, reference, prose.facts, line if " " in line else "")


def _values(line: str, prose: Prose) -> list[Found]:
    if " " not in line and "\t" not in line:
        found = read_text(line)
        if not any(map(is_typed, found)):
            prose.heading(line)
            return found
        marked = _STATED.match(line) or any(mark in line for mark in ("/[", "](", "'")) or is_dump(line)
        if prose.plain and not marked:
            return found
    found = prose.line(line)
    if found:
        return found
    try:
        return list(canonical_values(line))
    except Refused as refused:
        refused.value = refused.value or shorten(line, refusals.MAX_VALUE)
        return [refused]


TEXT = ListFormat(
    "text",
    "Text, one value a line or running text",
    "one value a line, comments (`#`, `;`, `//`), or running text with values in it; commands of a "
    "firewall or web server that let an address through are exceptions",
    lambda source: True,
    lambda source: map(as_entry, _read_quickly(source)),
    text=True,
    quick=_read_quickly,
)
"""Any text; last in the registry, as the default."""


_URL = re.compile(r"\s*(?:h(?:tt|xx)ps?|s?ftps?|fxp)\[?:\]?//[^\s\"]+\s*", re.IGNORECASE)
# a/x.php    id=5    setup.exe
_OF_A_URL = re.compile(r"[/?=&%]|\.[A-Za-z][A-Za-z0-9]{1,4}$")
_WORD = re.compile(r"[^\W\d_]{3}")


def cuts_urls(lines: Sequence[str], delimiter: str) -> bool:
    """Return whether the delimiter is within URLs, one a line, and separates no columns."""
    delimited = [line for line in lines if delimiter in line]
    urls = [line.split(delimiter) for line in delimited if _URL.fullmatch(line)]
    if not urls or len(urls) * 10 < 9 * len(delimited):
        return False
    if len({len(parts) for parts in urls}) > 1:
        return True
    return not any(map(_is_column, zip(*(parts[1:] for parts in urls), strict=True)))


def _is_column(cells: Sequence[str]) -> bool:
    """Return whether cells describe a URL: dates, values, or repeated words."""
    texts = [cell.strip() for cell in cells]
    if any(texts) and all(
        not text or (read_date(text) is not None and len(text) >= 8) or whole_value(text) for text in texts
    ):
        return True
    if any(map(_OF_A_URL.search, texts)):
        return False
    return all(map(_WORD.search, texts)) and len(set(texts)) * 2 <= len(texts)


def rejoin_urls(cells: list[str], width: int, delimiter: str) -> list[str]:
    """Join the cells of a row's unquoted URL that the delimiter cut; other rows are unchanged."""
    surplus = len(cells) - width
    if not width or not 0 < surplus < len(cells):
        return cells
    for place, cell in enumerate(cells[: len(cells) - surplus]):
        tail = cells[place + 1 : place + 1 + surplus]
        if (
            _URL.fullmatch(cell)
            and " " not in "".join(tail)
            and _OF_A_URL.search(tail[-1])
            and not any(map(whole_value, tail))
        ):
            return [*cells[:place], delimiter.join([cell, *tail]), *cells[place + 1 + surplus :]]
    return cells


_DELIMITERS = ("\t", ",", ";", "|", "^", "~")
_SAMPLE_LINES = 400
_COMMENT = re.compile(r"\s*(?:#|//|;(?!;))")
_NOTE = re.compile(r"\s#\s.*")
"""A comment after a value, which separates no columns."""
_MAX_CELL_LINES = 200
"""Maximum number of lines of a quoted cell; beyond that an open quote is a mere character."""
_MAX_RECORD = 128 * 1024


def _begins(source: ListSource) -> bool:
    """Return whether most lines share a delimiter; a person's letter needs headings too."""
    delimiter = find_delimiter(source.text_head)
    if delimiter is None or not source.prose:
        return delimiter is not None
    return any(_is_heading_row(line, delimiter) for line in source.text_head.splitlines()[:_SAMPLE_LINES])


@list_format(
    "CSV, TSV and other tables in text",
    "any delimiter and encoding (UTF-8, UTF-16, CP1258 and others), with or without a heading row; a list"
    " of URLs that hold commas is no table, and a URL without quotes stays whole in its row; a row marked"
    " `whitelist`, `benign`, `false positive: yes` or *nạn nhân* (as in any table) lists none; abuse.ch "
    "and Shadowserver reports (where the reported machine itself is refused: it is a victim)",
    _begins,
    text=True,
)
def read_delimited(source: ListSource) -> Iterator[Entry]:
    """Read record by record; a line that is no row of the table is read as prose."""
    delimiter = find_delimiter(source.text_head) or ","
    table = Table(source.document)
    prose = Prose(advisory=source.prose, defangs=defangs([source.text_head]))
    for number, cells in rows(source.lines(), delimiter):
        if cells is None:
            yield Refusal(Reference(source.document, None, number), "", refusals.TOO_LONG)
        elif len(cells) == 1 and (plain := plain_value(cells[0])) is not None:
            yield Indicator(plain[0], plain[1], None, None, Reference(source.document, None, number))
        elif len(cells) == 1 and (found := _line_values(cells[0], prose, headed=table.headings.promising)):
            yield from table.end()
            reference = Reference(source.document, None, number)
            yield from entries(found, reference, prose.facts, cells[0])
        else:
            yield from table.row(number, rejoin_urls(cells, table.headings.width, delimiter))
    yield from table.end()


def _line_values(line: str, prose: Prose, *, headed: bool) -> list[Found]:
    """Return the values of a line that is no table row: words, or any line below a table's headings."""
    text = line.strip()
    is_line = (headed or " " in text) and not _COMMENT.match(text)
    return found_values(prose.line(text)) if is_line else []


def find_delimiter(text: str) -> str | None:
    """Return the character that separates the cells of a text's lines, or None when it is no table."""
    lines = [line for line in text.splitlines()[:_SAMPLE_LINES] if line.strip()]
    data = [line for line in lines if not _COMMENT.match(line)]
    if any(BEGINS_QUERY.match(line) or is_allowing_command(line.strip()) for line in data):
        return None
    leads = [_NOTE.sub("", line) for line in data]
    headings = lines[:60]
    scores: dict[str, float] = {}
    for delimiter in _DELIMITERS:
        if not any(delimiter in line for line in lines) or cuts_urls(leads, delimiter):
            continue
        bare = [line if delimiter in lead else lead for line, lead in zip(data, leads, strict=True)]
        records = [cells for _, cells in rows(enumerate(bare, 1), delimiter) if cells]
        scores[delimiter] = _score(records) + any(_is_heading_row(line, delimiter) for line in headings)
    best = max(scores, key=lambda delimiter: scores[delimiter], default=None)
    return best if best is not None and scores[best] >= 0.6 else None


def _score(records: list[list[str]]) -> float:
    """Return the share of records with the commonest number of cells, or 0 if cells read like sentences."""
    widths = Counter(len(cells) for cells in records if len(cells) > 1)
    multiple = widths.total()
    if len(records) < 2 or not multiple or multiple < 0.7 * len(records):
        return 0
    sentences = sum(cell.startswith(" ") and cell.count(" ") > 2 for cells in records for cell in cells[1:])
    return 0 if sentences * 3 > multiple else widths.most_common(1)[0][1] / len(records)


def _is_heading_row(line: str, delimiter: str) -> bool:
    cells = [cell.strip().strip('"') for cell in line.lstrip("#;/ \ufeff").split(delimiter)]
    known = sum(field_of(cell) is not None for cell in cells)
    return known >= 2 and known * 2 >= sum(bool(cell) for cell in cells) and not any(map(holds_value, cells))


def rows(lines: Iterable[tuple[int, str | None]], delimiter: str) -> Iterator[tuple[int, list[str] | None]]:
    """Yield the cells of each record, with the number of its first line; None for an overlong line.

    A quoted cell may hold line breaks; a quote that is not closed within `_MAX_CELL_LINES` is a mere
    character, so that one stray quote never swallows the rest of a list.
    """
    remaining = iter(lines)
    pushed: list[tuple[int, str | None]] = []
    while True:
        item = pushed.pop() if pushed else next(remaining, None)
        if item is None:
            return
        number, line = item
        if line is None:
            yield number, None
        elif '"' not in line:
            if line.strip():
                yield number, line.split(delimiter)
        else:
            yield number, _quoted(line, delimiter, pushed, remaining)


def _quoted(
    line: str,
    delimiter: str,
    pushed: list[tuple[int, str | None]],
    remaining: Iterator[tuple[int, str | None]],
) -> list[str]:
    consumed: list[tuple[int, str | None]] = []
    record = line
    is_open = _ends_open(line, delimiter)
    while is_open:
        number, following = item = pushed.pop() if pushed else next(remaining, (0, None))
        consumed += [item] if number else []
        if following is None or len(consumed) > _MAX_CELL_LINES or len(record) > _MAX_RECORD:
            break
        record += "\n" + following
        is_open = following.count('"') % 2 == 0
    else:
        with suppress(csv.Error):
            return next(csv.reader([record], delimiter=delimiter, skipinitialspace=True), [])
    pushed.extend(reversed(consumed))
    return line.split(delimiter)


def _ends_open(line: str, delimiter: str) -> bool:
    """Return whether a cell that began with a quote is still open at the line's end."""
    if line.count('"') % 2 == 0:
        return False
    last = max(line.rfind(f'{delimiter}"'), line.rfind(f'{delimiter} "'))
    return last >= 0 or line.lstrip().startswith('"')
