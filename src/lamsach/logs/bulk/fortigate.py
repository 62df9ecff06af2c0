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
from lamsach.logs.bulk.columns import addresses, cells, check, internal, kept, macs, mapped, names, ports
from lamsach.logs.bulk.joining import in_order
from lamsach.logs.formats.fortigate import OWN_ROLES, FortiGate, action_of
from lamsach.logs.fortinet_times import time_of
from lamsach.logs.key_value import first, pairs
from lamsach.logs.syslog import NO_HEADER
from lamsach.logs.values import domain_of, host_of_url

if TYPE_CHECKING:
    import pyarrow as pa

# date=2024-03-06 time=22:06:03 devname="FG 1" -> date= time= devname="
_QUOTED, _BARE = re.compile(rb'="[^"\n]*"'), re.compile(rb'=[^" \n]+')
_KIND = re.compile(rb' log_?id="?(\d+)')
_TOKEN = re.compile(r'([A-Za-z_][\w.-]*)=("?)', re.ASCII)
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


class _Mixed(Exception):  # noqa: N818 - no error: the lines are put together otherwise
    """Some lines have other keys than the first."""


def _skeleton(line: bytes) -> bytes:
    """The line without its values."""
    return _BARE.sub(b"=", _QUOTED.sub(b'="', line))


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
        groups: dict[object, list[int]] = {}
        alone: list[int] = []
        for at, line in enumerate(lines):
            if b"\\" in line or b"\t" in line:
                alone.append(at)
            else:
                kind = _KIND.search(line)
                groups.setdefault((kind and kind[0], line.count(b'="')), []).append(at)
        parts: list[Part] = []
        for rows in groups.values():
            self._take(rows, lines, parts, alone)
        return in_order(parts, alone, lines, self.log_format)

    def _take(self, rows: list[int], lines: list[bytes], parts: list[Part], alone: list[int]) -> None:
        """Read lines that may well have one shape; those of another are put together by their shapes first."""
        import pyarrow as pa

        if len(rows) < _FEW_LINES:
            alone += rows
            return
        first_line, skeleton = lines[rows[0]], _skeleton(lines[rows[0]])
        shape = self._shape(skeleton, first_line)
        try:
            if shape is not None:
                parts.append((rows, shape.read(b"\n".join([lines[at] for at in rows]), len(rows))))
                return
        except (_Mixed, pa.ArrowInvalid):
            pass
        groups: dict[bytes, list[int]] = {}
        for at in rows:
            groups.setdefault(_skeleton(lines[at]), []).append(at)
        if len(groups) == 1:
            alone += rows
            return
        for several in groups.values():
            self._take(several, lines, parts, alone)

    def _shape(self, skeleton: bytes, line: bytes) -> _Shape | None:
        if skeleton not in self._shapes:
            if len(self._shapes) > 1000:
                self._shapes.clear()
            self._shapes[skeleton] = self._learnt(skeleton, line)
        return self._shapes[skeleton]

    def _learnt(self, skeleton: bytes, line: bytes) -> _Shape | None:
        assert isinstance(self.log_format, FortiGate)
        tokens = [_TOKEN.fullmatch(token) for token in skeleton.decode().split(" ")]
        keys = [(token[1], bool(token[2])) for token in tokens if token]
        present = {key for key, _ in keys}
        if len(keys) < len(tokens) or len(present) < len(keys) or not present >= _NEEDED:
            return None
        fields = _Noting(pairs(line.decode()))
        self.log_format.event_of(fields, NO_HEADER, 1)
        return _Shape(keys, self.context) if (fields.asked & present) <= _KNOWN else None


class _Shape:
    """Reads lines with the same keys in the same order; `keys` says of each whether its value is quoted."""

    def __init__(self, keys: Sequence[tuple[str, bool]], context: FileContext) -> None:
        self._columns: list[str] = []
        self._bare: set[str] = set()
        self._zone = context.timezone
        for key, quoted in keys:
            self._columns += [f"{key}=", key] if quoted else [key]
            self._bare |= set() if quoted else {key}
        self._quoted = [key for key, quoted in keys if quoted]
        self._read = [
            name for name in self._columns if name[-1] == "=" or name in self._bare or name in _KNOWN
        ]

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """The columns of so many lines. Raises _Mixed when they do not all have these keys, Unusual, pyarrow.ArrowInvalid."""
        import pyarrow as pa
        import pyarrow.compute as pc

        quoted = data.replace(b'="', b'= "')
        row = cells(quoted, self._columns, " ", dict.fromkeys(self._read, pa.string()), quotes=True)
        same = [pc.equal(row[f"{key}="], f"{key}=") for key in self._quoted]
        same += [pc.starts_with(row[key], f"{key}=") for key in self._bare]
        if len(row["srcip"]) != count or not all(pc.all(one).as_py() for one in same):
            raise _Mixed
        for key in self._bare & _KNOWN:
            row[key] = pc.utf8_slice_codeunits(row[key], len(key) + 1)
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
    from_wan = pc.equal(row["srcintfrole"], "wan") if "srcintfrole" in row else no
    inward = pc.or_(pc.or_(from_wan, to_own), pc.equal(row["subtype"], "local"))
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
