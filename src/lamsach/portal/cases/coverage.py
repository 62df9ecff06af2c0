"""Searched logs: by observer and day for a case, what a verification lacks, and units not searched.

Nothing found where nobody searched says nothing: tables, dashboard, home, reports and exports ask
`searching`. A unit is searched once a whole day of a log of its own, or of a unit under it, was searched in
the campaign, or a cut-off unit that hands in figures says so. A branch with nothing of this counts once, by
its topmost unit. Rooms directly under a unit with logs of its own are in that unit's logs: `shared`, never
"searched".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lamsach.portal.campaigns.models import Campaign, Participation
from lamsach.portal.cases import tally
from lamsach.portal.cases.models import Case, CaseState, Note
from lamsach.portal.cases.verdict import ONE, Decision, Facts, is_after, is_covered, required
from lamsach.portal.findings.contents import holding
from lamsach.portal.findings.models import AliveDay, CoverageDay
from lamsach.portal.units.models import UnitLink
from lamsach.portal.units.tree import on_day, today, under


@dataclass(slots=True)
class UnitCoverage:
    """Searched days of a unit in a campaign: by observer and day the digests of the lists."""

    campaign_id: int
    days: dict[str, dict[date, set[str]]] = field(default_factory=dict)
    formats: dict[str, str] = field(default_factory=dict)
    _known: dict[frozenset[tuple[str, str]], frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, campaign_id: int, unit_id: int) -> UnitCoverage:
        """Read it."""
        made = cls(campaign_id)
        rows = CoverageDay.objects.filter(campaign=campaign_id, unit=unit_id)
        for observer, day, digest, name in rows.values_list("observer", "day", "digest", "format").iterator(
            chunk_size=5000
        ):
            made.days.setdefault(observer, {}).setdefault(day, set()).add(digest)
            made.formats[observer] = name or made.formats.get(observer, "")
        return made

    def of_lists_with(self, indicators: Collection[tuple[str, str]]) -> dict[str, frozenset[date]]:
        """Days by observer searched with a list that holds all these indicators (type, value)."""
        good = self._lists_with(frozenset(indicators))
        return {
            observer: frozenset(day for day, digests in days.items() if not good.isdisjoint(digests))
            for observer, days in self.days.items()
        }

    def _lists_with(self, indicators: frozenset[tuple[str, str]]) -> frozenset[str]:
        if indicators not in self._known:
            digests = {digest for days in self.days.values() for held in days.values() for digest in held}
            pairs = holding(self.campaign_id, digests, indicators) if digests and indicators else set()
            self._known[indicators] = frozenset(
                digest for digest in digests if all((digest, value) in pairs for _, value in indicators)
            )
        return self._known[indicators]


def alive_days(case: Case) -> frozenset[date]:
    """The days on which the machine was seen in its unit's logs, or was scanned."""
    rows = AliveDay.objects.filter(device=case.device_id) | AliveDay.objects.filter(
        device__into=case.device_id
    )
    scans = Note.objects.filter(case=case, bundle__isnull=False).values_list("at", flat=True)
    return frozenset({*rows.values_list("day", flat=True), *(timezone.localdate(at) for at in scans)})


@dataclass(frozen=True, slots=True)
class Gap:
    """Days without an observer's log since the cleaning; `other_list`: not searched for all that was seen."""

    observer: str
    format: str
    first: date
    last: date
    days: int
    other_list: bool

    def record(self) -> dict[str, Any]:
        """As it is kept with the case."""
        return {
            "observer": self.observer,
            "format": self.format,
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "days": self.days,
            "other_list": self.other_list,
        }


@dataclass(frozen=True, slots=True)
class Waiting:
    """Progress of a cleaned case: covered days, days on which the machine was seen, gaps in the logs."""

    quiet: int = 0
    alive: int = 0
    gaps: Sequence[Gap] = ()


def waiting_for(decisions: Sequence[Decision], facts: Facts, coverage: UnitCoverage, day: date) -> Waiting:
    """Return how far a cleaned case is on its way to verified."""
    last = max(decisions, key=lambda decision: decision.moment)
    if last.state is not CaseState.CLEANED:
        return Waiting()
    observers = required(facts.hits, last, facts.coverage)
    days = [last.day + ONE * number for number in range(1, (day - last.day).days)]
    if is_covered(day, observers, facts.coverage):
        days.append(day)
    covered = [one for one in days if is_covered(one, observers, facts.coverage)]
    gaps = [gap for observer in sorted(observers) if (gap := _gap(observer, days, facts.coverage, coverage))]
    return Waiting(len(covered), len(facts.alive & set(covered)), gaps)


def _gap(
    observer: str, days: Sequence[date], searched: Mapping[str, frozenset[date]], coverage: UnitCoverage
) -> Gap | None:
    missing = [one for one in days if one not in searched.get(observer, frozenset())]
    if not missing:
        return None
    other = all(one in coverage.days.get(observer, {}) for one in missing)
    name = coverage.formats.get(observer, "")
    return Gap(observer, name, missing[0], missing[-1], len(missing), other)


def quiet_before(decisions: Sequence[Decision], facts: Facts) -> int:
    """Return how many quiet days lay between the cleaning and the sighting that reopened the case."""
    last = max(decisions, key=lambda decision: decision.moment)
    after = [hit.day for hit in facts.hits if is_after(hit, last)]
    return (min(after) - last.day).days if after else 0


def since_yesterday(gap: Mapping[str, Any], today: date) -> bool:
    """Return whether a kept gap reaches until now: the log has not come since its first day."""
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
    """Return what kind of log a format is of, by its name: dns, proxy, firewall, dhcp or nothing."""
    plain = name.casefold()
    return next((kind for kind, words in _BY_WORD if any(word in plain for word in words.split())), "")


@dataclass(frozen=True, slots=True)
class Lack:
    """Lack of a unit: `nothing` was searched; it is in the logs above (`shared`); units `below` it lack."""

    nothing: bool
    shared: bool
    below: int


@dataclass(frozen=True, slots=True)
class Searching:
    """Unsearched parts of a subtree: `tops` of branches without logs; `shared` rooms of a unit with logs."""

    tops: frozenset[int]
    shared: frozenset[int]
    nothing: bool = False
    """Nothing was searched in the whole subtree: a number of 0 says nothing there."""

    def of(self, unit_id: int, lacking: Mapping[int, int]) -> Lack:
        """Return what a unit of the subtree lacks; `lacking`: see `unsearched_by_child`."""
        return Lack(unit_id in self.tops, unit_id in self.shared, lacking.get(unit_id, 0))

    @property
    def count(self) -> int:
        """Return how many units, each with everything under it, were not searched."""
        return len(self.tops)


NOWHERE = Searching(frozenset(), frozenset())


def searching(
    campaign: Campaign,
    unit_id: int,
    day: date | None = None,
    said: Sequence[tally.Statement] | None = None,
) -> Searching:
    """Return what was not searched under a unit by a day (today); `said`: statements read before."""
    moment = day or today()
    own = _with_logs(campaign, unit_id, moment, said)
    if not own:
        found = set(_children(moment).filter(ancestor=unit_id).values_list("descendant", flat=True))
        return Searching(frozenset(found or {unit_id}), frozenset(), nothing=True)
    rows = _children(moment).filter(ancestor__in=under([unit_id], moment).values("descendant"))
    if len(own) < _PART:
        rows = rows.filter(
            ancestor__in=UnitLink.objects.filter(on_day(moment), descendant__in=own).values("ancestor")
        )
    inner = Exists(_children(moment).filter(ancestor=OuterRef("descendant")))
    pairs = list(rows.annotate(inner=inner).values_list("ancestor", "descendant", "inner"))
    above = _up(own, {child: parent for parent, child, _inner in pairs})
    tops: set[int] = set()
    shared: set[int] = set()
    for parent, child, has_inner in pairs:
        if parent in above and child not in above:
            (tops if has_inner or parent not in own else shared).add(child)
    return Searching(frozenset(tops), frozenset(shared))


def _up(units: Iterable[int], parents: Mapping[int, int]) -> set[int]:
    """The units and all above them."""
    found: set[int] = set()
    for unit in units:
        up: int | None = unit
        while up is not None and up not in found:
            found.add(up)
            up = parents.get(up)
    return found


def _with_logs(
    campaign: Campaign, unit_id: int, day: date, said: Sequence[tally.Statement] | None = None
) -> set[int]:
    """Units of a subtree with searched logs of their own by a day, or that a file states as searched."""
    searched = CoverageDay.objects.filter(campaign=campaign, day__lte=day).values("unit")
    elsewhere = Participation.objects.filter(campaign=campaign, searched_on__lte=day).values("unit")
    says = [
        one.unit_id
        for one in (tally.newest(campaign, unit_id, day) if said is None else said)
        if (one.counts.get("found") or one.searched) and not one.counts.get("by_unit")
    ]
    there = under([unit_id], day).filter(Q(descendant__in=searched) | Q(descendant__in=elsewhere))
    return {*there.values_list("descendant", flat=True), *says}


def unsearched_by_child(found: Searching, children: Iterable[int], day: date | None = None) -> dict[int, int]:
    """Count for each of these units the units not searched that it is or has under it; zeros left out."""
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
    """Key of WORDS for each unit of a subtree: own logs, only those under it, only those above, or none."""
    moment = day or today()
    found = searching(campaign, unit_id, moment)
    own = _with_logs(campaign, unit_id, moment)
    if not own:
        return dict.fromkeys(under([unit_id], moment).values_list("descendant", flat=True), "not_searched")
    known = dict.fromkeys(under([unit_id], moment).values_list("descendant", flat=True), "part")
    tops = sorted(found.tops)
    for begin in range(0, len(tops), _PART):
        inner = under(tops[begin : begin + _PART], moment).values_list("descendant", flat=True)
        known.update(dict.fromkeys(inner, "not_searched"))
    return known | dict.fromkeys(found.shared, "shared") | dict.fromkeys(own & known.keys(), "searched")


WORDS = {
    "searched": _("logs searched"),
    "part": _("logs of units under it only"),
    "shared": _("no logs of its own"),
    "not_searched": _("not searched"),
}
_PART = 900


def _children(day: date) -> QuerySet[UnitLink]:
    return UnitLink.objects.filter(on_day(day), distance=1)
