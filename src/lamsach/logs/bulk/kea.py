"""What Kea's servers write of their clients, into a file of their own or behind a syslog header."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from lamsach.logs.bulk.columns import check_distinct, cut
from lamsach.logs.bulk.features import Lines, groups_of, letters_of
from lamsach.logs.bulk.heads import times
from lamsach.logs.bulk.letters import HEX_DIGITS, check_made_of
from lamsach.logs.bulk.messages import MessageReader, tagged
from lamsach.logs.bulk.parts import halves
from lamsach.logs.text.times.timestamps import from_iso

if TYPE_CHECKING:
    import pyarrow as pa

# 2026-06-10 10:20:31.123 INFO  [kea-dhcp4.leases/1234.140737] DHCP4_LEASE_ALLOC [hwtype=1 00:1a:2b:3c:4d:5e], cid=[no info], tid=0x12345678: lease 192.0.2.50 has ...
# Jun 10 10:20:35 dhcp01 kea-dhcp4[1234]: INFO  DHCP4_LEASE_ALLOC [hwtype=1 00:1a:2b:3c:4d:61], cid=[no info], tid=0x4: lease 192.0.2.52 has been allocated for 7200 seconds
_OWN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}$"
_OWN_TIME = len("2026-06-10 10:20:31.123")
_LEVEL = "(?:FATAL|ERROR|WARN|INFO|DEBUG) +"
_LOGGER = rf"^ {_LEVEL}\[kea-dhcp[46]\.[a-z-]{{1,40}}/[0-9.]{{1,40}}$"
_TAGS = ("kea-dhcp4[", "kea-dhcp6[")
_NUMBERED = "tid=0x[0-9a-fA-F]{1,8}:"
_TRANSACTION, _DIGITS = "tid=0x", (HEX_DIGITS, 1, 8)


class KeaMessages(MessageReader):
    """Messages that bear a name of DHCPv4 or DHCPv6."""

    begins = f"^(?:{_LEVEL})?DHCP[46]_[A-Z0-9_]{{3,60}} "
    sample = "INFO  DHCP4_LEASE_ALLOC [hwtype=1 00:1a:2b:3c:4d:5e], cid=[no info], tid=0x4: lease 192.0.2.52 has been allocated"

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """By Kea's own time or the header's tag."""
        told = Lines(lines)
        point = told.letters_at(_OWN_TIME - len(".123"), 1) == ord(".")
        own = point & (told.letters_at(0, 2) == letters_of("20")) & (told.place("[kea-dhcp") > 0)
        rows, rest = groups_of((own,), own)
        if not rest:
            return rows, rest
        tagged_rows: list[list[int]] = []
        for tag in _TAGS:
            found, others = tagged([lines[at] for at in rest], tag, "")
            tagged_rows += [[rest[at] for at in group] for group in found]
            rest = [rest[at] for at in others]
        return rows + tagged_rows, rest

    def parts(self, lines: pa.Array) -> tuple[pa.Array, pa.Array, pa.Array]:
        """See `MessageReader`."""
        import pyarrow as pa

        tag = next((tag for tag in _TAGS if tag in lines[0].as_py()), None)
        if tag is not None:
            moments, hosts, messages = self.behind_tag(lines, tag)
            return moments, hosts, _unnumbered(messages)
        moments = times(cut(lines, 0, _OWN_TIME), self._own, _OWN)
        logger, messages = halves(cut(lines, _OWN_TIME), "] ")
        check_distinct(logger, _LOGGER)
        return moments, pa.nulls(len(lines), pa.string()), _unnumbered(messages)

    def _own(self, text: str) -> datetime:
        return from_iso(text, self.context.timezone)


def _unnumbered(messages: pa.Array) -> pa.Array:
    """The messages without the numbers of their transactions, which name nobody."""
    import pyarrow.compute as pc

    if not pc.all(pc.match_substring(messages, _TRANSACTION)).as_py():
        return pc.replace_substring_regex(messages, _NUMBERED, f"{_TRANSACTION}:")
    before, rest = halves(messages, _TRANSACTION)
    number, after = halves(rest, ":")
    check_made_of(number, *_DIGITS)
    return pc.binary_join_element_wise(before, after, f"{_TRANSACTION}:")
