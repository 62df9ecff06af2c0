"""Rows with columns, from any file: headings and content tell the columns of values.

Headings may stand on any row, may come again further down, and may be missing. A column without a known
heading still gives the cells that are nothing but a value. A row without any value is refused, so that
nothing is dropped in silence.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain

from lamsach.indicators.judge.loop import apply_rule, decide
from lamsach.indicators.judge.rule import Rule, Scope
from lamsach.indicators.judge.sections import exception_section
from lamsach.indicators.judge.stated import Publishers, judge_cell, refuse_described, refuse_struck
from lamsach.indicators.judge.tables import Cell, Row
from lamsach.indicators.judge.unlisted import Account, value_of
from lamsach.indicators.tables.cells import (
    Headings,
    facts_of,
    filled_cells,
    host_as_promised,
    is_aside,
    kind_beside,
    kind_of,
    masked,
    range_of,
    scattered,
    value_cell,
    victim,
)
from lamsach.indicators.tables.fields import Field, field_of, stated_type, supported_part
from lamsach.indicators.text.broken_lines import may_be_parted, whole_digest
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
    shortened,
    whole_value,
)
from lamsach.model import IndicatorType, Reference, Refusal
from lamsach.model.indicator_types import STATED_ONLY

_COMMENT = re.compile(r"\s*(?:#|;|//|!)")
_TITLE_ROWS = 50
"""How many rows above the headings may be a title."""
_KNOWN_KEPT = 1000
"""For how many combinations of the cells beside a value the facts are kept."""
_NEVER_TAKEN = frozenset({Field.VALUE, Field.VICTIM, Field.CONTEXT, Field.SOURCE, Field.TYPE})
"""Columns in which a value that is not taken as one is only mentioned, be it defanged."""
_WORDY = re.compile(r"[^\W\d_]{3}")


class Table:
    """Reads one table's rows in order.

    `document` and `page` go into every reference, and `place`, the table's number in its document; `title` is
    what its sheet is called.
    """

    def __init__(
        self, document: str, page: int | None = None, place: int | None = None, title: str = ""
    ) -> None:
        self.document = document
        self.page = page
        self.place = place
        self._headings = Headings()
        self._before: list[Entry] = []
        self._known: dict[tuple[str, ...], tuple[Facts, list[str]] | None] = {}
        self._account = Account()
        self._publishers = Publishers()
        self._all_allowed = self._allows = _title_rule(title)
        """Rule by which all rows list nothing: the sheet or a title above them is `Whitelist`; else None."""

    @property
    def heads(self) -> int:
        """Count of different headings met: so many tables, where nothing else tells them apart."""
        return self._headings.count

    @property
    def headings_row(self) -> int:
        """The number of the row that was the last one of headings; 0 before any."""
        return self._headings.row

    @property
    def fields(self) -> Mapping[int, Field]:
        """Return what the columns hold, as far as their headings say."""
        return self._headings.fields or {}

    def promised(self, cells: Sequence[str], place: int) -> IndicatorType | None:
        """Kind of value that a cell's heading, or the row's cell of kinds, promises."""
        kind = self._headings.types.get(place)
        return kind or stated_type(kind_of(filled_cells(cells), self.fields))[0]

    @property
    def width(self) -> int:
        """Return how many columns the last headings named; 0 before any."""
        return self._headings.width

    @property
    def headed(self) -> bool:
        """Return whether headings that promise values were met."""
        return self._headings.fields is not None and Field.VALUE in self._headings.fields.values()

    def row(
        self,
        number: int,
        cells: Sequence[str],
        inherited: Mapping[int, str] | None = None,
        *,
        struck: Collection[int] = (),
    ) -> Iterator[Entry]:
        """The indicators and refusals of one row (`number` is 1-based).

        `inherited` is what cells merged over several rows hand down: it describes this row's values and is no
        value of this row. The cells `struck` out are withdrawn.
        """
        if struck:
            out = [item for place in struck if place < len(cells) for item in scan(cells[place])]
            yield from entries(refuse_struck(out), self._reference(number))
            cells = ["" if place in struck else cell for place, cell in enumerate(cells)]
        if not inherited and (quick := self._quick_row(cells, self._reference(number))) is not None:
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
        # a row into which a cell from above reaches says of what type its values are (`Domain | C2`) and
        # heads none
        goes_on = inherited and self._headings.fields is not None and number != self._headings.row + 1
        if not goes_on and self._take_headings(filled, number, loose=False):
            yield from self._mentioned()
            yield from entries(self._account.unlisted(filled.values(), ()), self._reference(number))
            return
        yield from self._values(number, filled, inherited or {})

    def _comment(
        self, number: int, cells: Sequence[str], filled: Mapping[int, str], start: int
    ) -> Iterator[Entry]:
        """Yield what a comment mentions; it may name the publisher, or be headings behind its mark."""
        self._publishers.comment(" ".join(filled.values()))
        yield from entries(self._account.unlisted(filled.values(), (), takes=True), self._reference(number))
        rest = [cell if place else cell[start:] for place, cell in enumerate(cells)]
        headings = {place: cell.strip() for place, cell in enumerate(rest) if cell.strip()}
        self._take_headings(headings, number, loose=True)

    def _values(self, number: int, filled: dict[int, str], inherited: Mapping[int, str]) -> Iterator[Entry]:
        """Yield what a row lists, or hold it back where it may be a title."""
        first = next(iter(filled.values()))
        found = self._data(self._reference(number), filled, {**inherited, **filled})
        if (rule := self._headings.rule(filled)) is not None:
            found = map(partial(apply_rule, rule=rule), found)
        if len(filled) == 1 and (heads := _title_rule(first)):
            self._allows = heads
        elif self._allows:
            found = map(partial(apply_rule, rule=self._allows), found)
        alone = self._headings.fields is None and len(filled) == 1 and len(self._before) < _TITLE_ROWS
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
        """The entries of a row with one canonical value in the one column of values; None: look closer."""
        only = self._headings.only_value
        if only is None or self._allows or len(cells) <= only:
            return None
        plain = plain_value(cells[only])
        promised = self._headings.types.get(only)
        if plain is None or (promised is not None and (promised is not plain[0] or self.place is not None)):
            return None
        if (quick := self._quick(cells, only, plain[0])) is None:
            return None
        taken = indicator(plain, reference, quick[0])
        if not quick[1]:
            return iter((taken,))
        return chain((taken,), entries(self._account.unlisted(quick[1], (plain[1],)), reference))

    def _quick(self, cells: Sequence[str], only: int, kind: IndicatorType) -> tuple[Facts, list[str]] | None:
        """The facts beside a canonical value of this kind in the one column of values, and the cells that
        only mention others, if nothing else in the row asks for a closer look.

        Long lists say the same few things of most values, so what the other cells say is kept.
        """
        others = (kind, *cells[:only], *cells[only + 1 :])
        if others in self._known:
            return self._known[others]
        filled = filled_cells(cells)
        fields = self._headings.fields or {}
        first = next(iter(filled.values()), "")
        aside = _COMMENT.match(first) or (len(fields) < 2 and len(filled) == 2 and is_aside(first))
        filled.pop(only, None)
        said = kind_of(filled, fields)
        stated, unsupported = stated_type(said)
        quick: tuple[Facts, list[str]] | None = None
        shows = [place for place, cell in filled.items() if self._account.is_new(cell)]
        plain_others = all(fields.get(place) in _NEVER_TAKEN for place in shows) and not any(
            fields.get(place) is Field.VICTIM
            or (place not in fields and (whole_value(cell) or several_values(cell)))
            for place, cell in filled.items()
        )
        none = aside or self._headings.rule(filled) or decide(Scope.CELL, Cell(kind, stated=said), kind)
        if plain_others and not none and not unsupported and stated in (None, kind):
            quick = self._facts(filled, fields), [filled[place] for place in shows]
        if len(self._known) >= _KNOWN_KEPT:
            self._known.clear()
        self._known[others] = quick
        return quick

    def end(self) -> Iterator[Entry]:
        """Yield what is still to say after the last row."""
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
        """Turn the held cells above these headings into a title: their values are mentioned, not listed."""
        for item in self._before:
            if isinstance(item, Refusal):
                if is_shaped(item):
                    yield item
            elif item.reference is not None:
                yield Refusal(item.reference, item.value, refusals.MENTIONED, item.type)
        self._before.clear()

    def _take_headings(self, filled: dict[int, str], number: int, *, loose: bool) -> bool:
        """Take a row of headings. `loose`: it is in a comment, of which more is asked."""
        if not self._headings.take(filled, number, least=2 if loose else 1):
            return False
        self._headings.loose, self._allows = loose, self._all_allowed
        self._known.clear()
        return True

    def _data(
        self, reference: Reference, filled: dict[int, str], described: dict[int, str]
    ) -> Iterator[Entry]:
        fields = self._headings.fields or {}
        prints = [filled[place] for place in self._headings.fingerprints if place in filled]
        promising = prints or any(fields.get(place) is Field.VALUE for place in filled)
        if self._headings.loose and not promising:
            fields = {}
        facts = self._facts(described, fields)
        spanned = range_of(filled, self._headings.bounds) or masked(filled, self._headings.masked)
        if spanned is not None:
            found = read_text(spanned)
            told = {*map(value_of, found), *(cell for cell in filled.values() if cell in spanned)}
            yield from entries(found, reference, facts)
            yield from entries(self._account.unlisted(filled.values(), told), reference)
        elif len(fields) < 2 and len(filled) == 2 and is_aside(next(iter(filled.values()))):
            found = refuse_described(list(filled.values())[1])
            found += self._account.unlisted(filled.values(), set(map(value_of, found)))
            yield from entries(found, reference, facts)
        else:
            found = self._listed(filled, fields, kind_of(described, fields), prints)
            yield from entries(found, reference, facts, self._words(described))

    def _listed(
        self, filled: dict[int, str], fields: Mapping[int, Field], stated: str, prints: Sequence[str]
    ) -> list[Found]:
        """The values of a row's cells, those taken first, and what the cells show besides."""
        kind, unsupported = stated_type(stated)
        found: list[Found] = []
        doubtful: list[Found] = []
        unheaded: list[Found] = []
        beside_them: list[tuple[Field | None, str]] = []
        beside_it = kind or (kind_beside(filled) if any(map(may_be_parted, filled.values())) else None)
        for place, cell in filled.items():
            field = fields.get(place)
            promised = kind if kind in STATED_ONLY else self._headings.types.get(place) or kind
            cell = whole_digest(cell, promised or beside_it)
            taken = False
            if field is Field.VALUE:
                cell = supported_part(stated, cell)
                items = value_cell(cell, promised, unsupported=unsupported)
                items = judge_cell(items, stated=stated) if stated else items
                if place in self._headings.names and len(items) == 1:
                    items += host_as_promised(items[0])
                taken = not all(isinstance(item, Refused) for item in items)
                (found if taken else doubtful).extend(items)
            elif field is Field.VICTIM:
                doubtful += victim(cell)
            elif field is None:
                unheaded += whole_value(cell) or several_values(cell)
            if not taken:
                beside_them.append((field, cell))
        found += self._publishers.refuse_own([*found, *unheaded])[len(found) :]
        found += _doubted(found, doubtful, prints) or ([] if found else scattered(filled, fields))
        told = set(map(value_of, found))
        for field, cell in beside_them:
            if self._account.is_new(cell):
                found += self._account.unlisted([cell], told, takes=field not in _NEVER_TAKEN, where=field)
        return found

    def _words(self, described: Mapping[int, str]) -> str:
        """Words around the row's values, of a document's table only: a list's rows state them as facts."""
        return "" if self.place is None else " | ".join(described[place] for place in sorted(described))

    def _facts(self, filled: dict[int, str], fields: dict[int, Field]) -> Facts:
        said: dict[Field, str] = {}
        for place, field in fields.items():
            if place in filled:
                said.setdefault(field, filled[place])
        threat = said.get(Field.THREAT) or said.get(Field.THREAT_CLASS) or said.get(Field.NOTE)
        if self._headings.fields is None and len(filled) == 2:
            threat = next(
                (
                    cell
                    for cell in filled.values()
                    if _WORDY.search(cell)
                    and field_of(cell) is None
                    and not (whole_value(cell) or several_values(cell))
                ),
                None,
            )
        return facts_of(said, threat)


def _doubted(found: Sequence[Found], doubtful: list[Found], prints: Sequence[str]) -> list[Found]:
    """The doubtful values of a row, of which those without a kind say nothing beside taken ones."""
    if not found and not doubtful:
        return [Refused(refusals.OTHER_DIGEST, shortened(text, refusals.VALUE_KEPT)) for text in prints]
    if all(isinstance(item, Refused) for item in found):
        return doubtful
    return [item for item in doubtful if isinstance(item, Refused) and item.type is not None]


def _title_rule(title: str) -> Rule | None:
    """The rule by which a title (`Whitelist`) judges all rows below it, or None."""
    heads = exception_section(title.strip())
    return None if heads is None else decide(Scope.ROW, Row(section=heads))
