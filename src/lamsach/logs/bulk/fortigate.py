"""FortiGate's records of sessions and of web and other security checks, as `key=value`, with what they share: the keys in one order, called a shape here.

The lines of a piece are put together by their shapes. Of a new shape one line is read by the format with fields that note which of them are asked for; a
shape of which the format asks more than this reader knows of is read line by line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.bulk.base import BulkReader, Unusual
from lamsach.logs.bulk.columns import addresses, check, internal, kept, macs, mapped, names, ports
from lamsach.logs.bulk.joining import in_order
from lamsach.logs.bulk.pairs import Keys, Mixed, PairRows, groups_by_shape, keys_of, likely_groups, skeleton
from lamsach.logs.formats.firewalls.fortigate.actions import action_of
from lamsach.logs.formats.firewalls.fortigate.fields import ARRIVING, OWN_ROLES
from lamsach.logs.formats.firewalls.fortigate.format import FortiGate
from lamsach.logs.formats.firewalls.fortigate.times import time_of
from lamsach.logs.text.key_value import first, pairs
from lamsach.logs.text.syslog import NO_HEADER
from lamsach.logs.text.values import domain_of, host_of_url

if TYPE_CHECKING:
    import pyarrow as pa

_BEFORE = re.compile(
    rb"^(?:<\d{1,3}>)?(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d [\w.-]{1,64} )?(?=date=)", re.MULTILINE
)
_NEEDED = frozenset({"date", "time", "devname", "type", "subtype", "srcip", "srcport", "dstip", "dstport"})
_NUMBERS = ("srcport", "dstport", "transport")
_OWN_MACS, _FAR_MACS = ("srcmac", "mastersrcmac"), ("dstmac", "masterdstmac")
_KNOWN = _NEEDED | {
    *("tz", "eventtime", "transip", "transport", "action", "utmaction", "hostname", "url", "user", "unauthuser", "srcname", "dstname"),
    *("srcintfrole", "dstintfrole", "devid", "msg", "cat", *_OWN_MACS, *_FAR_MACS),
}  # fmt: skip
_STATED = r"^\S.{8,}\S$"
_FEW_LINES = 8


Part = tuple[list[int], dict[str, Any]]


class _Noting(dict[str, str]):
    """Fields that note which of them were asked for."""

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__(fields)
        self.asked: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.asked.add(key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> str:
        self.asked.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.asked.add(str(key))
        return super().__contains__(key)


class FortiGatePairs(BulkReader):
    """Records that state addresses and ports of both sides."""

    def __init__(self, log_format: LogFormat, context: FileContext) -> None:
        super().__init__(log_format, context)
        self._shapes: dict[bytes, _Shape | None] = {}

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        if not data.startswith(b"date="):
            data = _BEFORE.sub(b"", data)
        lines = data.split(b"\n")
        alone: list[int] = []
        parts: list[Part] = []
        for rows in likely_groups(lines, alone):
            self._take(rows, lines, parts, alone)
        return in_order(parts, alone, lines, self.log_format)

    def _take(self, rows: list[int], lines: list[bytes], parts: list[Part], alone: list[int]) -> None:
        """Read lines that may well have one shape; those of another are put together by their shapes first."""
        import pyarrow as pa

        if len(rows) < _FEW_LINES:
            alone += rows
            return
        first_line = lines[rows[0]]
        shape = self._shape(skeleton(first_line), first_line)
        try:
            if shape is not None:
                parts.append((rows, shape.read(b"\n".join([lines[at] for at in rows]), len(rows))))
                return
        except (Mixed, pa.ArrowInvalid):
            pass
        groups = groups_by_shape(rows, lines)
        if len(groups) == 1:
            alone += rows
            return
        for several in groups:
            self._take(several, lines, parts, alone)

    def _shape(self, shape: bytes, line: bytes) -> _Shape | None:
        if shape not in self._shapes:
            if len(self._shapes) > 1000:
                self._shapes.clear()
            self._shapes[shape] = self._learnt(shape, line)
        return self._shapes[shape]

    def _learnt(self, shape: bytes, line: bytes) -> _Shape | None:
        assert isinstance(self.log_format, FortiGate)
        keys = keys_of(shape)
        present = {key for key, _ in keys or ()}
        if keys is None or not present >= _NEEDED:
            return None
        fields = _Noting(pairs(line.decode()))
        self.log_format.event_of(fields, NO_HEADER, 1)
        return _Shape(keys, self.context) if (fields.asked & present) <= _KNOWN else None


class _Shape:
    """Reads lines with the same keys in the same order."""

    def __init__(self, keys: Keys, context: FileContext) -> None:
        self._zone = context.timezone
        self._rows = PairRows(keys, _KNOWN)

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """The columns of so many lines. Raises Mixed when they do not all have these keys, Unusual, pyarrow.ArrowInvalid."""
        import pyarrow as pa
        import pyarrow.compute as pc

        row = self._rows.row(data, count)
        sources, destinations = _useful(row["srcip"]), _useful(row["dstip"])
        device, inbound = _devices(row, sources, destinations)
        columns = {
            "time": self._times(row),
            "observer": mapped(row["devname"], lambda text: first({"": text}, "")),
            "source_ip": sources,
            "source_port": ports(row["srcport"].cast(pa.int32())),
            "destination_ip": destinations,
            "destination_port": ports(row["dstport"].cast(pa.int32())),
            "device_ip": device,
            "device_name": _by_side(row, inbound, ("srcname",), ("dstname",), _stated),
            "device_mac": _by_side(row, inbound, _OWN_MACS, _FAR_MACS, macs),
            "user": _first(row, ("user", "unauthuser"), _stated, count),
            "action": _actions(row),
        }
        if columns["observer"].null_count:
            raise Unusual
        if "url" in row:
            columns["url"] = kept(row["url"], pc.match_substring_regex(row["url"], _STATED), _told)
        if "hostname" in row or "url" in row:
            columns["domain"] = _domains(row)
        return columns

    def _times(self, row: dict[str, pa.Array]) -> pa.Array:
        """`eventtime`, else date and time on the firewall's clock."""
        import pyarrow as pa
        import pyarrow.compute as pc

        kind = pa.timestamp("us", "UTC")
        if "eventtime" in row:
            digits = pc.unique(pc.binary_length(row["eventtime"])).to_pylist()
            if digits not in ([10], [13], [16], [19]):
                raise Unusual
            exponent = 16 - digits[0]
            stamp = row["eventtime"].cast(pa.int64())
            if exponent < 0:
                return pc.divide(stamp, 10**-exponent).cast(kind)
            return pc.multiply(stamp, 10**exponent).cast(kind)
        zone = row.get("tz", row["time"])
        stated = "tz" in row

        def read(text: str) -> Any:
            day, clock, offset = text.split("|")
            return time_of({"date": day, "time": clock} | ({"tz": offset} if stated else {}), self._zone)

        return mapped(pc.binary_join_element_wise(row["date"], row["time"], zone, "|"), read, kind)


def _useful(column: pa.Array) -> pa.Array:
    """Addresses, none of which says that there is none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = addresses(column)
    check(pc.invert(pc.is_in(found, pa.array(["0.0.0.0", "::"]))))  # noqa: S104 - means: no address
    return found


def _stated(column: pa.Array) -> pa.Array:
    return mapped(column, _told)


def _told(text: str) -> str | None:
    return first({"": text}, "")


def _devices(
    row: dict[str, pa.Array], sources: pa.Array, destinations: pa.Array
) -> tuple[pa.Array, pa.Array]:
    """The unit's own side, and whether it is the destination: by the addresses, and by the interfaces' roles when both are public."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kinds = {*pc.unique(row["type"]).to_pylist()}, {*pc.unique(row["subtype"]).to_pylist()}
    if not kinds[0] <= {"traffic", "utm"} or not kinds[1].isdisjoint(("dns", "")):
        raise Unusual
    own, far = internal(sources), internal(destinations)
    if pc.all(own).as_py():
        return sources, pc.invert(own)
    roles = pa.array(sorted(OWN_ROLES))
    no = pa.repeat(pa.scalar(False), len(sources))
    from_own = pc.is_in(row["srcintfrole"], roles) if "srcintfrole" in row else no
    to_own = pc.is_in(row["dstintfrole"], roles) if "dstintfrole" in row else no
    role = row.get("srcintfrole", pa.repeat(pa.scalar(""), len(sources)))
    from_wan = pc.equal(role, "wan")
    if "srcintf" in row:
        named = pc.match_substring_regex(row["srcintf"], r"^[wW][aA][nN]")
        from_wan = pc.or_(from_wan, pc.and_(named, pc.is_in(role, pa.array(["", "undefined"]))))
    inward = pc.or_(pc.or_(from_wan, to_own), pc.is_in(row["subtype"], pa.array(sorted(ARRIVING))))
    inbound = pc.if_else(own, no, pc.or_(far, pc.and_(pc.invert(from_own), inward)))
    return pc.if_else(inbound, destinations, sources), inbound


def _first(
    row: dict[str, pa.Array], keys: Sequence[str], function: Callable[[pa.Array], pa.Array], count: int
) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    found = [function(row[key]) for key in keys if key in row]
    return pc.coalesce(*found) if found else pa.nulls(count, pa.string())


def _by_side(
    row: dict[str, pa.Array],
    inbound: pa.Array,
    own: Sequence[str],
    far: Sequence[str],
    function: Callable[[pa.Array], pa.Array],
) -> pa.Array:
    """What the keys of the device's own side state."""
    import pyarrow.compute as pc

    count = len(inbound)
    if not pc.any(inbound).as_py():
        return _first(row, own, function, count)
    return pc.if_else(inbound, _first(row, far, function, count), _first(row, own, function, count))


def _actions(row: dict[str, pa.Array]) -> pa.Array:
    import pyarrow.compute as pc

    keys = [key for key in ("action", "utmaction") if key in row]
    if not keys:
        raise Unusual
    joined = pc.binary_join_element_wise(*(row[key] for key in keys), "|")
    return mapped(joined, lambda text: action_of(dict(zip(keys, text.split("|"), strict=True))))


def _domains(row: dict[str, pa.Array]) -> pa.Array:
    """The host that is stated, else the URL's. What would be looked up further is not usual."""
    import pyarrow as pa
    import pyarrow.compute as pc

    stated = (
        names(row["hostname"], domain_of) if "hostname" in row else pa.nulls(len(row["type"]), pa.string())
    )
    if not stated.null_count:
        return stated
    if "dstname" in row:
        raise Unusual
    if "url" not in row:
        return stated
    urls = pc.if_else(pc.is_null(stated), row["url"], pa.scalar(None, pa.string()))
    return pc.coalesce(stated, mapped(urls, host_of_url))
