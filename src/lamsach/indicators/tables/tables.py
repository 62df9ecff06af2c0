"""Rows with columns, from any file: headings and content identify the columns of values.

Headings may be on any row, may be repeated further down, and may be missing. In a column without a known
heading, a cell that is nothing but a value still counts. A row without any value is refused, so that nothing
is dropped silently.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain

from lamsach.indicators.judge.loop import apply_rule, decide
from lamsach.indicators.judge.rule import Rule, Scope
from lamsach.indicators.judge.sections import exception_section
from lamsach.indicators.judge.tables import Cell, Row
from lamsach.indicators.judge.unlisted import Account, value_of
from lamsach.indicators.judge.verdicts import Publishers, judge_cell, refuse_described, refuse_struck
from lamsach.indicators.tables.cells import (
    Headings,
    facts_of,
    filled_cells,
    host_as_promised,
    is_aside,
    kind_in_row,
    kind_of,
    refuse_victim,
    scattered_values,
    value_cell,
)
from lamsach.indicators.tables.fields import Field, field_of, stated_type, supported_part
from lamsach.indicators.text.broken_lines import may_be_split, whole_digest
from lamsach.indicators.text.extract import Found, scan
from lamsach.indicators.values import refusals
from lamsach.indicators.values.normalise import Refused, plain_value
from lamsach.indicators.values.records import (
    Entry,
    Facts,
    entries,
    indicator,
    is_shaped,
    read_text,
    several_values,
    shorten,
    whole_value,
)
from lamsach.model import IndicatorType, Reference, Refusal
from lamsach.model.indicator_types import STATED_ONLY

_COMMENT = re.compile(r"\s*(?:#|;|//|!)")
_MAX_TITLE_ROWS = 50
"""Number of rows above the headings that may be a title."""
_MAX_KNOWN = 1000
"""Number of cached combinations of the cells with a value."""
_NEVER_LISTED = frozenset({Field.VALUE, Field.VICTIM, Field.CONTEXT, Field.SOURCE, Field.TYPE})
"""Columns in which a value that is not accepted is only mentioned, even if defanged."""
_WORDY = re.compile(r"[^\W\d_]{3}")


class Table:
    """Reader of one table's rows in order.

    `document`, `page` and `place`, the table's number in its document, go into every reference; `title` is
    its sheet's name.
    """

    def __init__(
        self, document: str, page: int | None = None, place: int | None = None, title: str = ""
    ) -> None:
        self.document = document
        self.page = page
        self.place = place
        self.headings = Headings()
        self._before: list[Entry] = []
        self._quick_cache: dict[tuple[str, ...], tuple[Facts, list[str]] | None] = {}
        self._account = Account()
        self._publishers = Publishers()
        self._all_allowed = self._allows = _title_rule(title)
        """Rule by which all rows list nothing, as their sheet or a title above is `Whitelist`; else None."""

    @property
    def fields(self) -> dict[int, Field]:
        """Return the columns' contents, as far as their headings state them."""
        return self.headings.fields or {}

    def promised(self, cells: Sequence[str], place: int) -> IndicatorType | None:
        """Return the type of value that a cell's heading, or the row's type cell, promises."""
        kind = self.headings.types.get(place)
        return kind or stated_type(kind_of(filled_cells(cells), self.fields))[0]

    def row(
        self,
        number: int,
        cells: Sequence[str],
        inherited: Mapping[int, str] | None = None,
        *,
        struck: Collection[int] = (),
    ) -> Iterator[Entry]:
        """Yield the indicators and refusals of one row (`number` is 1-based).

        `inherited` holds texts of cells merged over several rows: they describe this row's values and are no
        value of this row. The `struck` cells are withdrawn.
        """
        reference = self._reference(number)
        if struck:
            struck_values = [item for place in struck if place < len(cells) for item in scan(cells[place])]
            yield from entries(refuse_struck(struck_values), reference)
            cells = ["" if place in struck else cell for place, cell in enumerate(cells)]
        if not inherited and (quick := self._quick_row(cells, reference)) is not None:
            yield from quick
            return
        filled = filled_cells(cells)
        if not filled:
            return
        first = next(iter(filled.values()))
        comment = _COMMENT.match(first)
        if comment is not None and not plain_value(first):
            yield from self._comment(number, cells, filled, comment.end())
            return
        # a row that a cell from above extends into states the type of its values (`Domain | C2`) and is no
        # heading
        continues = inherited and self.headings.fields is not None and number != self.headings.row + 1
        if not continues and self._read_headings(filled, number, loose=False):
            yield from self._mentioned()
            yield from entries(self._account.unlisted(filled.values(), ()), reference)
            return
        yield from self._values(number, filled, inherited or {})

    def _comment(
        self, number: int, cells: Sequence[str], filled: Mapping[int, str], start: int
    ) -> Iterator[Entry]:
        """Yield the values that a comment mentions; it may name the publisher, or be headings."""
        self._publishers.comment(" ".join(filled.values()))
        yield from entries(
            self._account.unlisted(filled.values(), (), accepts_defanged=True), self._reference(number)
        )
        rest = [cell if place else cell[start:] for place, cell in enumerate(cells)]
        headings = {place: cell.strip() for place, cell in enumerate(rest) if cell.strip()}
        self._read_headings(headings, number, loose=True)

    def _values(self, number: int, filled: dict[int, str], inherited: Mapping[int, str]) -> Iterator[Entry]:
        """Yield the values that a row lists, or hold them back where it may be a title."""
        first = next(iter(filled.values()))
        found = self._data(self._reference(number), filled, {**inherited, **filled})
        if (rule := self.headings.rule(filled)) is not None:
            found = map(partial(apply_rule, rule=rule), found)
        if len(filled) == 1 and (title_rule := _title_rule(first)):
            self._allows = title_rule
        elif self._allows:
            found = map(partial(apply_rule, rule=self._allows), found)
        alone = self.headings.fields is None and len(filled) == 1 and len(self._before) < _MAX_TITLE_ROWS
        if alone and self.page is not None and not whole_value(first):
            self._before.extend(found)
        elif alone:
            yield from self._title(found)
        else:
            yield from self.end()
            yield from found

    def _reference(self, row: int) -> Reference:
        return Reference(self.document, self.page, row, table=self.place)

    def _quick_row(self, cells: Sequence[str], reference: Reference) -> Iterator[Entry] | None:
        """Return the entries of a row with one canonical value in the single column of values, else None."""
        only = self.headings.only_value
        if only is None or self._allows or len(cells) <= only:
            return None
        plain = plain_value(cells[only])
        promised = self.headings.types.get(only)
        if plain is None or (promised is not None and (promised is not plain[0] or self.place is not None)):
            return None
        if (quick := self._quick_facts(cells, only, plain[0])) is None:
            return None
        listed = indicator(plain, reference, quick[0])
        if not quick[1]:
            return iter((listed,))
        return chain((listed,), entries(self._account.unlisted(quick[1], (plain[1],)), reference))

    def _quick_facts(
        self, cells: Sequence[str], only: int, kind: IndicatorType
    ) -> tuple[Facts, list[str]] | None:
        """Return a canonical value's facts and the row's cells that only mention others, from a quick test.

        None if the row needs a full reading. Results are cached by the other cells, as long lists repeat them
        for most values.
        """
        key = (kind, *cells[:only], *cells[only + 1 :])
        if key in self._quick_cache:
            return self._quick_cache[key]
        filled = filled_cells(cells)
        fields = self.fields
        first = next(iter(filled.values()), "")
        aside = _COMMENT.match(first) or (len(fields) < 2 and len(filled) == 2 and is_aside(first))
        filled.pop(only, None)
        type_text = kind_of(filled, fields)
        stated, unsupported = stated_type(type_text)
        quick: tuple[Facts, list[str]] | None = None
        shows = [place for place, cell in filled.items() if self._account.is_new(cell)]
        plain_others = all(fields.get(place) in _NEVER_LISTED for place in shows) and not any(
            fields.get(place) is Field.VICTIM
            or (place not in fields and (whole_value(cell) or several_values(cell)))
            for place, cell in filled.items()
        )
        judged = aside or self.headings.rule(filled) or decide(Scope.CELL, Cell(kind, stated=type_text), kind)
        if plain_others and not judged and not unsupported and stated in (None, kind):
            quick = self._facts(filled, fields), [filled[place] for place in shows]
        if len(self._quick_cache) >= _MAX_KNOWN:
            self._quick_cache.clear()
        self._quick_cache[key] = quick
        return quick

    def end(self) -> Iterator[Entry]:
        """Yield the pending entries after the last row."""
        yield from self._before
        self._before.clear()

    def _title(self, found: Iterator[Entry]) -> Iterator[Entry]:
        """Hold back a single cell above any headings, if no value: headings below make it their title."""
        for item in found:
            if isinstance(item, Refusal) and item.type is None:
                self._before.append(item)
            else:
                yield from self.end()
                yield item

    def _mentioned(self) -> Iterator[Entry]:
        """Yield the held cells above these headings as a title's: values are mentioned, not listed."""
        for item in self._before:
            if isinstance(item, Refusal):
                if is_shaped(item):
                    yield item
            elif item.reference is not None:
                yield Refusal(item.reference, item.value, refusals.MENTIONED, item.type)
        self._before.clear()

    def _read_headings(self, filled: dict[int, str], number: int, *, loose: bool) -> bool:
        """Read a row of headings. `loose`: it is in a comment, so that more headings are required."""
        if not self.headings.read(filled, number, least=2 if loose else 1):
            return False
        self.headings.loose, self._allows = loose, self._all_allowed
        self._quick_cache.clear()
        return True

    def _data(
        self, reference: Reference, filled: dict[int, str], described: dict[int, str]
    ) -> Iterator[Entry]:
        fields = self.fields
        prints = [filled[place] for place in self.headings.fingerprints if place in filled]
        promising = prints or any(fields.get(place) is Field.VALUE for place in filled)
        if self.headings.loose and not promising:
            fields = {}
        facts = self._facts(described, fields)
        words = ""
        if (span := self.headings.span(filled)) is not None:
            found = read_text(span)
            listed = {*map(value_of, found), *(cell for cell in filled.values() if cell in span)}
            found += self._account.unlisted(filled.values(), listed)
        elif len(fields) < 2 and len(filled) == 2 and is_aside(next(iter(filled.values()))):
            found = refuse_described(list(filled.values())[1])
            found += self._account.unlisted(filled.values(), set(map(value_of, found)))
        else:
            found = self._listed(filled, fields, kind_of(described, fields), prints)
            if self.place is not None:  # a list's rows state facts, a document's words
                words = " | ".join(described[place] for place in sorted(described))
        yield from entries(found, reference, facts, words)

    def _listed(
        self, filled: dict[int, str], fields: Mapping[int, Field], stated: str, prints: Sequence[str]
    ) -> list[Found]:
        """Return the values of a row's cells, accepted ones first, and unlisted values of the cells."""
        kind, unsupported = stated_type(stated)
        found: list[Found] = []
        doubtful: list[Found] = []
        unheaded: list[Found] = []
        other_cells: list[tuple[Field | None, str]] = []
        row_kind = kind or (kind_in_row(filled) if any(map(may_be_split, filled.values())) else None)
        for place, cell in filled.items():
            field = fields.get(place)
            promised = kind if kind in STATED_ONLY else self.headings.types.get(place) or kind
            cell = whole_digest(cell, promised or row_kind)
            accepted = False
            if field is Field.VALUE:
                cell = supported_part(stated, cell)
                items = value_cell(cell, promised, unsupported=unsupported)
                items = judge_cell(items, stated=stated) if stated else items
                if place in self.headings.names and len(items) == 1:
                    items += host_as_promised(items[0])
                accepted = not all(isinstance(item, Refused) for item in items)
                (found if accepted else doubtful).extend(items)
            elif field is Field.VICTIM:
                doubtful += refuse_victim(cell)
            elif field is None:
                unheaded += whole_value(cell) or several_values(cell)
            if not accepted:
                other_cells.append((field, cell))
        found += self._publishers.refuse_own([*found, *unheaded])[len(found) :]
        found += _keep_doubtful(found, doubtful, prints) or (
            [] if found else scattered_values(filled, fields)
        )
        listed = set(map(value_of, found))
        for field, cell in other_cells:
            if self._account.is_new(cell):
                found += self._account.unlisted(
                    [cell], listed, accepts_defanged=field not in _NEVER_LISTED, where=field
                )
        return found

    def _facts(self, filled: dict[int, str], fields: dict[int, Field]) -> Facts:
        texts: dict[Field, str] = {}
        for place, field in fields.items():
            if place in filled:
                texts.setdefault(field, filled[place])
        threat = texts.get(Field.THREAT) or texts.get(Field.THREAT_CLASS) or texts.get(Field.NOTE)
        if self.headings.fields is None and len(filled) == 2:
            names = (cell for cell in filled.values() if _WORDY.search(cell) and field_of(cell) is None)
            threat = next((name for name in names if not (whole_value(name) or several_values(name))), None)
        return facts_of(texts, threat)


def _keep_doubtful(found: Sequence[Found], doubtful: list[Found], prints: Sequence[str]) -> list[Found]:
    """Return a row's doubtful values; with accepted ones, only those of a known type."""
    if not found and not doubtful:
        return [Refused(refusals.OTHER_DIGEST, shorten(text, refusals.MAX_VALUE)) for text in prints]
    if all(isinstance(item, Refused) for item in found):
        return doubtful
    return [item for item in doubtful if isinstance(item, Refused) and item.type is not None]


def _title_rule(title: str) -> Rule | None:
    """Return the rule by which a title (`Whitelist`) judges all rows below it, or None."""
    heads = exception_section(title.strip())
    return None if heads is None else decide(Scope.ROW, Row(section=heads))
