"""How often something was seen, when several hunts tell of it and may have read the same lines.

Each hunt says: from here to there, so many events. Where two spans have no moment in common, they are of different lines and add up. Where they
overlap, they may be of the same lines, and the larger counts. The result is the heaviest set of spans that don't overlap: exact when logs were
split by time or hunted twice, never more than what is true, and independent of the order in which the hunts arrive.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from datetime import datetime

Span = tuple[datetime, datetime, int]
"""First moment, last moment (both included), events."""


def heaviest(spans: Iterable[Span]) -> int:
    """The most events that spans without a common moment add up to (weighted interval scheduling, n log n)."""
    ordered = sorted(set(spans), key=lambda span: span[1])
    ends = [span[1] for span in ordered]
    best = [0]
    for number, (first, _last, count) in enumerate(ordered):
        before = bisect_left(ends, first, 0, number)
        best.append(max(best[-1], best[before] + count))
    return best[-1]
