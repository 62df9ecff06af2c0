"""Remains of copying before a line (indentation, prompt, grep or container name); wrapped records.

Source: POSIX grep (`file:` with -H, `file:line:` with -n); RFC 3676 (`> `); Docker, "docker compose logs"
(`web-1  | `); Kubernetes, "kubectl logs --prefix" (`[pod/NAME/CONTAINER] `).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from lamsach.logs.base import FileContext, LogFormat

# `    line`   `> line`   `$ line`   `| line`   `12: line`   `/var/log/named.log:12:line`
# `C:\Windows\dns.log:line`
_LEFT_BY_A_PASTE = re.compile(
    r"(?:[ \t>|*]{1,12}|[$#%] |\d{1,7}[:.)] {1,4}|(?:[A-Za-z]:)?[\w./\\~-]{1,120}\.(?:log|txt"
    r"|out)(?:\.\d{1,3})?(?::(?!\d\d:\d\d:\d\d(?:[.,]\d|\s))\d{1,9})?: ?)(?=\S)",
    re.ASCII,
)
# `bind-1  | line`   `[pod/bind-5d78c9869d-abcde/named] line`
_CONTAINER = re.compile(
    r"(?:[A-Za-z0-9][\w.-]{0,100} {1,40}\||\[pod/[\w.-]{1,100}/[\w.-]{1,40}\]) (?=\S)", re.ASCII
)
_MAY_BE_PASTED = frozenset(" \t>|*$#%/~.ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
_ROOM = 190


def unpasted(line: str) -> str:
    """Strip the remains of a paste from a line."""
    found = _LEFT_BY_A_PASTE.match(line, 0, _ROOM) if line[:1] in _MAY_BE_PASTED else None
    return line[found.end() :] if found else line


def bare(line: str) -> str:
    """Strip a container's name, or else the remains of a paste, from a line."""
    rest = without_container(line)
    return unpasted(line) if rest is line else rest


def without_container(line: str) -> str:
    """Strip a container's name from a line."""
    found = _CONTAINER.match(line, 0, _ROOM) if line[:5] == "[pod/" or "|" in line[:_ROOM] else None
    return line[found.end() :] if found else line


# ` duser=Nguyen Van A (ADM)`   `ifname=eth1 logid=0`   ` (ABC12345)  cs2Label=Rule Name`
_CONTINUATION = re.compile(r"\s+\S|[A-Za-z_][\w.-]{0,80}:?=", re.ASCII)
# date=2026-06-05 time=   id="0001" severity=   device="SFW" date=: beginnings of other products' records
_OTHER_START = re.compile(
    r"\s*(?:date|time|timestamp|logver|itime|eventtime|device|devid|devname|id|loc|ts|type|src_?ip)=",
    re.ASCII | re.IGNORECASE,
)


def continues(line: str) -> bool:
    """Return whether the line looks like the continuation of a wrapped record."""
    return _CONTINUATION.match(line) is not None and _OTHER_START.match(line) is None


class WrappedRecords(LogFormat):
    """A format whose records may be wrapped; only in a file that has such are lines continuations."""

    multiline = True

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self.multiline = any(  # type: ignore[misc]
            self.recognises(before) and continues(line) and not self.recognises(line)
            for before, line in itertools.pairwise(context.head)
        )

    @classmethod
    def score(cls, head: Sequence[str]) -> float:
        """Share of lines that are or continue a record."""
        count = 0
        within = False
        for line in head:
            within = cls.recognises(line) or (within and continues(line))
            count += within
        return count / len(head) if head else 0.0

    @classmethod
    def starts_record(cls, line: str) -> bool:
        """Match every line that does not continue a wrapped record."""
        return not continues(line) or cls.recognises(line)
