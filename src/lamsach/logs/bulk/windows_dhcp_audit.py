"""Records of the Windows DHCP server's audit log for IPv4, as the server writes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lamsach.logs.bulk.bare_macs import bare_macs
from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.columns import cells, check, check_distinct, internal, ipv4, kept, mapped
from lamsach.logs.bulk.features import Lines, groups_of
from lamsach.logs.bulk.groups import GroupReader
from lamsach.logs.bulk.heads import times
from lamsach.logs.bulk.keyed import none_of
from lamsach.logs.formats.dhcp.windows_dhcp_audit import host_of, user_in
from lamsach.logs.text.values import ip_of

if TYPE_CHECKING:
    from datetime import datetime

    import pyarrow as pa

# 10,06/28/26,13:22:53,Assign,10.1.1.17,PC-KETOAN.unit.example,001122334455,,3344130468,0,,,
_NAMES = ("id", "date", "time", "description", "address", "host", "mac", "user")
_SPACED = r"^\s|\s$"
_PLAIN_HOST = r"^[A-Za-z0-9_.-]*[0-9.][A-Za-z0-9_.-]*[A-Za-z0-9_-]$"
"""A name that says something for certain: it has a digit or a dot in it."""
_LONG = 10


class AuditRecords(GroupReader):
    """Records with numbers below 50, without quotes."""

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """By how many columns a record has."""
        told = Lines(lines)
        tens = told.letters_at(0, 1)
        usual = (told.letters_at(2, 1) == ord(",")) & (tens >= ord("0")) & (tens < ord("5")) & ~told.has('"')
        return groups_of((told.count(","),), usual)

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        import pyarrow as pa
        import pyarrow.compute as pc

        columns = data.partition(b"\n")[0].count(b",") + 1
        names = [*_NAMES[:columns], *(str(at) for at in range(len(_NAMES), columns))]
        row = cells(data, names, ",", {name: pa.string() for name in names if name in _NAMES})
        if len(row["id"]) != count or "host" not in row:
            raise Unusual
        check_distinct(row["id"], "^[0-4][0-9]$")
        moments = pc.binary_join_element_wise(row["date"], row["time"], ",")
        check(
            pc.match_substring_regex(
                moments, "^[0-9]{1,2}/[0-9]{1,2}/[0-9]{2,4},[0-9]{1,2}:[0-9]{2}:[0-9]{2}$"
            )
        )
        addresses = kept(row["address"], ipv4(row["address"]), ip_of)
        hosts = row["host"]
        plain = pc.and_(
            pc.match_substring_regex(hosts, _PLAIN_HOST), pc.greater_equal(pc.binary_length(hosts), _LONG)
        )
        if "mac" in row:
            check(pc.invert(pc.match_substring_regex(row["mac"], _SPACED)))
        return {
            "time": times(moments, self._time),
            "source_ip": addresses,
            "device_ip": _devices(row["id"], addresses),
            "device_name": kept(hosts, plain, host_of),
            "device_mac": bare_macs(row["mac"]) if "mac" in row else none_of(count),
            "user": mapped(row["user"], user_in) if "user" in row else none_of(count),
            "action": self._actions(row["id"], addresses),
        }

    def _time(self, text: str) -> datetime | None:
        event = self.log_format.parse(f"10,{text},Assign,10.0.0.1,a,,", 1)
        return None if event is None else event.time

    def _actions(self, numbers: pa.Array, addresses: pa.Array) -> pa.Array:
        """What the record's number means for an address; nothing where there is none."""
        import pyarrow.compute as pc

        def action(number: str, address: str) -> str | None:
            event = self.log_format.parse(f"{number},06/28/26,13:22:53,a,{address},a,,", 1)
            return None if event is None else event.action.value

        leased = mapped(numbers, lambda number: action(number, "10.0.0.1"))
        if not addresses.null_count:
            return leased
        return pc.if_else(pc.is_valid(addresses), leased, mapped(numbers, lambda number: action(number, "")))


def _devices(numbers: pa.Array, addresses: pa.Array) -> pa.Array:
    """The client's address; in records about DNS an address from outside may be written backwards."""
    import pyarrow as pa
    import pyarrow.compute as pc

    about_dns = pc.starts_with(numbers, "3")
    if not pc.any(about_dns).as_py():
        return addresses
    check(pc.invert(pc.and_(about_dns, pc.match_substring_regex(numbers, "[6-9]$"))))
    backwards = pc.and_(about_dns, pc.invert(pc.fill_null(internal(addresses), False)))
    return pc.if_else(backwards, pa.scalar(None, pa.string()), addresses)
