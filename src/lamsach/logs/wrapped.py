"""Records of `key=value` that an exporter wrapped at some width: which lines go on with the record before."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

# ` duser=Nguyen Van A (ADM)`   `ifname=eth1 logid=0`   ` (ABC12345)  cs2Label=Rule Name`
_CONTINUATION = re.compile(r"\s+\S|[A-Za-z_][\w.-]{0,80}:?=", re.ASCII)


def continues(line: str) -> bool:
    """Whether the line has the shape of the rest of a wrapped record."""
    return _CONTINUATION.match(line) is not None


def share_with_continuations(recognises: Callable[[str], bool], head: Sequence[str]) -> float:
    """The share (0 to 1) of lines that are recognised, or continue one that is."""
    count = 0
    within = False
    for line in head:
        within = recognises(line) or (within and continues(line))
        count += within
    return count / len(head) if head else 0.0
