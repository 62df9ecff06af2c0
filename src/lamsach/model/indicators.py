"""Entries of lists: indicators, their places in documents, and refused values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from lamsach.model.records import frozen_record


class IndicatorType(StrEnum):
    """Kind of an indicator (the subset of STIX observables that logs can show)."""

    IP = "ip"
    NETWORK = "network"
    DOMAIN = "domain"
    URL = "url"
    SHA256 = "sha256"
    SHA1 = "sha1"
    MD5 = "md5"
    JA3 = "ja3"
    JA4 = "ja4"
    EMAIL = "email"
    FILE_NAME = "file_name"


@frozen_record
class Reference:
    """Place of a value in a document: path as given, 1-based page (or sheet), 1-based row (or line).

    `words`: the surrounding text as its author wrote it; `table`: number of the table in the document, from
    1. Neither is compared.
    """

    document: str
    page: int | None = None
    row: int | None = None
    words: str | None = field(default=None, compare=False)
    table: int | None = field(default=None, compare=False)


@frozen_record
class Indicator:
    """Malicious address, name or hash from a list (STIX `indicator`, Zeek `Intel::Item`).

    `value` is canonical: see `lamsach.indicators.values.normalise`. `confidence` is 0 to 100 (STIX 2.1
    section 3.2). `other_references`: further places that list the same value.
    """

    type: IndicatorType
    value: str
    threat: str | None = None
    source: str | None = None
    reference: Reference | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    confidence: int | None = None
    tlp: str | None = None
    other_references: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Refused value or record, with its place and the reason; none is dropped silently."""

    reference: Reference
    value: str
    reason: str
    type: IndicatorType | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Input that could not be read, or not to its end: where, what, and the remedy.

    `minor`: only one statement of an otherwise readable input was left out (an inventory row that contradicts
    another).
    """

    where: str
    what: str
    todo: str = ""
    minor: bool = False
