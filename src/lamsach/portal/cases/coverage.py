"""Whose logs were there: by observer and day, for a case, and what is still missing until its machine is verified."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lamsach.portal.cases.models import Case, CaseState, Note
from lamsach.portal.cases.verdict import ONE, Decision, Facts, is_after, is_covered, required
from lamsach.portal.findings.contents import holding
from lamsach.portal.findings.models import AliveDay, CoverageDay


@dataclass(slots=True)
class UnitCoverage:
    """A unit's searched days in a campaign: by observer and day the digests of the lists that were searched for."""

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
        """By observer the days that were searched with a list of which it is known that it holds all these indicators (type, value)."""
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
    """Days without an observer's log since the cleaning. `other_list`: the log was searched, but not for all that was seen."""

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
    """What a cleaned case has and lacks: covered days, days on which the machine was seen, gaps in the logs."""

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
    """Return how many days a machine had been quiet between its cleaning and the sighting that reopened it."""
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
        "fortigate asa paloalto pan checkpoint mikrotik sophos pfsense iptables juniper srx sonicwall cef leef firewall huawei",
    ),
)


def log_kind(name: str) -> str:
    """Return what kind of log a format is of, by its name: dns, proxy, firewall, dhcp or nothing."""
    plain = name.casefold()
    return next((kind for kind, words in _BY_WORD if any(word in plain for word in words.split())), "")
