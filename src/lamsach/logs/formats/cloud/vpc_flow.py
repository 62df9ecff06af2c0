"""Flow logs of clouds in the layout of Amazon VPC.

Source: https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html, versions 2 to 8. Traps:
- A file from S3 begins with its column names, in the order that its owner chose; one from CloudWatch has no
  names and the order of version 2.
- `srcaddr`/`dstaddr` are the interface's side after translation; `pkt-srcaddr`/`pkt-dstaddr`, where present,
  are the packet's own ends.
- `NODATA` and `SKIPDATA` records have `-` in every column: they prove that the flow log ran.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from lamsach.errors import LineError
from lamsach.logs.base import FileContext, LogFormat, fields_named
from lamsach.logs.events.ends import event_between, placed
from lamsach.logs.text.times.timestamps import from_epoch
from lamsach.logs.text.values import in_order, ip_of, port_of
from lamsach.model import Action, Event, EventKind

_DEFAULT = in_order(
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end "
    "action log-status"
)
# 2 123456789010 eni-0a1b2c3d 10.1.1.20 203.0.113.9 51000 443 6 20 4249 1770113472 1770113532 ACCEPT OK
_RECORD = re.compile(
    r"(?a)(?:\d{4}-\d\d-\d\dT[\d:.]{8,15}Z )?[2-9] (?:\d{12}|unknown) eni-[0-9a-f]{8,17} "
    r"(?:[0-9a-fA-F:.]{3,45} ){2}\d{1,5} \d{1,5} \d{1,3} \d+ \d+ \d{10} \d{10} (?:ACCEPT|REJECT) \w{2,8}\b"
    r"|(?:\d{4}-\d\d-\d\dT[\d:.]{8,15}Z )?[2-9] (?:\d{12}|unknown) eni-[0-9a-f]{8,17} (?:- ){7}\d{10} "
    r"\d{10} - (?:NODATA|SKIPDATA)\b"
)
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]{8,15}Z ", re.ASCII)
_NO_PORTS = frozenset({"1", "58"})
_ACTIONS = {"ACCEPT": Action.ALLOWED, "REJECT": Action.BLOCKED}


class VpcFlow(LogFormat):
    """Records of the default columns, or of those that the file lists.

    The packet's own ends count where they are stated.
    """

    name = "vpc_flow"
    title = "Amazon VPC flow logs"
    gives = fields_named("time ends source_nat_ip device_ip action")

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self._columns = next(filter(None, map(_columns, context.head[:5])), _DEFAULT)

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match a record of the default columns, or a line of column names."""
        return (" eni-" in line and _RECORD.match(line) is not None) or _columns(line) is not None

    @classmethod
    def score(cls, head: Sequence[str]) -> float:
        """Below a line of column names, count the lines with as many words."""
        named = next(filter(None, map(_columns, head[:5])), None)
        if named is None:
            return sum(map(cls.recognises, head)) / len(head) if head else 0.0
        return sum(len(line.split()) == len(named) for line in head) / len(head)

    def read(self, line: str) -> Event | None:
        """Read one record; None for the column names."""
        if _columns(line):
            return None
        words = _STAMP.sub("", line, count=1).split()
        if len(words) < len(self._columns) or (self._columns is _DEFAULT and not _RECORD.match(line)):
            raise LineError("The line is not of this product.", line[:80])
        fields = {
            name: word for name, word in zip(self._columns, words, strict=False) if word not in ("-", "")
        }
        time = from_epoch(fields["start"]) if fields.get("start", "").isdigit() else None
        return placed(_event(fields), time, None)


def _columns(line: str) -> tuple[str, ...] | None:
    if "srcaddr" not in line or "dstaddr" not in line or " " not in line:
        return None
    words = tuple(word.replace("_", "-") for word in line.strip("\ufeff \r\n").split())
    named = all(re.fullmatch(r"[a-z][a-z0-9-]{2,40}", word) for word in words)
    return words if named and {"srcaddr", "dstaddr"} <= set(words) else None


def _event(fields: dict[str, str]) -> Event:
    source, destination = ip_of(fields.get("srcaddr", "")), ip_of(fields.get("dstaddr", ""))
    own_source, own_destination = ip_of(fields.get("pkt-srcaddr", "")), ip_of(fields.get("pkt-dstaddr", ""))
    ports = fields.get("protocol") not in _NO_PORTS
    translated = source if own_source and source != own_source else None
    source, destination = own_source or source, own_destination or destination
    return event_between(
        (source, port_of(fields.get("srcport", "")) if ports else None),
        (destination, port_of(fields.get("dstport", "")) if ports else None),
        kind=EventKind.CONNECTION if source and destination else EventKind.OTHER,
        source_nat_ip=translated,
        action=_ACTIONS.get(fields.get("action", ""), Action.UNKNOWN),
    )
