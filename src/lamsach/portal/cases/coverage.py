"""Coverage of the logs: days by observer for a case, gaps of a verification, unsearched units.

A zero without searched logs means nothing: tables, dashboard, home, reports and exports query
`find_unsearched`. A unit is searched once a whole day of its own log, or that of a unit below it, was
searched in the campaign, or a cut-off unit that submits figures states it. A branch without either counts
once, by its topmost unit. Rooms directly below a unit with its own logs are in that unit's logs: `shared`,
never "searched".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lamsach.portal.base.queries import in_parts
from lamsach.portal.campaigns.models import Campaign, Participation
from lamsach.portal.cases import tally
from lamsach.portal.cases.models import Case, CaseState, Note
from lamsach.portal.cases.verdict import ONE, Decision, Facts, is_after, is_covered, required_observers
from lamsach.portal.findings.contents import known_to_contain
from lamsach.portal.findings.models import AliveDay, CoverageDay
from lamsach.portal.units.models import UnitLink
from lamsach.portal.units.tree import on_day, today, under


@dataclass(slots=True)
class UnitCoverage:
    """Searched days of a unit in a campaign: digests of the lists by observer and day."""

    campaign_id: int
    days: dict[str, dict[date, set[str]]] = field(default_factory=dict)
    formats: dict[str, str] = field(default_factory=dict)
    _known: dict[frozenset[tuple[str, str]], frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, campaign_id: int, unit_id: int) -> UnitCoverage:
        """Load the coverage of a unit."""
        coverage = cls(campaign_id)
        rows = CoverageDay.objects.filter(campaign=campaign_id, unit=unit_id)
        for observer, day, digest, name in rows.values_list("observer", "day", "digest", "format").iterator(
            chunk_size=5000
        ):
            coverage.days.setdefault(observer, {}).setdefault(day, set()).add(digest)
            coverage.formats[observer] = name or coverage.formats.get(observer, "")
        return coverage

    def of_lists_with(self, indicators: Collection[tuple[str, str]]) -> dict[str, frozenset[date]]:
        """Days by observer searched with a list that has all these indicators (type, value)."""
        good = self._lists_with(frozenset(indicators))
        return {
            observer: frozenset(day for day, digests in days.items() if not good.isdisjoint(digests))
            for observer, days in self.days.items()
        }

    def _lists_with(self, indicators: frozenset[tuple[str, str]]) -> frozenset[str]:
        if indicators not in self._known:
            digests = {digest for days in self.days.values() for used in days.values() for digest in used}
            pairs = (
                known_to_contain(self.campaign_id, digests, indicators) if digests and indicators else set()
            )
            self._known[indicators] = frozenset(
                digest for digest in digests if all((digest, value) in pairs for _, value in indicators)
            )
        return self._known[indicators]


def alive_days(case: Case) -> frozenset[date]:
    """Days on which the machine appeared in its unit's logs, or was scanned."""
    rows = AliveDay.objects.filter(device=case.device_id) | AliveDay.objects.filter(
        device__into=case.device_id
    )
    scans = Note.objects.filter(case=case, bundle__isnull=False).values_list("at", flat=True)
    return frozenset({*rows.values_list("day", flat=True), *(timezone.localdate(at) for at in scans)})


@dataclass(frozen=True, slots=True)
class Gap:
    """Days without an observer's log since the cleaning; `other_list`: searched, but with other lists."""

    observer: str
    format: str
    first: date
    last: date
    days: int
    other_list: bool

    def record(self) -> dict[str, Any]:
        """The gap as stored with the case."""
        return {**asdict(self), "first": self.first.isoformat(), "last": self.last.isoformat()}


@dataclass(frozen=True, slots=True)
class Waiting:
    """Progress of a cleaned case: covered days, days on which the machine was seen, gaps in the logs."""

    quiet: int = 0
    alive: int = 0
    gaps: Sequence[Gap] = ()


def waiting_for(decisions: Sequence[Decision], facts: Facts, coverage: UnitCoverage, day: date) -> Waiting:
    """Progress of a cleaned case towards verification."""
    last = max(decisions, key=lambda decision: decision.moment)
    if last.state is not CaseState.CLEANED:
        return Waiting()
    observers = required_observers(facts.hits, last, facts.coverage)
    days = [last.day + ONE * number for number in range(1, (day - last.day).days)]
    if is_covered(day, observers, facts.coverage):
        days.append(day)
    covered = [each for each in days if is_covered(each, observers, facts.coverage)]
    gaps = [gap for observer in sorted(observers) if (gap := _gap(observer, days, facts.coverage, coverage))]
    return Waiting(len(covered), len(facts.alive & set(covered)), gaps)


def _gap(
    observer: str, days: Sequence[date], searched: Mapping[str, frozenset[date]], coverage: UnitCoverage
) -> Gap | None:
    missing = [missed for missed in days if missed not in searched.get(observer, frozenset())]
    if not missing:
        return None
    other_list = all(missed in coverage.days.get(observer, {}) for missed in missing)
    name = coverage.formats.get(observer, "")
    return Gap(observer, name, missing[0], missing[-1], len(missing), other_list)


def quiet_before(decisions: Sequence[Decision], facts: Facts) -> int:
    """Number of quiet days between the cleaning and the sighting that reopened the case."""
    last = max(decisions, key=lambda decision: decision.moment)
    after = [hit.day for hit in facts.hits if is_after(hit, last)]
    return (min(after) - last.day).days if after else 0


def since_yesterday(gap: Mapping[str, Any], today: date) -> bool:
    """Return whether a stored gap is still open: no log has arrived since its first day."""
    first, last = date.fromisoformat(gap["first"]), date.fromisoformat(gap["last"])
    return last >= today - timedelta(days=1) and (last - first).days + 1 == gap["days"]


LOG_KINDS = {
    "dns": _("DNS log"),
    "proxy": _("proxy log"),
    "firewall": _("firewall log"),
    "dhcp": _("DHCP log"),
    "": _("log"),
}
_BY_WORD = (
    ("dhcp", "dhcp"),
    ("dns", "dns bind unbound named adguard pihole infoblox umbrella"),
    ("proxy", "squid proxy bluecoat zscaler websense mcafee web_gateway"),
    (
        "firewall",
        "fortigate asa paloalto pan checkpoint mikrotik sophos pfsense iptables juniper srx "
        "sonicwall cef leef firewall huawei",
    ),
)


def log_kind(name: str) -> str:
    """Kind of log by the format's name: dns, proxy, firewall, dhcp or empty."""
    plain = name.casefold()
    return next((kind for kind, words in _BY_WORD if any(word in plain for word in words.split())), "")


@dataclass(frozen=True, slots=True)
class Lack:
    """Coverage of a unit: `nothing` searched; `shared`: in the logs above; unsearched units `below`."""

    nothing: bool
    shared: bool
    below: int


@dataclass(frozen=True, slots=True)
class Unsearched:
    """Unsearched parts of a subtree: `tops` of branches without logs; `shared` rooms of a unit with logs."""

    tops: frozenset[int]
    shared: frozenset[int]
    nothing: bool = False
    """Nothing was searched in the whole subtree: a zero means nothing."""

    def of(self, unit_id: int, lacking: Mapping[int, int]) -> Lack:
        """Coverage of a unit of the subtree; `lacking`: see `unsearched_by_child`."""
        return Lack(unit_id in self.tops, unit_id in self.shared, lacking.get(unit_id, 0))

    @property
    def count(self) -> int:
        """Number of unsearched branches."""
        return len(self.tops)


NOWHERE = Unsearched(frozenset(), frozenset())


def find_unsearched(
    campaign: Campaign,
    unit_id: int,
    day: date | None = None,
    statements: Sequence[tally.Statement] | None = None,
) -> Unsearched:
    """Unsearched parts of a unit's subtree by a day (today); `statements`: already loaded ones."""
    until = day or today()
    own = _with_logs(campaign, unit_id, until, statements)
    if not own:
        found = set(_children(until).filter(ancestor=unit_id).values_list("descendant", flat=True))
        return Unsearched(frozenset(found or {unit_id}), frozenset(), nothing=True)
    rows = _children(until).filter(ancestor__in=under([unit_id], until).values("descendant"))
    if len(own) < _PART:
        rows = rows.filter(
            ancestor__in=UnitLink.objects.filter(on_day(until), descendant__in=own).values("ancestor")
        )
    inner = Exists(_children(until).filter(ancestor=OuterRef("descendant")))
    pairs = list(rows.annotate(inner=inner).values_list("ancestor", "descendant", "inner"))
    above = _up(own, {child: parent for parent, child, _inner in pairs})
    tops: set[int] = set()
    shared: set[int] = set()
    for parent, child, has_inner in pairs:
        if parent in above and child not in above:
            (tops if has_inner or parent not in own else shared).add(child)
    return Unsearched(frozenset(tops), frozenset(shared))


def _up(units: Iterable[int], parents: Mapping[int, int]) -> set[int]:
    """The units and all above them."""
    reached: set[int] = set()
    for unit in units:
        current: int | None = unit
        while current is not None and current not in reached:
            reached.add(current)
            current = parents.get(current)
    return reached


def _with_logs(
    campaign: Campaign, unit_id: int, day: date, statements: Sequence[tally.Statement] | None = None
) -> set[int]:
    """Units of a subtree with searched logs of their own by a day, or stated as searched in a file."""
    searched = CoverageDay.objects.filter(campaign=campaign, day__lte=day).values("unit")
    elsewhere = Participation.objects.filter(campaign=campaign, searched_on__lte=day).values("unit")
    stated = [
        statement.unit_id
        for statement in (tally.newest(campaign, unit_id, day) if statements is None else statements)
        if (statement.counts.get("found") or statement.searched) and not statement.counts.get("by_unit")
    ]
    inside = under([unit_id], day).filter(Q(descendant__in=searched) | Q(descendant__in=elsewhere))
    return {*inside.values_list("descendant", flat=True), *stated}


def unsearched_by_child(
    found: Unsearched, children: Iterable[int], day: date | None = None
) -> dict[int, int]:
    """Number of unsearched branches in each of these units' subtrees, without zeros."""
    counted: dict[int, int] = {}
    links = (
        under(children, day).filter(descendant__in=found.tops)
        if len(found.tops) < _PART
        else under(children, day)
    )
    for child, unit in links.values_list("ancestor", "descendant"):
        if unit in found.tops:
            counted[child] = counted.get(child, 0) + 1
    return counted


def states(campaign: Campaign, unit_id: int, day: date | None = None) -> dict[int, str]:
    """Key of WORDS for each unit of a subtree: own logs, only below, only above, or none."""
    until = day or today()
    found = find_unsearched(campaign, unit_id, until)
    own = _with_logs(campaign, unit_id, until)
    if not own:
        return dict.fromkeys(under([unit_id], until).values_list("descendant", flat=True), "not_searched")
    by_unit = dict.fromkeys(under([unit_id], until).values_list("descendant", flat=True), "part")
    tops = sorted(found.tops)
    for part in in_parts(tops, _PART):
        inner = under(part, until).values_list("descendant", flat=True)
        by_unit.update(dict.fromkeys(inner, "not_searched"))
    return by_unit | dict.fromkeys(found.shared, "shared") | dict.fromkeys(own & by_unit.keys(), "searched")


WORDS = {
    "searched": _("logs searched"),
    "part": _("logs of units under it only"),
    "shared": _("no logs of its own"),
    "not_searched": _("not searched"),
}
_PART = 900


def _children(day: date) -> QuerySet[UnitLink]:
    return UnitLink.objects.filter(on_day(day), distance=1)
