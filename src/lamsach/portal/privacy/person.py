"""Search of a person's data in units, by name, user name, e-mail, IP or MAC address.

Identifier columns are compared as a whole, ignoring case; free text (log lines, notes, questions, letters) is
searched for the term as a word. Exactly the listed rows would be erased. Accounts of the portal's users are
excluded: they are managed on the page of people, and the audit trail must name them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import JSONField, Model, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.portal.awareness.models import Person
from lamsach.portal.cases.models import Case, Clarification, Exemption, Note, Step
from lamsach.portal.findings.models import Device, EvidenceLine
from lamsach.portal.fleet.models import Machine
from lamsach.portal.mail.models import Incoming, Letter
from lamsach.portal.sources.models import LiveSighting
from lamsach.portal.support.models import Message, Question
from lamsach.portal.traces.models import TraceRow

SHORTEST, LONGEST = 3, 200
MOST = 1000
"""Maximum shown rows of a source; all are erased."""


@dataclass(frozen=True, slots=True)
class Source:
    """Table with personal data.

    `whole`: columns compared as a whole, `inside`: columns searched for words, `unit`: lookup of the unit,
    `facts`: shown columns.
    """

    name: str
    title: Any
    model: type[Model]
    whole: tuple[str, ...]
    inside: tuple[str, ...]
    unit: str
    facts: tuple[str, ...]


def _source(
    name: str, title: Any, model: type[Model], whole: str, inside: str, unit: str, facts: str
) -> Source:
    return Source(name, title, model, tuple(whole.split()), tuple(inside.split()), unit, tuple(facts.split()))


SOURCES: tuple[Source, ...] = (
    _source("devices", _("Machines"), Device, "user name ip mac", "", "unit", "name ip mac user department"),
    _source(
        "cases",
        _("Who uses a machine"),
        Case,
        "person_name person_email",
        "",
        "unit",
        "person_name person_email state since",
    ),
    _source(
        "live",
        _("Live sightings"),
        LiveSighting,
        "user name ip mac",
        "text",
        "unit",
        "seen name ip mac user indicator",
    ),
    _source(
        "scanned", _("Machines that were scanned"), Machine, "name", "", "unit", "name department created"
    ),
    _source("lines", _("Log lines"), EvidenceLine, "", "text", "device__unit", "time file line text"),
    _source(
        "traces",
        _("Traces of public addresses"),
        TraceRow,
        "ip",
        "named",
        "trace__unit",
        "document line time_text ip machines",
    ),
    _source("notes", _("Notes of cases"), Note, "", "text who details", "case__unit", "at who text"),
    _source(
        "steps", _("Reasons of steps"), Step, "", "why unfollowed", "case__unit", "at after why unfollowed"
    ),
    _source(
        "exceptions", _("Reasons of exceptions"), Exemption, "", "reason", "unit", "asked indicator reason"
    ),
    _source(
        "clarifications", _("Answers about machines"), Clarification, "", "answer", "unit", "answered answer"
    ),
    _source(
        "people", _("People to inform"), Person, "name email", "", "unit", "name email department created"
    ),
    _source(
        "questions",
        _("Questions"),
        Question,
        "name email",
        "subject text",
        "unit",
        "number name email subject text",
    ),
    _source("messages", _("Answers to questions"), Message, "", "text who", "question__unit", "at who text"),
    _source("letters", _("Letters"), Letter, "to", "context", "unit", "created to kind subject"),
    _source(
        "incoming",
        _("E-mails that came in"),
        Incoming,
        "sender name",
        "subject text",
        "unit",
        "received sender name subject text",
    ),
)


def term_of(text: str) -> str:
    """Normalize a search term. InputError if too short to identify a person, or too long."""
    term = " ".join(text.replace("\x00", "").split())
    if not SHORTEST <= len(term) <= LONGEST:
        raise InputError(
            mark("Give at least three letters of a whole name, user name, e-mail or address."), term[:20]
        )
    return term


def word(term: str) -> re.Pattern[str]:
    """Compile the pattern of the term as a whole word."""
    return re.compile(rf"(?<!\w){re.escape(term)}(?!\w)", re.IGNORECASE)


def rows(source: Source, units: Iterable[int], term: str) -> QuerySet[Any]:
    """Query candidate rows of a source in these units; `matches` narrows free text further."""
    condition = Q(pk__in=[])
    for spelling in _spellings(term):
        for column in source.whole:
            condition |= Q(**{f"{column}__iexact": spelling})
        for column in source.inside:
            condition |= Q(**{f"{column}__icontains": spelling})
            if isinstance(source.model._meta.get_field(column), JSONField):
                condition |= Q(**{f"{column}__icontains": json.dumps(spelling)[1:-1]})
    manager: Any = source.model._default_manager
    query: QuerySet[Any] = manager.filter(condition, **{f"{source.unit}__in": list(units)})
    return query.order_by("pk")


def _spellings(term: str) -> set[str]:
    """Case variants of the term, since SQLite folds the case of ASCII only."""
    return {term, term.lower(), term.upper(), term.title()}


def matches(source: Source, row: Any, term: str) -> bool:
    """Return whether a row contains the term, as a whole value or as a word of its text."""
    if any(str(getattr(row, column)).casefold() == term.casefold() for column in source.whole):
        return True
    return any(word(term).search(_flat(getattr(row, column))) for column in source.inside)


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return "\n".join(_flat(item) for item in value.values())
    if isinstance(value, list):
        return "\n".join(map(_flat, value))
    return str(value)


COLUMN_LABELS: dict[str, Any] = {
    "name": _("Name"),
    "ip": _("IP address"),
    "mac": _("MAC address"),
    "user": _("User"),
    "department": _("Department"),
    "person_name": _("Who uses a machine"),
    "person_email": _("E-mail"),
    "email": _("E-mail"),
    "to": _("Recipient"),
    "sender": _("Sender"),
    "state": _("State"),
    "after": _("State"),
    "since": _("Since"),
    "seen": _("Seen"),
    "time": _("Seen"),
    "at": _("When"),
    "asked": _("When"),
    "answered": _("When"),
    "created": _("When"),
    "received": _("When"),
    "who": _("Person"),
    "indicator": _("Listed address"),
    "file": _("File"),
    "document": _("File"),
    "time_text": _("Seen"),
    "machines": _("Machines"),
    "line": _("Line"),
    "text": _("Text"),
    "why": _("Reason"),
    "unfollowed": _("Cleaned without a step of the playbook: why?"),
    "reason": _("Reason"),
    "answer": _("Answer"),
    "number": _("Number"),
    "subject": _("Subject"),
    "kind": _("Kind"),
}
"""Column headings by name; the JSON export uses the names."""


@dataclass(frozen=True, slots=True)
class Result:
    """Results of a source: shown rows and total count."""

    name: str
    title: Any
    facts: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    count: int

    @property
    def heads(self) -> tuple[Any, ...]:
        """Column headings."""
        return tuple(COLUMN_LABELS[fact] for fact in self.facts)

    @property
    def cells(self) -> list[list[tuple[Any, str]]]:
        """First rows for a page, as (heading, value) pairs."""
        return [list(zip(self.heads, row, strict=True)) for row in self.rows[:50]]


def _shown(row: Any, fact: str) -> str:
    value = getattr(row, fact)
    display = getattr(row, f"get_{fact}_display", None)
    if display is not None:
        return str(display())
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%H:%M %d/%m/%Y}"
    return f"{value:%d/%m/%Y}" if isinstance(value, date) else str(value or "")


def search(units: Iterable[int], term: str) -> list[Result]:
    """Search all sources for the term."""
    results = []
    unit_ids = list(units)
    for source in SOURCES:
        listed: list[tuple[str, ...]] = []
        count = 0
        for row in rows(source, unit_ids, term).iterator(chunk_size=500):
            if matches(source, row, term):
                count += 1
                if count <= MOST:
                    listed.append(tuple(_shown(row, fact) for fact in source.facts))
        if count:
            results.append(Result(source.name, source.title, source.facts, tuple(listed), count))
    return results
