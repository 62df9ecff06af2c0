"""What the portal knows of one person in a unit, by a name, user name, e-mail, IP or MAC address; and erasing it.

Columns that hold such a value are compared as a whole, whatever the case; free text (log lines, notes, questions, letters) is searched for it as a word. What is listed is
what would be erased. Members of the portal's staff are no matter of this page: their accounts end on the page of people, and the audit trail has to name them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.portal.audit.trail import record
from lamsach.portal.awareness.models import Person
from lamsach.portal.cases.models import Case, Clarification, Exemption, Note, Step
from lamsach.portal.cases.searching import index
from lamsach.portal.findings.models import Appearance, Bundle, Device, EvidenceLine, Identity
from lamsach.portal.mail.models import Incoming, Letter, LetterState
from lamsach.portal.mail.retention import forget
from lamsach.portal.privacy.files import ERASED
from lamsach.portal.privacy.holds import held_cases, held_units
from lamsach.portal.privacy.models import Erasure
from lamsach.portal.privacy.retention import drop_bundle
from lamsach.portal.sources.models import LiveSighting
from lamsach.portal.support.models import Message, Question
from lamsach.portal.units.models import Unit

MASK = "█"
SHORTEST, LONGEST = 3, 200
MOST = 1000
"""At most so many rows of a kind are shown; all are erased."""


@dataclass(frozen=True, slots=True)
class Source:
    """A table that may know of somebody: words for people, the columns compared as a whole, those searched as text, and the way to its unit."""

    name: str
    title: Any
    model: type[Model]
    whole: tuple[str, ...]
    inside: tuple[str, ...]
    unit: str
    facts: tuple[str, ...]


SOURCES: tuple[Source, ...] = (
    Source("devices", _("Machines"), Device, ("user", "name", "ip", "mac"), (), "unit", ("name", "ip", "mac", "user", "department")),
    Source("cases", _("Who uses a machine"), Case, ("person_name", "person_email"), (), "unit", ("person_name", "person_email", "state", "since")),
    Source("live", _("Live sightings"), LiveSighting, ("user", "name", "ip", "mac"), ("text",), "unit", ("seen", "name", "ip", "mac", "user", "indicator")),
    Source("lines", _("Log lines"), EvidenceLine, (), ("text",), "device__unit", ("time", "file", "line", "text")),
    Source("notes", _("Notes of cases"), Note, (), ("text", "who", "details"), "case__unit", ("at", "who", "text")),
    Source("steps", _("Reasons of steps"), Step, (), ("why",), "case__unit", ("at", "after", "why")),
    Source("exceptions", _("Reasons of exceptions"), Exemption, (), ("reason",), "unit", ("asked", "indicator", "reason")),
    Source("clarifications", _("Answers about machines"), Clarification, (), ("answer",), "unit", ("answered", "answer")),
    Source("people", _("People who are told"), Person, ("name", "email"), (), "unit", ("name", "email", "department", "created")),
    Source("questions", _("Questions"), Question, ("name", "email"), ("subject", "text"), "unit", ("number", "name", "email", "subject", "text")),
    Source("messages", _("Answers to questions"), Message, (), ("text", "who"), "question__unit", ("at", "who", "text")),
    Source("letters", _("Letters"), Letter, ("to",), ("context",), "unit", ("created", "to", "kind", "subject")),
    Source("incoming", _("E-mails that came in"), Incoming, ("sender", "name"), ("subject", "text"), "unit", ("received", "sender", "name", "subject", "text")),
)  # fmt: skip


def term_of(text: str) -> str:
    """The search term. InputError for one that is too short to mean one person."""
    term = " ".join(text.replace("\x00", "").split())
    if not SHORTEST <= len(term) <= LONGEST:
        raise InputError(
            mark("Give at least three letters of a whole name, user name, e-mail or address."), term[:20]
        )
    return term


def _word(term: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(term)}(?!\w)", re.IGNORECASE)


def rows(source: Source, units: Iterable[int], term: str) -> QuerySet[Any]:
    """The rows of a table that know of the term, in these units. Free text is narrowed further by `matches`."""
    condition = Q(pk__in=[])
    for column in source.whole:
        condition |= Q(**{f"{column}__iexact": term})
    for column in source.inside:
        condition |= Q(**{f"{column}__icontains": term})
    manager: Any = source.model._default_manager
    found: QuerySet[Any] = manager.filter(condition, **{f"{source.unit}__in": list(units)})
    return found.order_by("pk")


def matches(source: Source, row: Any, term: str) -> bool:
    """Whether the row really holds the term: as a whole, or as a word of its text."""
    if any(str(getattr(row, column)).casefold() == term.casefold() for column in source.whole):
        return True
    return any(_word(term).search(_flat(getattr(row, column))) for column in source.inside)


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return "\n".join(_flat(item) for item in value.values())
    if isinstance(value, list):
        return "\n".join(map(_flat, value))
    return str(value)


@dataclass(frozen=True, slots=True)
class Known:
    """What a table knows: words for people, the headings, the rows shown, how many there are in all."""

    name: str
    title: Any
    facts: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    count: int


def known(units: Iterable[int], term: str) -> list[Known]:
    """What is known of the term, table by table."""
    found = []
    wanted = list(units)
    for source in SOURCES:
        listed = [
            row
            for row in rows(source, wanted, term)[:50_000].iterator(chunk_size=500)
            if matches(source, row, term)
        ]
        if listed:
            shown = tuple(
                tuple(str(getattr(row, fact) or "") for fact in source.facts) for row in listed[:MOST]
            )
            found.append(Known(source.name, source.title, source.facts, shown, len(listed)))
    return found


@transaction.atomic
def erase(units: Iterable[int], unit: Unit, term: str, reason: str, by: Any) -> Counter[str]:
    """Erase what is known of the term in these units, except what a legal hold keeps (counted as `held`). `unit`: in whose name."""
    wanted = set(units)
    keep_units, keep_cases = held_units(), held_cases()
    counts: Counter[str] = Counter()
    touched: set[int] = set()
    for source in SOURCES:
        for row in list(rows(source, wanted, term)):
            if not matches(source, row, term):
                continue
            if _is_held(row, keep_units, keep_cases):
                counts["held"] += 1
                continue
            _ERASERS[source.name](source, row, term)
            counts[source.name] += 1
            touched |= _cases_of(row)
    index(Case.objects.filter(pk__in=touched))
    user: Any = getattr(by, "user", by)
    made = Erasure.objects.create(unit=unit, user=user, reason=reason, counts=dict(counts))
    details: dict[str, Any] = dict(counts)
    record(by, "privacy.erased", made, unit, **details)
    return counts


def _cases_of(row: Any) -> set[int]:
    """The cases whose words for the search change with the row."""
    if isinstance(row, Device):
        members = [row.pk, row.into_id or row.pk]
        return set(Case.objects.filter(device__in=members).values_list("pk", flat=True))
    return {row.pk} if isinstance(row, Case) else {row.case_id} if isinstance(row, Note) else set()


def _is_held(row: Any, units: set[int], cases: set[int]) -> bool:
    device = row if isinstance(row, Device) else row.device if isinstance(row, EvidenceLine) else None
    if device is not None:
        standing = device.into_id or device.pk
        held = Case.objects.filter(device__in=(device.pk, standing), pk__in=cases)
        return device.unit_id in units or held.exists()
    case = row if isinstance(row, Case) else row.case if isinstance(row, (Note, Step)) else None
    if case is not None:
        return case.pk in cases or case.unit_id in units
    about = row.question if isinstance(row, Message) else row
    return about.unit_id in units


def _device(source: Source, row: Any, term: str) -> None:
    """The columns that say it; the other hunts' records of the machine and the bundles as they came."""
    changed = {column: "" for column in source.whole if getattr(row, column).casefold() == term.casefold()}
    if set(changed) - {"user"}:
        Identity.objects.filter(device=row, value__icontains=term).delete()
    if term.casefold() in row.key.casefold():
        changed["key"] = f"erased:{row.pk}"
        Identity.objects.filter(device=row, kind="key").delete()
    Device.objects.filter(pk=row.pk).update(**changed)
    Appearance.objects.filter(device=row).update(record={})
    for bundle in Bundle.objects.filter(appearances__device=row).exclude(path=ERASED):
        drop_bundle(bundle)


def _columns(source: Source, row: Any, term: str) -> None:
    """Empty what holds it as a whole, mask it in the text."""
    values: dict[str, Any] = {
        column: "" for column in source.whole if str(getattr(row, column)).casefold() == term.casefold()
    }
    for column in source.inside:
        values[column] = _masked(getattr(row, column), _word(term))
    source.model._default_manager.filter(pk=row.pk).update(**values)


def _masked(value: Any, word: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return word.sub(MASK, value)
    if isinstance(value, dict):
        return {name: _masked(item, word) for name, item in value.items()}
    return [_masked(item, word) for item in value] if isinstance(value, list) else value


def _line(source: Source, row: Any, term: str) -> None:
    """A log line keeps its digest, so that the same line of another bundle does not come back."""
    EvidenceLine.objects.filter(pk=row.pk).update(text=_word(term).sub(MASK, row.text))


def _told(source: Source, row: Any, term: str) -> None:
    """The person goes; that somebody was told stays for the count."""
    row.delete()


def _letter(source: Source, row: Any, term: str) -> None:
    Letter.objects.filter(pk=row.pk, state=LetterState.QUEUED).update(state=LetterState.CANCELLED)
    Letter.objects.filter(pk=row.pk).update(to="", context={}, subject="", problem="")


def _mail(source: Source, row: Any, term: str) -> None:
    forget(Incoming.objects.filter(pk=row.pk))


_ERASERS: dict[str, Callable[[Source, Any, str], None]] = {
    "devices": _device,
    "cases": _columns,
    "live": _columns,
    "lines": _line,
    "notes": _columns,
    "steps": _columns,
    "exceptions": _columns,
    "clarifications": _columns,
    "people": _told,
    "questions": _columns,
    "messages": _columns,
    "letters": _letter,
    "incoming": _mail,
}
