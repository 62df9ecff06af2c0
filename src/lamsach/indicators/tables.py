"""Rows with columns, from whatever file: which columns hold values is told by their headings and by their content.

Headings may stand on any row, may come again further down, and may be missing. A column without a known heading still gives the
cells that are nothing but a value. A row without any value is refused, so that nothing is dropped in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from lamsach.indicators import ranges, refusals
from lamsach.indicators.beside import Publishers, beside, to_read, unless_cited
from lamsach.indicators.cited import is_cited
from lamsach.indicators.extract import Found, scan
from lamsach.indicators.fields import (
    Field,
    field_of,
    plain_key,
    read_confidence,
    read_date,
    read_tlp,
    stated_type,
    supported_part,
    type_of_heading,
    victims,
)
from lamsach.indicators.normalise import Refused, canonical_values, plain_value
from lamsach.indicators.records import (
    Entry,
    Facts,
    entries,
    indicator,
    read_text,
    several_values,
    shortened,
    whole_value,
)
from lamsach.indicators.urls import split_url
from lamsach.model import IndicatorType, Reference, Refusal

_COMMENT = re.compile(r"\s*(?:#|;|//|!)")
_NOTHING = re.compile(r"[\s\-–—_=:*.|?/]*|n/?a|none|null|unknown|không|-+", re.IGNORECASE)
_NAME_KEYS = frozenset({"domain", "fqdn"})
"""Columns of machines' feeds that hold names, whatever spelling they come in; what people call a column promises less."""
_CALLED = frozenset({"name", "names", "app name", "ten", "ten ung dung"})
"""Columns that say what a thing is called, where others hold its values."""
_TITLE_ROWS = 50
"""How many rows above the headings may be a title."""
_KNOWN_KEPT = 1000
"""For how many combinations of the cells beside a value the facts are kept."""
_SOURCE_LINE = re.compile(
    r"\W{0,4}(?:source|references?|report|blog(?: post)?|more info(?:rmation)?|nguồn(?: tin)?|tham khảo|xem thêm|báo cáo)\s{0,3}[:=-]\s{0,3}https?://",
    re.IGNORECASE,
)
"""A row that says where the list comes from."""
_WORDY = re.compile(r"[^\W\d_]{3}")


class Table:
    """Reads one table's rows in order. `document` and `page` go into every reference, and `place`, the table's number in its document."""

    def __init__(self, document: str, page: int | None = None, place: int | None = None) -> None:
        self.document = document
        self.page = page
        self.place = place
        self.heads = 0
        """How many different rows of headings were met one after the other: so many tables, where nothing else tells them apart."""
        self._headings: tuple[str, ...] = ()
        self._fields: dict[int, Field] | None = None
        self._types: dict[int, IndicatorType | None] = {}
        self._heading_row = 0
        self._before: list[Entry] = []
        self._only_value: int | None = None
        self._loose = False
        """Whether the headings stand in a comment, which may have other columns than the rows."""
        self._known: dict[tuple[str, ...], Facts | None] = {}
        self._publishers = Publishers()
        self._bounds: tuple[int, int] | None = None
        self._names: frozenset[int] = frozenset()

    @property
    def headed(self) -> bool:
        """Whether headings that promise values were met."""
        return self._fields is not None and Field.VALUE in self._fields.values()

    def row(
        self, number: int, cells: Sequence[str], inherited: Mapping[int, str] | None = None
    ) -> Iterator[Entry]:
        """The indicators and refusals of one row (`number` is 1-based). `inherited` is what cells merged over several rows
        hand down: it describes this row's values and is no value of this row."""
        if self._only_value is not None and not inherited and len(cells) > self._only_value:
            plain = plain_value(cells[self._only_value])
            if plain is not None and (quick := self._quick(cells, plain[0])) is not None:
                yield indicator(plain, self._reference(number), quick)
                return
        filled = {
            place: text
            for place, cell in enumerate(cells)
            if (text := cell.strip()) and not _NOTHING.fullmatch(text)
        }
        if not filled:
            return
        first = next(iter(filled.values()))
        comment = _COMMENT.match(first)
        if comment is not None and not plain_value(first):
            self._publishers.comment(" ".join(filled.values()))
            rest = [cell if place else cell[comment.end() :] for place, cell in enumerate(cells)]
            if self._take_headings(
                {place: cell.strip() for place, cell in enumerate(rest) if cell.strip()}, number, least=2
            ):
                self._loose = True
            return
        if self._take_headings(filled, number, least=1):
            self._loose = False
            yield from self._mentioned()
            return
        found = self._data(self._reference(number), filled, {**(inherited or {}), **filled})
        alone = self._fields is None and len(filled) == 1 and len(self._before) < _TITLE_ROWS
        if alone and self.page is not None and not whole_value(first):
            self._before.extend(found)
        elif alone:
            yield from self._title(found)
        else:
            yield from self.end()
            yield from found

    def _reference(self, row: int) -> Reference:
        return Reference(self.document, self.page, row, table=self.place)

    def _quick(self, cells: Sequence[str], kind: IndicatorType) -> Facts | None:
        """The facts beside a canonical value of this kind, if nothing else in the row asks for a closer look.

        Long lists say the same few things of most values, so what the other cells say is kept.
        """
        others = (kind, *cells[: self._only_value], *cells[self._only_value + 1 :])  # type: ignore[operator]
        if others in self._known:
            return self._known[others]
        filled = {
            place: text
            for place, cell in enumerate(cells)
            if (text := cell.strip()) and not _NOTHING.fullmatch(text)
        }
        filled.pop(self._only_value, None)  # type: ignore[arg-type]
        fields = self._fields or {}
        stated, unsupported = stated_type(_kind_of(filled, fields))
        facts: Facts | None = None
        plain_others = not any(whole_value(cell) for place, cell in filled.items() if place not in fields)
        if plain_others and not unsupported and stated in (None, kind):
            facts = self._facts(filled, fields)
        if len(self._known) >= _KNOWN_KEPT:
            self._known.clear()
        self._known[others] = facts
        return facts

    def end(self) -> Iterator[Entry]:
        """What is still to say after the last row."""
        yield from self._before
        self._before.clear()

    def _title(self, found: Iterator[Entry]) -> Iterator[Entry]:
        """Hold back what a single cell above any headings holds, when it is no value: headings below make it their title."""
        for item in found:
            if isinstance(item, Refusal) and item.type is None:
                self._before.append(item)
            else:
                yield from self.end()
                yield item

    def _mentioned(self) -> Iterator[Entry]:
        """Headings follow, so the sentences before them on the sheet were a title: a value there is mentioned, not listed."""
        for item in self._before:
            if isinstance(item, Refusal):
                if item.type is not None:
                    yield item
            elif item.reference is not None:
                yield Refusal(item.reference, item.value, refusals.MENTIONED, item.type)
        self._before.clear()

    def _take_headings(self, filled: dict[int, str], number: int, *, least: int) -> bool:
        """Whether the row is one of headings; they hold until the next such row. Two in a row are read together."""
        fields = {place: found for place, cell in filled.items() if (found := field_of(cell)) is not None}
        fields.update(dict.fromkeys(victims(filled), Field.VICTIM))
        values = [place for place, found in fields.items() if found is Field.VALUE]
        if values:
            fields.update(
                {place: Field.CONTEXT for place, cell in filled.items() if plain_key(cell) in _CALLED}
            )
        enough = len(fields) >= max(least, 1 + len(filled) // 4)
        if (
            not enough
            or not (values or len(fields) >= 2)
            or any(
                holds_value(cell)
                for place, cell in filled.items()
                if place not in fields or ":" in cell or "=" in cell
            )
        ):
            return False
        if not values and self._fields is not None and number != self._heading_row + 1:
            return False
        types = {place: type_of_heading(filled[place]) for place in values}
        if self._fields is not None and number == self._heading_row + 1:
            fields, types = {**self._fields, **fields}, {**self._types, **types}
        if (headings := tuple(map(plain_key, filled.values()))) != self._headings:
            self.heads += number != self._heading_row + 1 or not self.heads
            self._headings = headings
        self._fields, self._types, self._heading_row = fields, types, number
        self._bounds = ranges.bounds(filled)
        self._names = frozenset(place for place in values if plain_key(filled[place]) in _NAME_KEYS)
        columns = [place for place, field in fields.items() if field is Field.VALUE]
        self._only_value = columns[0] if len(columns) == 1 and types.get(columns[0]) is None else None
        self._known.clear()
        return True

    def _data(
        self, reference: Reference, filled: dict[int, str], described: dict[int, str]
    ) -> Iterator[Entry]:
        fields = self._fields or {}
        if self._loose and not any(fields.get(place) is Field.VALUE for place in filled):
            fields = {}
        facts = self._facts(described, fields)
        stated = _kind_of(described, fields)
        kind, unsupported = stated_type(stated)
        found: list[Found] = []
        doubtful: list[Found] = []
        unheaded: list[Found] = []
        if (spanned := ranges.spanned(filled, self._bounds)) is not None:
            yield from entries(read_text(spanned), reference, facts)
            return
        if self._fields is None and len(filled) == 2 and _is_aside(next(iter(filled.values()))):
            yield from entries(beside(list(filled.values())[1]), reference, facts)
            return
        for place, cell in filled.items():
            field = fields.get(place)
            if field is Field.VALUE:
                cell = supported_part(stated, cell)
                items = self._value_cell(cell, self._types.get(place) or kind, unsupported=unsupported)
                if place in self._names and len(items) == 1:
                    items += _host_as_promised(items[0])
                taken = [item for item in items if not isinstance(item, Refused)]
                (found if taken else doubtful).extend(items)
            elif field is Field.VICTIM:
                doubtful.extend(_victim(cell))
            elif field is None:
                unheaded.extend(whole_value(cell) or several_values(cell))
        found += self._publishers.beside([*found, *unheaded])[len(found) :]
        if not found and not doubtful:
            found = self._scan(filled, fields)
        if any(not isinstance(item, Refused) for item in found):
            doubtful = [item for item in doubtful if isinstance(item, Refused) and item.type is not None]
        yield from entries([*found, *doubtful], reference, facts, self._words(described))

    def _words(self, described: Mapping[int, str]) -> str:
        """What the row says around its values: only of a document's table, since a list's rows say it in their facts."""
        return "" if self.place is None else " | ".join(described[place] for place in sorted(described))

    @staticmethod
    def _value_cell(cell: str, kind: IndicatorType | None, *, unsupported: bool) -> list[Found]:
        if unsupported:
            return [Refused(refusals.UNSUPPORTED_TYPE, shortened(cell, refusals.VALUE_KEPT))]
        found = read_text(cell, kind)
        return list(map(unless_cited, found)) if " " in cell.strip() else found

    @staticmethod
    def _scan(filled: dict[int, str], fields: dict[int, Field]) -> list[Found]:
        """The values in the text of the cells, for a row of which no cell is a value."""
        read = (None, Field.NOTE) if Field.VALUE in fields.values() else (None, Field.NOTE, Field.THREAT)
        text = " ; ".join(cell for place, cell in filled.items() if fields.get(place) in read)
        if _SOURCE_LINE.match(text):
            return list(map(to_read, scan(text)))
        whole = shortened(" ; ".join(filled.values()), refusals.VALUE_KEPT)
        return list(map(unless_cited, read_text(text))) if text else [Refused(refusals.NOT_A_VALUE, whole)]

    def _facts(self, filled: dict[int, str], fields: dict[int, Field]) -> Facts:
        said: dict[Field, str] = {}
        for place, field in fields.items():
            if place in filled:
                said.setdefault(field, filled[place])
        threat = said.get(Field.THREAT) or said.get(Field.THREAT_CLASS) or said.get(Field.NOTE)
        if self._fields is None and len(filled) == 2:
            threat = next(
                (cell for cell in filled.values() if _WORDY.search(cell) and not whole_value(cell)), None
            )
        return facts_of(said, threat)


def _kind_of(filled: Mapping[int, str], fields: Mapping[int, Field]) -> str:
    """What a row states as the kind of its values, or an empty text."""
    return next(
        (filled[place] for place, field in fields.items() if field is Field.TYPE and place in filled), ""
    )


def holds_value(cell: str) -> bool:
    """Whether there is a value in a cell, be it behind a label (`MD5: 0f4c..`), so that it is no heading."""
    return bool(whole_value(cell)) or any(
        not isinstance(item, Refused) or item.type is not None or item.reason == refusals.EMAIL
        for item in scan(cell)
    )


def _is_aside(label: str) -> bool:
    """Whether the first of two cells (`imphash`, `company`) says that the second is no value. Advisories list the thumbprints
    of certificates that sign malware among their values."""
    key = plain_key(label)
    described = field_of(label) is Field.CONTEXT or key == "description" or stated_type(label)[1]
    return described and not key.startswith("thumbprint")


def _host_as_promised(found: Found) -> list[Found]:
    """The name in a URL, for a column that promises names; none of a site that many share."""
    if isinstance(found, Refused) or found[0] is not IndicatorType.URL:
        return []
    try:
        (name,) = canonical_values(split_url(found[1])[1])
    except (Refused, ValueError):
        return []
    return [name] if name[0] is IndicatorType.DOMAIN and not is_cited(name[1]) else []


def _victim(cell: str) -> list[Found]:
    """The values of a cell as refused ones: they name the reported machine."""
    return [
        item if isinstance(item, Refused) else Refused(refusals.VICTIM, item[1], item[0])
        for item in whole_value(cell)
    ]


def facts_of(said: Mapping[Field, str], threat: str | None) -> Facts:
    """The facts that the texts of a record's fields state."""
    return Facts(
        threat=shortened(threat) if threat else None,
        source=shortened(said[Field.SOURCE]) if said.get(Field.SOURCE) else None,
        valid_from=read_date(said.get(Field.VALID_FROM, "")),
        valid_until=read_date(said.get(Field.VALID_UNTIL, "")),
        confidence=read_confidence(said.get(Field.CONFIDENCE, "")),
        tlp=read_tlp(said.get(Field.TLP, "")),
    )
