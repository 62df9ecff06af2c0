"""Suricata's EVE log as the sensor writes it, for the event types that fill it. The lines of a piece are put together by their event types."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.bulk.base import BulkReader, Unusual
from lamsach.logs.bulk.columns import addresses, check, hashes, mapped, names, own_sides
from lamsach.logs.bulk.eve_keys import IDLE, TOLD, WITHIN
from lamsach.logs.bulk.features import Lines, groups_of, letters_of
from lamsach.logs.bulk.heads import times
from lamsach.logs.bulk.joining import in_order
from lamsach.logs.formats.sensors.suricata_eve.fields import KINDS, action_of, answers_of, names_of
from lamsach.logs.text.times.timestamps import from_iso
from lamsach.logs.text.values import hash_of, host_and_port, host_of_url, question_of, stated
from lamsach.model import EventKind

if TYPE_CHECKING:
    import pyarrow as pa

_MARK, _FARTHEST = '"event_type":"', 250
_TYPE = re.compile(rb'"event_type":"([a-z]+)')
_TYPES = ("dns", "flow", "http", "tls", "fileinfo", "alert")
_FEW_LINES = 8
_DEEPEST = 200
_TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d{4}$"
Row = dict[str, Any]


class EveObjects(BulkReader):
    """Records with the addresses of both sides."""

    def __init__(self, log_format: LogFormat, context: FileContext) -> None:
        super().__init__(log_format, context)
        self._unusual: dict[bytes, int] = {}

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        lines = data.split(b"\n")
        groups, alone = _groups(lines)
        parts = []
        for rows in groups:
            name = _TYPE.findall(lines[rows[0]])[0]
            columns = self._group(name, b"\n".join([lines[at] for at in rows]), len(rows))
            if columns is None:
                alone += rows
            else:
                parts.append((rows, columns))
        return in_order(parts, alone, lines, self.log_format)

    def _group(self, name: bytes, data: bytes, count: int) -> dict[str, pa.Array] | None:
        import pyarrow as pa

        if count < _FEW_LINES or self._unusual.get(name, 0) > 3:
            return None
        try:
            return _Group(name.decode(), data, count).columns(self._second)
        except (Unusual, ValueError, pa.ArrowException):
            self._unusual[name] = self._unusual.get(name, 0) + 1
            return None

    def _second(self, text: str) -> Any:
        return from_iso(text, self.context.timezone)


def _groups(lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
    """The lines by their event types, which stand behind the time and before anything nested; and those of which it is not told so."""
    import numpy as np

    told = Lines(lines)
    place = told.place(_MARK)
    usual = (place > 0) & (place < _FARTHEST) & (told.letters(place - 1, 1) == ord(","))
    usual &= told.letters_at(0, 8) == letters_of('{"timest')
    braces, brackets = told.count("{"), told.count("[")
    usual &= (told.count("{", place) == braces - 1) & (told.count("[", place) == brackets)
    usual &= braces + brackets < _DEEPEST
    name = told.letters(place + len(_MARK), 8)
    types = np.zeros(len(lines), np.int64)
    for at, known in enumerate(_TYPES, 1):
        shown = f'{known}"'[:8]
        width = 8 * (8 - len(shown))
        types[(name >> width) == letters_of(shown)] = at
    return groups_of((types,), usual & (types > 0))


class _Group:
    """Records of one event type."""

    def __init__(self, name: str, data: bytes, count: int) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc
        from pyarrow import json

        self._name = name
        self._kind = KINDS.get(name)
        table = json.read_json(
            io.BytesIO(data),
            json.ReadOptions(use_threads=False, block_size=len(data) + 64),
            json.ParseOptions(explicit_schema=pa.schema([("timestamp", pa.string())])),
        )
        if table.num_rows != count or not set(table.column_names) <= TOLD | IDLE:
            raise Unusual
        if name == "alert" and not {"dns", "http", "tls"}.isdisjoint(table.column_names):
            raise Unusual  # its kind is that of each record
        check(pc.equal(table.column("event_type"), name))
        self._count = count
        self._row: Row = {key: table.column(key).combine_chunks() for key in table.column_names}

    def _of(self, *path: str) -> pa.Array | None:
        """The values at a path; None when no record has one."""
        import pyarrow as pa
        import pyarrow.compute as pc

        found = self._row.get(path[0])
        for key in path[1:]:
            if found is None or not pa.types.is_struct(found.type) or found.type.get_field_index(key) < 0:
                return None
            found = pc.struct_field(found, key)
        return None if found is None or pa.types.is_null(found.type) else found

    def _text(self, *path: str) -> pa.Array:
        """The texts at a path."""
        import pyarrow as pa

        found = self._of(*path)
        if found is None:
            return pa.nulls(self._count, pa.string())
        if not pa.types.is_string(found.type):
            raise Unusual
        return found

    def columns(self, second: Callable[[str], Any]) -> dict[str, pa.Array]:
        """The columns of the records."""
        for key, known in WITHIN.items():
            self._check_keys(key, known)
        sources, destinations = addresses(self._text("src_ip")), addresses(self._text("dest_ip"))
        source_ports, destination_ports = self._ports("src_port"), self._ports("dest_port")
        domain, url = self._names()
        columns = {
            "time": self._times(second),
            "observer": mapped(self._text("host"), stated),
            "source_ip": sources,
            "source_port": source_ports,
            "destination_ip": destinations,
            "destination_port": destination_ports,
            "device_ip": self._devices(sources, source_ports, destinations, destination_ports),
            "domain": domain,
            "url": url,
            "action": self._actions(),
        }
        if self._kind is EventKind.DNS:
            columns["answers"] = self._answers()
        return columns | self._hashes()

    def _check_keys(self, key: str, known: frozenset[str]) -> None:
        import pyarrow as pa

        found = self._of(key)
        if found is None:
            return
        if not pa.types.is_struct(found.type) or not {field.name for field in found.type} <= known:
            raise Unusual

    def _ports(self, key: str) -> pa.Array:
        import pyarrow as pa
        import pyarrow.compute as pc

        found = self._of(key)
        if found is None:
            return pa.nulls(self._count, pa.int32())
        bounds = pc.min_max(found).as_py()
        if not pa.types.is_integer(found.type) or not 0 <= bounds["min"] <= bounds["max"] <= 65535:
            raise Unusual
        return found.cast(pa.int32())

    def _times(self, second: Callable[[str], Any]) -> pa.Array:
        return times(self._text("timestamp"), second, _TIME)

    def _devices(
        self, sources: pa.Array, source_ports: pa.Array, destinations: pa.Array, destination_ports: pa.Array
    ) -> pa.Array:
        import pyarrow as pa
        import pyarrow.compute as pc

        own = own_sides(sources, destinations)
        direction = self._text("direction")
        if direction.null_count < self._count:
            turned = pc.and_(pc.fill_null(pc.equal(direction, "to_client"), False), pc.equal(own, sources))
            own = pc.if_else(turned, own_sides(destinations, sources), own)
        if self._kind is not EventKind.DNS:
            return own
        servers = pa.array([53, 853], pa.int32())
        asks, answers = pc.is_in(destination_ports, servers), pc.is_in(source_ports, servers)
        return pc.if_else(asks, sources, pc.if_else(answers, destinations, own))

    def _names(self) -> tuple[pa.Array, pa.Array]:
        import pyarrow as pa
        import pyarrow.compute as pc

        nothing = pa.nulls(self._count, pa.string())
        if self._kind is EventKind.DNS:
            return names(self._text("dns", "rrname"), question_of), nothing
        if self._of("dns") is not None:
            raise Unusual
        if self._of("http") is not None:
            return self._web_names()
        if self._of("tls") is None:
            return nothing, nothing
        sni = names(self._text("tls", "sni"), lambda text: host_and_port(text)[0])
        subjects = pc.if_else(pc.is_null(sni), self._text("tls", "subject"), pa.scalar(None, pa.string()))
        told = mapped(subjects, lambda text: names_of(EventKind.TLS, {"tls": {"subject": text}})[0])
        return pc.coalesce(sni, told), nothing

    def _web_names(self) -> tuple[pa.Array, pa.Array]:
        import pyarrow as pa
        import pyarrow.compute as pc

        if self._of("tls") is not None or self._row["http"].null_count:
            raise Unusual
        urls = self._text("http", "url")
        hosts = names(self._text("http", "hostname"), lambda text: host_and_port(text)[0])
        if not hosts.null_count:
            return hosts, urls
        tunnel = pc.fill_null(pc.equal(self._text("http", "http_method"), "CONNECT"), False)
        check(pc.invert(pc.and_(tunnel, pc.is_null(hosts))))
        unnamed = pc.if_else(pc.is_null(hosts), urls, pa.scalar(None, pa.string()))
        return pc.coalesce(hosts, mapped(unnamed, host_of_url)), urls

    def _actions(self) -> pa.Array:
        import pyarrow as pa
        import pyarrow.compute as pc

        status = self._of("http", "status")
        if status is not None and not pa.types.is_integer(status.type):
            raise Unusual
        served = pa.nulls(self._count, pa.string()) if status is None else pc.cast(status, pa.string())
        told = (
            self._text("alert", "action"),
            self._text("flow", "action"),
            self._text("flow", "state"),
            self._text("dns", "rcode"),
            served,
        )
        joined = pc.binary_join_element_wise(*(pc.fill_null(one, "") for one in told), "|")
        return mapped(joined, self._action)

    def _action(self, text: str) -> Any:
        alert, flow, state, reply, served = (part or None for part in text.split("|"))
        record = {
            "alert": {"action": alert},
            "flow": {"action": flow, "state": state},
            "dns": {"rcode": reply},
            "http": {"status": served},
        }
        return action_of(self._name, record)

    def _answers(self) -> pa.Array:
        """Of the records that answer; the others have none."""
        import pyarrow as pa

        values: list[list[str] | None] = [None] * self._count
        told = {
            key: found
            for key in ("answers", "grouped", "rdata")
            if (found := self._of("dns", key)) is not None
        }
        if told:
            kinds = self._text("dns", "rrtype").to_pylist()
            columns = {key: found.to_pylist() for key, found in told.items()}
            for at in range(self._count):
                dns = {key: column[at] for key, column in columns.items() if column[at] is not None}
                if dns:
                    values[at] = list(dict.fromkeys(answers_of(dns | {"rrtype": kinds[at]}))) or None
        return pa.array(values, pa.list_(pa.string()))

    def _hashes(self) -> dict[str, pa.Array]:
        import pyarrow.compute as pc

        found = {}
        for key, digits in (("sha256", 64), ("sha1", 40), ("md5", 32)):
            if self._of("fileinfo", key) is not None:
                found[key] = hashes(self._text("fileinfo", key), digits)
        if self._of("tls", "fingerprint") is not None:
            prints = mapped(self._text("tls", "fingerprint"), hash_of)
            check(pc.fill_null(pc.equal(pc.binary_length(prints), 40), True))
            found["sha1"] = pc.coalesce(found["sha1"], prints) if "sha1" in found else prints
        return found
