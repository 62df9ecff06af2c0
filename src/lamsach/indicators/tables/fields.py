"""Columns of a list: headings, in Vietnamese and English, and parsing of their cells."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from lamsach.documents.headings import plain_key, spaced
from lamsach.documents.vocabulary import LISTS
from lamsach.indicators.judge.vocabulary import vocabulary
from lamsach.model import IndicatorType
from lamsach.model.indicator_types import ROWS, STATED_ONLY

UNSUPPORTED = vocabulary("unsupported_kinds")
"""Kinds of values (https://www.misp-project.org/datamodels/ and others) that are always refused."""


class Field(StrEnum):
    """Contents of a column, or of a record's key."""

    VALUE = "value"
    TYPE = "type"
    THREAT = "threat"
    THREAT_CLASS = "threat_class"
    """Kind of threat (`botnet_cc`), where no name is given."""
    NOTE = "note"
    SOURCE = "source"
    VALID_FROM = "valid_from"
    VALID_UNTIL = "valid_until"
    CONFIDENCE = "confidence"
    TLP = "tlp"
    VICTIM = "victim"
    """Address of a machine that a report calls infected or open: not an attacker's."""
    CONTEXT = "context"
    """Text that may look like an indicator but is none: a link to read, a version, a file's name."""


_TYPES: dict[str, IndicatorType | None] = {
    **{plain_key(word): row.type for row in ROWS for word in row.words.split("|")},
    **dict.fromkeys(UNSUPPORTED),
}
_SPACED_TYPES = {spaced(word): found for word, found in _TYPES.items()}


_DOTTED = re.compile(
    r"(source|destination|time|feed|classification|malware|protocol|event_description"
    r"|extra)\.(\w{1,40})(?:\.\w{1,40}){0,3}"
)
"""IntelMQ's field names of an event (https://docs.intelmq.org/latest/user/event/)."""
_DOTTED_FIELDS = {
    "ip": Field.VALUE, "fqdn": Field.VALUE, "url": Field.VALUE, "network": Field.VALUE, "hash": Field.VALUE,
    "malware.name": Field.THREAT, "classification.type": Field.THREAT_CLASS,
    "time.source": Field.VALID_FROM, "feed.name": Field.SOURCE, "feed.accuracy": Field.CONFIDENCE,
    "feed.url": Field.CONTEXT, "event_description.url": Field.CONTEXT, "event_description.text": Field.NOTE,
}  # fmt: skip


@lru_cache(4096)
def field_of(heading: str) -> Field | None:
    """Return the content of a column with this heading, or None for an unknown heading."""
    if heading.startswith("_geo_"):  # the place of an address in sensor reports (AnubisNetworks)
        return Field.CONTEXT
    if "." in heading and (match := _DOTTED.fullmatch(plain_key(heading))) is not None:
        return _DOTTED_FIELDS.get(match[0], _DOTTED_FIELDS.get(match[2], Field.CONTEXT))
    name = LISTS.name_of(heading)
    return None if name is None else Field(name)


_REPORT_COLUMNS = (
    frozenset({"timestamp", "ip", "asn", "geo"}),
    frozenset({"timestamp", "src_ip", "src_asn", "src_geo"}),
)
_VICTIM_COLUMNS = frozenset({"ip", "hostname", "src_ip", "src_hostname"})


def victims(headings: Mapping[int, str]) -> frozenset[int]:
    """Return the columns of the reported machine in a report of https://www.shadowserver.org/; else empty."""
    keys = {place: plain_key(text) for place, text in headings.items()}
    known = any(set(keys.values()) >= columns for columns in _REPORT_COLUMNS)
    if not known or not {"tag", "infection", "region", "src_region"} & set(keys.values()):
        return frozenset()
    return frozenset(place for place, key in keys.items() if key in _VICTIM_COLUMNS)


def type_of_heading(heading: str) -> IndicatorType | None:
    """Return the type of value that a heading promises (`Tên miền`: a domain), or None."""
    key = plain_key(heading)
    return _TYPES.get(key, _TYPES.get(key.replace("_", " ")))


@lru_cache(4096)
def stated_type(text: str) -> tuple[IndicatorType | None, bool]:
    """Return the type that a type column's cell states, and whether it is unsupported.

    Composite MISP types (`filename|sha256`, `domain|ip`) state none: their parts are read by content.
    """
    key = plain_key(text)
    if "|" in key:
        return None, all(map(_is_skipped, key.removesuffix("|value").split("|")))
    known, word = (_TYPES, key) if key in _TYPES else (_SPACED_TYPES, spaced(key))
    return known.get(word), word in known and known[word] is None


def _is_skipped(part: str) -> bool:
    """Return whether a part of a composite value is skipped: unsupported, or the name of a file."""
    return _TYPES.get(part, IndicatorType.IP) in (None, IndicatorType.FILE_NAME)


def is_never_in_text(text: str) -> bool:
    """Return whether a text names a type that is never accepted from running text."""
    kind, unsupported = stated_type(text)
    return unsupported or kind in STATED_ONLY


def supported_part(kind: str, value: str) -> str:
    """Return the parts of a composite value (`filename|md5`) that logs show; other values unchanged."""
    key = plain_key(kind).replace("malware-sample", "filename|md5")
    kinds, parts = key.split("|"), value.split("|")
    if len(kinds) < 2 or len(kinds) != len(parts):
        return value
    return "|".join(part for name, part in zip(kinds, parts, strict=True) if not _is_skipped(plain_key(name)))


_DATE_FORMATS = (
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y",
    "%d-%m-%Y", "%d.%m.%Y", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d", "%Y%m%d", "%d %b %Y", "%d %B %Y", "%b %d, %Y",
    "%d-%b-%Y",
)  # fmt: skip
_EXCEL_EPOCH = datetime(1899, 12, 30, tzinfo=UTC)


@lru_cache(4096)
def read_date(text: str) -> datetime | None:
    """Parse a date as lists write it (ISO 8601, day first, epoch seconds, Excel's serial) in UTC, or None."""
    text = text.strip().strip("\"'")
    if not text or len(text) > 40:
        return None
    try:
        if re.fullmatch(r"\d+(?:\.\d+)?", text, re.ASCII) and len(text) != 8:
            return _from_number(float(text))
        if len(text) >= 10 and text[4] == "-":
            found = datetime.fromisoformat(text.replace(" UTC", "+00:00"))
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    for pattern in _DATE_FORMATS:
        try:
            return datetime.strptime(text, pattern).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


def _from_number(number: float) -> datetime | None:
    if 20000 < number < 80000:
        return _EXCEL_EPOCH + timedelta(days=number)
    for unit in (1, 1000, 1_000_000):
        if 3e8 < number / unit < 5e9:
            return datetime.fromtimestamp(number / unit, UTC)
    return None


_CONFIDENCE_WORDS = {
    "high": 85, "medium": 50, "low": 15, "cao": 85, "trung binh": 50, "thap": 15, "none": 0, "moderate": 50,
    "very high": 95, "rat cao": 95,
}  # fmt: skip


def read_confidence(text: str) -> int | None:
    """Parse 0 to 100 from a number, percentage, fraction or word (STIX 2.1 appendix A), or None."""
    key = plain_key(text).removesuffix("%").strip()
    if key in _CONFIDENCE_WORDS:
        return _CONFIDENCE_WORDS[key]
    try:
        number = float(key.replace(",", "."))
    except ValueError:
        return None
    if 0 < number < 1:
        number *= 100
    return round(number) if 0 <= number <= 100 else None


_TLP = re.compile(r"(?:tlp)?\s*[:\-]?\s*(red|amber\+strict|amber|green|clear|white)", re.IGNORECASE)


def read_tlp(text: str) -> str | None:
    """Parse a traffic light (https://www.first.org/tlp/), `white` as today's `clear`, or None."""
    match = _TLP.fullmatch(text.strip())
    return match[1].lower().replace("white", "clear") if match else None
