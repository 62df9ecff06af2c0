"""Cells and headings of a table: the values of a cell or row, and the columns that hold values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lamsach.documents.headings import plain_key
from lamsach.indicators.judge.loop import decide
from lamsach.indicators.judge.references import is_cited
from lamsach.indicators.judge.rule import Rule, Scope
from lamsach.indicators.judge.tables import REMOVED, Row
from lamsach.indicators.judge.verdicts import JUDGING, judge_cell, row_rule
from lamsach.indicators.judge.vocabulary import vocabulary
from lamsach.indicators.tables.fields import (
    Field,
    field_of,
    is_never_in_text,
    read_confidence,
    read_date,
    read_tlp,
    type_of_heading,
    victims,
)
from lamsach.indicators.text.extract import Found, scan
from lamsach.indicators.values import addresses, refusals
from lamsach.indicators.values.names import is_file_extension, split_url
from lamsach.indicators.values.normalise import Refused, canonical_values
from lamsach.indicators.values.records import Facts, read_text, several_values, shorten, whole_value
from lamsach.model import IndicatorType
from lamsach.model.indicator_types import DIGESTS

_NOTHING = re.compile(r"[\s\-–—_=:*.|?/]*|n/?a|none|null|unknown|không|-+", re.IGNORECASE)
_NAME_PART = re.compile(r"[\w.\[\](){}-]{4,253}")
_MAX_NAMES = 16
_SOURCE_LINE = re.compile(
    r"\W{0,4}(?:source|references?|report|blog(?: post)?|more info(?:rmation)?|nguồn(?: tin)?"
    r"|tham khảo|xem thêm|báo cáo)\s{0,3}[:=-]\s{0,3}https?://",
    re.IGNORECASE,
)
"""A row that states the list's source."""


def filled_cells(cells: Iterable[str]) -> dict[int, str]:
    """Return the cells of a row with content, by their indices."""
    return {
        place: text
        for place, cell in enumerate(cells)
        if (text := cell.strip()) and not _NOTHING.fullmatch(text)
    }


def value_cell(cell: str, kind: IndicatorType | None, *, unsupported: bool) -> list[Found]:
    """Return the values of a cell in a value column. `unsupported`: the row states an unsupported type."""
    if unsupported:
        return [Refused(refusals.UNSUPPORTED_TYPE, shorten(cell, refusals.MAX_VALUE))]
    if kind is IndicatorType.DOMAIN and "/" in cell and (names := _slashed_names(cell)):
        return names
    found = read_text(cell, kind)
    return judge_cell(found, in_sentence=True) if " " in cell.strip() else found


def _slashed_names(cell: str) -> list[Found]:
    """Return the names of a cell separated by slashes (`evil-a.site/evil-b.site`), or an empty list."""
    parts = [part.strip() for part in cell.split("/")]
    if not 1 < len(parts) <= _MAX_NAMES or not all(map(_NAME_PART.fullmatch, parts)):
        return []
    found = [item for part in parts for item in whole_value(part)]
    names = [item for item in found if not isinstance(item, Refused) and item[0] is IndicatorType.DOMAIN]
    files = any(map(is_file_extension, (part.rpartition(".")[2].lower() for part in parts[1:])))
    return found if len(names) == len(parts) and not files else []


def scattered_values(filled: Mapping[int, str], fields: Mapping[int, Field]) -> list[Found]:
    """Return the values in the text of the cells, for a row with no cell that is a value."""
    read = (None, Field.NOTE) if Field.VALUE in fields.values() else (None, Field.NOTE, Field.THREAT)
    text = " ; ".join(cell for place, cell in filled.items() if fields.get(place) in read)
    if _SOURCE_LINE.match(text):
        return judge_cell(scan(text), of_source=True)
    whole = shorten(" ; ".join(filled.values()), refusals.MAX_VALUE)
    return judge_cell(read_text(text), in_sentence=True) if text else [Refused(refusals.NOT_A_VALUE, whole)]


def holds_value(cell: str) -> bool:
    """Return whether a cell holds a value, also after a label (`MD5: 0f4c..`), so that it is no heading."""
    return bool(whole_value(cell)) or any(
        not isinstance(item, Refused) or item.type is not None or item.reason == refusals.EMAIL
        for item in scan(cell)
    )


def is_aside(label: str) -> bool:
    """Return whether a row's first cell (`imphash`, `company`) states that the second is no value.

    Advisories list the thumbprints of certificates that sign malware among their values.
    """
    key = plain_key(label)
    described = field_of(label) is Field.CONTEXT or key == "description" or is_never_in_text(label)
    return described and not key.startswith("thumbprint")


def host_as_promised(found: Found) -> list[Found]:
    """Return the name in a URL, for a column that promises names; none of a site that many share."""
    if isinstance(found, Refused) or found[0] is not IndicatorType.URL:
        return []
    try:
        (name,) = canonical_values(split_url(found[1])[1])
    except (Refused, ValueError):
        return []
    return [name] if name[0] is IndicatorType.DOMAIN and not is_cited(name[1]) else []


def refuse_victim(cell: str) -> list[Found]:
    """Refuse the values of a cell: they name the reported machine."""
    return judge_cell(whole_value(cell) or several_values(cell), field=Field.VICTIM)


def facts_of(texts: Mapping[Field, str], threat: str | None) -> Facts:
    """Return the facts that the texts of a record's fields state."""
    return Facts.of(
        threat,
        texts.get(Field.SOURCE),
        valid_from=read_date(texts.get(Field.VALID_FROM, "")),
        valid_until=read_date(texts.get(Field.VALID_UNTIL, "")),
        confidence=read_confidence(texts.get(Field.CONFIDENCE, "")),
        tlp=read_tlp(texts.get(Field.TLP, "")),
    )


_FIRST = vocabulary("first_addresses")
_LAST = vocabulary("last_addresses")
_NETWORKS = vocabulary("networks")
_MASKS = vocabulary("masks")
_MASK = re.compile(r"/?\d{1,2}|/?(?:255|254|252|248|240|224|192|128)(?:\.\d{1,3}){3}", re.ASCII)


def _pair(keys: Mapping[int, str], firsts: frozenset[str], lasts: frozenset[str]) -> tuple[int, int] | None:
    """Return the single column of each of two kinds, if the headings promise both."""
    first = [place for place, key in keys.items() if key in firsts]
    last = [place for place, key in keys.items() if key in lasts]
    return (first[0], last[0]) if len(first) == 1 and len(last) == 1 else None


_NAME_KEYS = frozenset({"domain", "fqdn"})
"""Columns of feeds that hold names in any spelling; people's headings promise less."""
_FINGERPRINTS = frozenset({"ja3", "ja3s", "ja3_md5", "ja3s_md5", "ja3_fingerprint", "ja4", "ja4s", "jarm"})
"""Columns of TLS handshake digests, which are no file's."""
_PARTS_OF_A_PROGRAM = frozenset({"raw size", "entropy"})
"""Columns of a table of a program's sections, each with its own digest."""
_CALLED = frozenset({"name", "names", "app name", "ten", "ten ung dung"})
"""Columns of a thing's name, where others hold its values."""


@dataclass(slots=True)
class Headings:
    """The last row of headings. `fields` is None before the first one."""

    fields: dict[int, Field] | None = None
    types: dict[int, IndicatorType | None] = field(default_factory=dict)
    """The type of value that a column of values promises."""
    count: int = 0
    """Count of different rows of headings met in succession, i.e. of tables that nothing else separates."""
    only_value: int | None = None
    """The single column of values, if there is exactly one."""
    loose: bool = False
    """Whether the headings are in a comment, which may have other columns than the rows."""
    bounds: tuple[int, int] | None = None
    """The columns of the first and the last address of a range."""
    masked: tuple[int, int] | None = None
    """The columns of a network's address and its mask."""
    names: frozenset[int] = frozenset()
    """The columns that promise names, in any spelling."""
    fingerprints: frozenset[int] = frozenset()
    """The columns of digests of anything but files."""
    withdraws: bool = False
    """Whether the table lists withdrawn entries."""
    action: int | None = None
    """The column that states whether a row's values are blocked or allowed, beside one of expiry."""
    judging: dict[int, str] = field(default_factory=dict)
    """The columns whose cells judge a row's values, with the plain keys of their headings."""
    width: int = 0
    """Number of columns of the last row of headings."""
    row: int = 0
    """Number of the last row of headings."""
    _texts: tuple[str, ...] = ()

    def read(self, filled: Mapping[int, str], number: int, *, least: int) -> bool:
        """Read a row of headings, which holds until the next; two successive ones are merged."""
        keys = {place: plain_key(cell) for place, cell in filled.items()}
        fields = {place: found for place, cell in filled.items() if (found := field_of(cell)) is not None}
        fields.update(dict.fromkeys(victims(filled), Field.VICTIM))
        values = [place for place, found in fields.items() if found is Field.VALUE]
        if values:
            fields.update({place: Field.CONTEXT for place, key in keys.items() if key in _CALLED})
        if not _are_headings(filled, fields, least) or not (values or len(fields) >= 2):
            return False
        follows = self.fields is not None and number == self.row + 1
        if not values and self.fields is not None and not follows:
            return False
        types = {place: type_of_heading(filled[place]) for place in values}
        if self.fields is not None and follows:
            fields, types = {**self.fields, **fields}, {**self.types, **types}
        if (headings := tuple(keys.values())) != self._texts:
            self.count += number != self.row + 1 or not self.count
            self._texts = headings
        self.fields, self.types, self.row, self.width = fields, types, number, max(filled) + 1
        self.bounds, self.masked = _pair(keys, _FIRST, _LAST), _pair(keys, _NETWORKS, _MASKS)
        self.fingerprints = frozenset(place for place, key in keys.items() if key in _FINGERPRINTS)
        self.withdraws = set(keys.values()) >= REMOVED
        actions = (place for place, key in keys.items() if key == "action")
        self.action = next(actions, None) if any("expir" in key for key in keys.values()) else None
        self.judging = {place: key for place, key in keys.items() if key in JUDGING}
        self.names = frozenset(place for place in values if keys[place] in _NAME_KEYS)
        if set(keys.values()) >= _PARTS_OF_A_PROGRAM:
            fields.update(dict.fromkeys(values, Field.CONTEXT))
            self.fingerprints |= frozenset(values)
        columns = [place for place, named in fields.items() if named is Field.VALUE]
        alone = len(columns) == 1 and self.masked is None and self.bounds is None
        self.only_value = columns[0] if alone else None
        return True

    @property
    def promising(self) -> bool:
        """Return whether headings that promise values were met."""
        return self.fields is not None and Field.VALUE in self.fields.values()

    def span(self, cells: Mapping[int, str]) -> str | None:
        """Return the range or network of the IPv4 addresses that a row has in two columns, or None."""
        for columns in filter(None, (self.bounds, self.masked)):
            first, last = (cells.get(place, "") for place in columns)
            if addresses.parse_v4(first) is None:
                continue
            if columns is self.bounds and addresses.parse_v4(last) is not None:
                return f"{first}-{last}"
            if columns is self.masked and _MASK.fullmatch(last):
                return f"{first}/{last.lstrip('/')}"
        return None

    def rule(self, filled: Mapping[int, str]) -> Rule | None:
        """Return the rule by which the headings, or a row's cells under them, judge the row, or None."""
        action = "" if self.action is None else filled.get(self.action, "")
        rule = decide(Scope.ROW, Row(self.withdraws, action)) if self.withdraws or action else None
        if rule is not None:
            return rule
        fields = self.fields or {}
        other_cells = {place: cell for place, cell in filled.items() if fields.get(place) is not Field.VALUE}
        return row_rule(other_cells, self.judging)


def _are_headings(filled: Mapping[int, str], fields: Mapping[int, Field], least: int) -> bool:
    reported = Field.VICTIM in fields.values()  # a report's many columns need not all be known
    others = (cell for place, cell in filled.items() if place not in fields or ":" in cell or "=" in cell)
    enough = reported or len(fields) >= max(least, 1 + len(filled) // 4)
    return enough and not any(map(holds_value, others))


def kind_of(filled: Mapping[int, str], fields: Mapping[int, Field]) -> str:
    """Return the type that a row states for its values, or an empty text."""
    return next(
        (filled[place] for place, named in fields.items() if named is Field.TYPE and place in filled), ""
    )


def kind_in_row(filled: Mapping[int, str]) -> IndicatorType | None:
    """Return the digest type that exactly one cell of a row without a type column names, or None."""
    kinds = {
        kind for cell in filled.values() if len(cell) < 24 and (kind := type_of_heading(cell)) in DIGESTS
    }
    return kinds.pop() if len(kinds) == 1 else None
