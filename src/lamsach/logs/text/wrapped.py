"""Records of `key=value` that an exporter wrapped at some width: which lines go on with the record before."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence

# ` duser=Nguyen Van A (ADM)`   `ifname=eth1 logid=0`   ` (ABC12345)  cs2Label=Rule Name`
_CONTINUATION = re.compile(r"\s+\S|[A-Za-z_][\w.-]{0,80}:?=", re.ASCII)
# date=2026-06-05 time=   id="0001" severity=   device="SFW" date=: records of other products begin so
_OTHER_START = re.compile(
    r"\s*(?:date|time|timestamp|logver|itime|eventtime|device|devid|devname|id|loc|ts|type|src_?ip)=",
    re.ASCII | re.IGNORECASE,
)


def continues(line: str) -> bool:
    """Return whether the line has the shape of the rest of a wrapped record."""
    return _CONTINUATION.match(line) is not None and _OTHER_START.match(line) is None


def is_wrapped(recognises: Callable[[str], bool], head: Sequence[str]) -> bool:
    """Return whether a file holds wrapped records: in one that does not, no line is ever taken for the rest of another."""
    return any(
        recognises(before) and continues(line) and not recognises(line)
        for before, line in itertools.pairwise(head)
    )


def share_with_continuations(recognises: Callable[[str], bool], head: Sequence[str]) -> float:
    """The share (0 to 1) of lines that are recognised, or continue one that is."""
    count = 0
    within = False
    for line in head:
        within = recognises(line) or (within and continues(line))
        count += within
    return count / len(head) if head else 0.0
