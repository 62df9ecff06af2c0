"""Lead of the logs' clocks over the list's: the shift that explains most rows beyond chance.

For each row a shift is allowed if a translation of its port was open then, so each row allows the shifts of
some intervals; the shift that most rows allow is found in one sweep. It is accepted only when that many newly
explained rows cannot agree by chance, as estimated from the share of the window that each of them allows. The
window is a quarter of an hour around no difference and, if that leaves half of the rows unexplained, around
the differences of a wrong time zone (7 hours, 8 hours, 1 hour).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from statistics import median

from lamsach.devices.nat import NatTable
from lamsach.trace.model import Reported, Skew

WINDOW = timedelta(minutes=15)
ZONES = tuple(timedelta(hours=hours) for hours in (-7, 7, -1, 1, -8, 8))
MAX_ROWS = 2000
"""Rows queried, spread over the list."""
_BY_CHANCE = 0.05
_MIN_ROWS = 5
_INWARD = 15_000_000
_US = timedelta(microseconds=1)
_Pieces = list[tuple[int, int]]


def estimate_skew(rows: Sequence[Reported], table: NatTable) -> Skew:
    """Estimate the difference from the rows; a zero shift when they show none."""
    usable = [row for row in rows if row.port is not None and row.time is not None and table.knows(row.ip)]
    sample = usable[:: max(1, -(-len(usable) // MAX_ROWS))]
    if not sample:
        return Skew()
    near = [_allowed(row, table, timedelta(0)) for row in sample]
    unshifted = sum(_holds(pieces, 0) for pieces in near)
    best = _judged(near, 0, unshifted, len(sample))
    if best is None and 2 * unshifted < len(sample):
        others = ((base, [_allowed(row, table, base) for row in sample]) for base in ZONES)
        found = [
            judged
            for base, pieces in others
            if (judged := _judged(pieces, base // _US, unshifted, len(sample)))
        ]
        best = max(found, key=lambda skew: skew.explained, default=None)
    return best or Skew(timedelta(0), len(sample), unshifted, unshifted)


def skews_of(rows: Sequence[Reported], table: NatTable, stated: timedelta | None = None) -> dict[str, Skew]:
    """Estimate each list's difference (by document), since every sender has its own clock.

    A list with too few usable rows gets the difference of all lists' rows together.
    """
    by_document: dict[str, list[Reported]] = {}
    for row in rows:
        by_document.setdefault(row.reference.document, []).append(row)
    if stated is not None:
        return {name: stated_skew(own_rows, table, stated) for name, own_rows in by_document.items()}
    own_skews = {name: estimate_skew(own_rows, table) for name, own_rows in by_document.items()}
    if len(own_skews) > 1 and (unsure := [name for name, skew in own_skews.items() if skew.used < _MIN_ROWS]):
        common = estimate_skew(rows, table).shift
        for name in unsure:
            common_skew = stated_skew(by_document[name], table, common)
            if common_skew.explained > common_skew.unshifted:
                own_skews[name] = replace(common_skew, stated=False)
    return own_skews


def stated_skew(rows: Sequence[Reported], table: NatTable, shift: timedelta) -> Skew:
    """Count the rows that a stated difference explains."""
    usable = [row for row in rows if row.port is not None and row.time is not None and table.knows(row.ip)]
    sample = usable[:: max(1, -(-len(usable) // MAX_ROWS))]
    explained, unshifted = (
        sum(bool(_intervals(row, table, base, timedelta(0))) for row in sample)
        for base in (shift, timedelta(0))
    )
    return Skew(shift, len(sample), explained, unshifted, stated=True)


def _intervals(row: Reported, table: NatTable, base: timedelta, window: timedelta) -> list[tuple[int, int]]:
    """Return the shifts (in microseconds) at which the row matches a translation, merged and sorted."""
    assert row.time is not None
    half = row.precision / 2
    middle = row.time + half
    found: list[tuple[int, int]] = []
    for destination in (row.destination, None) if row.destination else (None,):
        try:
            candidates = table.inside(
                row.ip, row.port, row.protocol, middle + base, destination=destination, slack=window + half
            )
        except OverflowError:
            candidates = ()
        found = [
            ((item.start - middle - half) // _US, (item.end - middle + half) // _US) for item in candidates
        ]
        if found:
            break
    merged: list[tuple[int, int]] = []
    for low, high in sorted(found):
        if merged and low <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(high, merged[-1][1])
        else:
            merged.append((low, high))
    return merged


def _allowed(row: Reported, table: NatTable, base: timedelta) -> _Pieces:
    low, high = (base - WINDOW) // _US, (base + WINDOW) // _US
    return [
        (max(a, low), min(b, high)) for a, b in _intervals(row, table, base, WINDOW) if a < high and b > low
    ]


def _holds(pieces: _Pieces, shift: int) -> bool:
    return any(low < shift < high for low, high in pieces)


def _judged(allowed: Sequence[_Pieces], base: int, unshifted: int, used: int) -> Skew | None:
    """Return a window's best shift if it explains more rows than no shift, and not by chance.

    `used`: number of rows.
    """
    counted = _best_shifts(allowed, base)
    if counted is None:
        return None
    count, low, high = counted
    if base == 0 and low < 0 < high:
        return None
    shift = _within(low, high, base)
    lost = (
        sum(_holds(pieces, 0) and not _holds(pieces, shift) for pieces in allowed) if base == 0 else unshifted
    )
    open_rows = [pieces for pieces in allowed if not (base == 0 and _holds(pieces, 0))]
    gained = sum(_holds(pieces, shift) for pieces in open_rows)
    if gained < 2 or gained <= 2 * lost or _chance(open_rows, gained) > _BY_CHANCE:
        return None
    return Skew(shift * _US, used, count, unshifted, low * _US, high * _US)


def _best_shifts(allowed: Sequence[_Pieces], base: int) -> tuple[int, int, int] | None:
    """Return the number of rows that the best shifts explain, and their interval nearest to the base."""
    edges = sorted(
        [(low, 1) for pieces in allowed for low, _ in pieces]
        + [(high, -1) for pieces in allowed for _, high in pieces]
    )
    best: tuple[int, int, int, int] | None = None
    count = 0
    for index, (place, step) in enumerate(edges):
        count += step
        if step < 0 or index + 1 == len(edges):
            continue
        until = edges[index + 1][0]
        distance = 0 if place <= base <= until else min(abs(place - base), abs(until - base))
        if until > place and (best is None or (count, -distance) > (best[0], -best[1])):
            best = count, distance, place, until
    return None if best is None else (best[0], best[2], best[3])


def _within(low: int, high: int, base: int) -> int:
    """Return a shift inside an interval: the base, the middle of a short one, or near the closer end."""
    if low < base < high:
        return base
    if high - low <= 2 * _INWARD:
        shift = (low + high) // 2
    else:
        shift = low + _INWARD if abs(low - base) < abs(high - base) else high - _INWARD
    rounded = round(shift / 1_000_000) * 1_000_000
    return rounded if low < rounded < high else shift


def _chance(rows: Sequence[_Pieces], count: int) -> float:
    """Return the chance that `count` rows agree on some shift: a binomial's tail times the shifts."""
    width = 2 * WINDOW // _US
    lengths = [high - low for pieces in rows for low, high in pieces]
    if not lengths:
        return 1.0
    share = min(1.0, sum(lengths) / (width * len(rows)))
    shifts = max(1.0, width / max(median(lengths), 1_000_000))
    return min(1.0, shifts * _tail(len(rows), count, share))


def _tail(trials: int, least: int, share: float) -> float:
    """Return the probability of at least `least` successes (binomial distribution)."""
    if share >= 1:
        return 1.0
    log: Callable[[float], float] = math.log
    total = 0.0
    for count in range(least, trials + 1):
        ways = math.lgamma(trials + 1) - math.lgamma(count + 1) - math.lgamma(trials - count + 1)
        total += math.exp(ways + count * log(max(share, 1e-300)) + (trials - count) * log(1 - share))
    return min(1.0, total)
