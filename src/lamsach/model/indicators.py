"""Entries of lists: values, their places, and what was not taken."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from lamsach.model.records import made_often


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


@made_often
class Reference:
    """Place of a value in a document: the path as given, 1-based page (or sheet), 1-based row (or line).

    `words`: what the text says around it, as its author wrote it; `table`: the number of the document's table
    that lists it, from 1. Neither makes two places different.
    """

    document: str
    page: int | None = None
    row: int | None = None
    words: str | None = field(default=None, compare=False)
    table: int | None = field(default=None, compare=False)


@made_often
class Indicator:
    """One malicious address, name or hash from a list (STIX `indicator`, Zeek `Intel::Item`).

    `value` is canonical: see `lamsach.indicators.values.normalise`. `confidence` is 0 to 100 (STIX 2.1
    section 3.2). `other_references` names the further places that listed the same value.
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
    """A value or record that was not taken, its place and the reason. Nothing is dropped in silence."""

    reference: Reference
    value: str
    reason: str
    type: IndicatorType | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """A whole input that could not be read, or not to its end: what, where, what to do.

    `minor`: only a statement was left out of an input that was otherwise read (a row of an inventory that
    contradicts another).
    """

    where: str
    what: str
    todo: str = ""
    minor: bool = False
