"""NAT lookups for a reported row: possible inside addresses, with certainty."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lamsach.devices.nat import MOST_CANDIDATES, Candidate, Certainty, NatTable
from lamsach.trace.model import Reported, Why

NEAR = timedelta(seconds=60)
"""Distance from the stated time within which a translation is still a candidate."""
_GAP = timedelta(minutes=30)
"""An address without any translation for this long on either side of the time was not logged then."""
_DEPTH = 4
_ORDER = tuple(Certainty)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Hit:
    """A possible inside address of a row.

    `path`: the translations that lead to it, the outermost first. `hints`: see `reasons.HINTS`.
    """

    path: tuple[Candidate, ...]
    certainty: Certainty
    hints: tuple[str, ...] = ()

    @property
    def inside(self) -> str:
        """The innermost address."""
        return self.path[-1].inside_ip


@dataclass(frozen=True, slots=True)
class Lookup:
    """Result for a row: `hits`, the likeliest first, and the reason if no single address is named."""

    hits: tuple[Hit, ...] = ()
    why: Why | None = None
    covered: tuple[datetime, datetime] | None = None


def lower(*certainties: Certainty) -> Certainty:
    """Return the weakest of the certainties."""
    return max(certainties, key=_ORDER.index)


class Lookups:
    """Lookups in a NAT table of rows whose time is on the logs' clock."""

    def __init__(self, table: NatTable) -> None:
        self._table = table
        self._gaps: dict[tuple[str, int], bool] = {}
        self._cache: dict[tuple[object, ...], tuple[Sequence[Candidate], bool]] = {}

    def find(self, row: Reported) -> Lookup:
        """Find the inside addresses behind the row's address and port at its time."""
        if row.time is None:
            return Lookup(why=Why.NO_TIME)
        if not len(self._table):
            return Lookup(why=Why.NO_NAT_LOG)
        if not self._table.knows(row.ip):
            return Lookup(why=Why.NOT_OUR_ADDRESS)
        covered = self._table.span(row.ip)
        found = self._ported(row) if row.port is not None else self._portless(row)
        if not found.hits:
            found = replace(found, why=self._reason_for_none(row.ip, row.time))
        return replace(found, covered=covered)

    def _ported(self, row: Reported) -> Lookup:
        hits, hints = self._paths(row, timedelta(0))
        if hits:
            lookup = _decided(hits, hints, row)
            if (
                lookup.why is None
                and row.protocol is None
                and self._sure_of_every_protocol(row, lookup.hits[0])
            ):
                lookup = replace(
                    lookup, hits=(replace(lookup.hits[0], certainty=Certainty.CERTAIN), *lookup.hits[1:])
                )
            return lookup
        near, hints = self._paths(row, NEAR)
        shown = tuple(Hit(path, Certainty.POSSIBLE, (*hints, "near_in_time")) for path in near)
        return Lookup(shown, Why.NO_TRANSLATION) if shown else Lookup()

    def _paths(self, row: Reported, slack: timedelta) -> tuple[list[tuple[Candidate, ...]], tuple[str, ...]]:
        """Return the matching paths, and hints on how they match."""
        if row.destination is not None:
            found = self._inside(row, row.destination, slack)
            if found:
                # a record without a destination matches too, but is no evidence of it, and does not match if
                # other records name another destination
                stated = [item for item in found if item.destination == row.destination]
                hints = ("same_destination",) if stated else ()
                if stated or not self._elsewhere(row, slack):
                    return [self._deeper(item, row, 1) for item in stated or found], hints
        found = self._inside(row, None, slack)
        other = row.destination is not None and self._elsewhere(row, slack)
        return [self._deeper(item, row, 1) for item in found], ("other_destination",) if other else ()

    def _sure_of_every_protocol(self, row: Reported, hit: Hit) -> bool:
        """Return whether the unstated protocol is irrelevant: certain in one, no match in the other."""
        if (
            hit.certainty is not Certainty.PROBABLE
            or len(hit.path) > 1
            or hit.hints not in ((), ("same_destination",))
        ):
            return False
        found = [
            item
            for name in ("tcp", "udp")
            for item in self._inside(replace(row, protocol=name), None, timedelta(0))
        ]
        return {item.inside_ip for item in found} == {hit.inside} and any(
            item.certainty is Certainty.CERTAIN for item in found
        )

    def _inside(self, row: Reported, destination: str | None, slack: timedelta) -> tuple[Candidate, ...]:
        assert row.time is not None
        half = row.precision / 2
        return self._table.inside(
            row.ip, row.port, row.protocol, row.time + half, destination=destination, slack=half + slack
        )

    def _elsewhere(self, row: Reported, slack: timedelta) -> bool:
        """Return whether records of the row's port and time state destinations."""
        assert row.time is not None
        assert row.port is not None
        half = row.precision / 2
        return bool(self._table.far_sides(row.ip, row.port, row.time + half, half + slack))

    def _deeper(self, found: Candidate, row: Reported, depth: int) -> tuple[Candidate, ...]:
        """Follow the path from an inside address of another NAT device: a branch behind a branch."""
        if (
            depth >= _DEPTH
            or not self._table.knows(found.inside_ip)
            or found.inside_port is None
            or found.inside_ip == row.ip
        ):
            return (found,)
        assert row.time is not None
        inner = self._table.inside(
            found.inside_ip,
            found.inside_port,
            row.protocol,
            row.time + row.precision / 2,
            slack=row.precision / 2,
        )
        if len({item.inside_ip for item in inner}) != 1:
            return (found,)
        return (found, *self._deeper(inner[0], replace(row, ip=found.inside_ip), depth + 1))

    def _portless(self, row: Reported) -> Lookup:
        """Find all inside addresses, or those with the stated destination, most translations first."""
        found, matching = self._crowd(row)
        counts = Counter(item.inside_ip for item in found)
        best: dict[str, Candidate] = {}
        for item in found:
            best.setdefault(item.inside_ip, item)
        ranked = sorted(best.values(), key=lambda item: (-counts[item.inside_ip], item.inside_ip))
        single = len(ranked) == 1 and len(found) < MOST_CANDIDATES
        certainty = Certainty.PROBABLE if single and row.precision < _DAY else Certainty.POSSIBLE
        shared = ("same_destination",) if matching else ()
        hits = []
        for rank, item in enumerate(ranked):
            rank_hint = "most_translations" if rank == 0 and len(found) > len(ranked) else "open_then"
            rank_hints = () if single and matching else ("only_one",) if single else (rank_hint,)
            hits.append(Hit((item,), certainty, (*shared, *rank_hints)))
        return Lookup(tuple(hits), None if len(hits) < 2 else Why.NO_PORT)

    def _crowd(self, row: Reported) -> tuple[Sequence[Candidate], bool]:
        """Return the candidates, and whether only those of the stated destination."""
        key = (row.ip, row.time, row.precision, row.protocol, row.destination)
        if key not in self._cache:
            if len(self._cache) > 1000:
                self._cache.clear()
            found = self._inside(row, row.destination, timedelta(0)) if row.destination else ()
            matching = [item for item in found if item.destination == row.destination]
            self._cache[key] = (matching or self._inside(row, None, timedelta(0)), bool(matching))
        return self._cache[key]

    def _reason_for_none(self, ip: str, time: datetime) -> Why:
        span = self._table.span(ip)
        if span is None or not span[0] <= time < span[1] or self._gap(ip, time):
            return Why.OUTSIDE_COVERAGE
        return Why.NO_TRANSLATION

    def _gap(self, ip: str, time: datetime) -> bool:
        """Return whether the address is unlogged around the time; cached per quarter of an hour."""
        key = ip, int(time.timestamp()) // 900
        if key not in self._gaps:
            middle = datetime.fromtimestamp(key[1] * 900 + 450, time.tzinfo)
            # far cheaper on a busy address than the wide query
            busy = self._table.inside(ip, None, None, middle)
            self._gaps[key] = not busy and not self._table.inside(ip, None, None, middle, slack=_GAP)
        return self._gaps[key]


def _decided(paths: list[tuple[Candidate, ...]], hints: tuple[str, ...], row: Reported) -> Lookup:
    """Decide on one inside address, or report several that match equally."""
    first = paths[0][0]
    certainty = paths[0][0].certainty
    if certainty is Certainty.POSSIBLE:
        certainty = Certainty.PROBABLE  # it is at the edge of the row's stated time
    inside_addresses = {path[-1].inside_ip for path in paths}
    better = first.certainty is not Certainty.POSSIBLE and all(
        path[0].certainty is not first.certainty
        for path in paths
        if path[-1].inside_ip != paths[0][-1].inside_ip
    )
    if "other_destination" in hints:
        certainty = lower(certainty, Certainty.POSSIBLE)
    if len(paths[0]) > 1:
        certainty = lower(
            certainty,
            *(
                item.certainty if item.certainty is not Certainty.POSSIBLE else Certainty.PROBABLE
                for item in paths[0][1:]
            ),
        )
    if len(inside_addresses) == 1:
        return Lookup((Hit(paths[0], certainty, hints),))
    if better and row.precision <= timedelta(seconds=1):
        rest = (
            Hit(path, Certainty.POSSIBLE, ("port_shared",))
            for path in paths[1:]
            if path[-1].inside_ip != paths[0][-1].inside_ip
        )
        return Lookup((Hit(paths[0], lower(certainty, Certainty.PROBABLE), (*hints, "port_shared")), *rest))
    return Lookup(
        tuple(Hit(path, Certainty.POSSIBLE, ("port_shared",)) for path in paths), Why.SEVERAL_DEVICES
    )
