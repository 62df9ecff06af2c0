"""Templates in columns equal single records, for a function that compares, tests and joins values."""

from __future__ import annotations

from collections.abc import Collection, MutableMapping
from datetime import datetime

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.bulk import templates
from lamsach.logs.bulk.rows import Row
from lamsach.logs.bulk.templates import Templates
from lamsach.logs.bulk.text_buffers import Unusual
from lamsach.logs.bulk.value_classes import ANY, PORT
from lamsach.logs.events.ends import is_internal
from lamsach.logs.events.tables import columns_of, table_of
from lamsach.logs.mappings.keyed_events import host_in
from lamsach.logs.mappings.records import Header, Records
from lamsach.logs.text.key_value import first, first_ip, first_port
from lamsach.logs.text.syslog import SyslogHeader
from lamsach.logs.text.times.timestamps import from_epoch
from lamsach.logs.text.values import domain_of, hash_of, mac_of
from lamsach.model import Action, Event

VALUES = {
    "src": ["10.1.1.5", "192.168.3.4", "198.51.100.7", "0.0.0.0", "2001:db8::7", "fe80::1", "-", "", "pc-07",
        "10.1.1.5:80", "127.0.0.1", "224.0.0.1"],
    "dst": ["203.0.113.9", "10.1.1.5", "192.168.3.4", "198.51.100.7", "2001:DB8::7", "255.255.255.255", "n/a",
        ""],
    "sport": ["50123", "53", "0", "65536", "050", "x", "1024"],
    "host": ["www.example", "WWW.Example", "pc-07", "PC-07", "-", "unknown", "10.1.1.5", "aabbccddeeff",
        "x" * 70 + ".example", "DOM\\an.nv", "ví dụ.example"],
    "name": ["www.example", "Www.Example", "pc-07", "a.example", "", "None"],
    "url": ["http://www.example/a", "https://a.example:8443/b?c=d", "/a/b", "a.example/b",
        "http://WWW.example/", "http://www.example", "C:\\a", "-", "https://10.1.1.5/a"],
    "mac": ["00:1a:2b:3c:4d:5e", "00-1A-2B-3C-4D-5E", "00:00:00:00:00:00", "001a.2b3c.4d5e",
        "ff:ff:ff:ff:ff:ff"],
    "digest": ["ab" * 32, "AB" * 20, "0c" * 16, "zz" * 16, ""],
    "act": ["deny", "allow", "broken", "nothing"],
    "time": ["1780000000", "1780000001", "1780000002"],
    "odd": ["", "1", "2", "3"],
}  # fmt: skip
WITHOUT = st.just(None)
RECORD = st.fixed_dictionaries({key: st.sampled_from(several) | WITHOUT for key, several in VALUES.items()})


class Toy:
    """A format that compares, tests and joins values."""

    name = "toy"
    records = Records(
        reader="",
        texts=("src", "dst", "host", "name", "url", "mac", "digest"),
        ports=("sport",),
        clock=("time",),
    )
    context = FileContext()

    def record_time(self, fields: MutableMapping[str, str]) -> datetime | None:
        return from_epoch(fields["time"]) if "time" in fields else None

    def record_event(self, fields: MutableMapping[str, str], header: Header) -> Event | None:
        if fields.get("act") == "broken":
            raise LineError("broken", "")
        if fields.get("act") == "nothing":
            return None
        source, destination, host = first_ip(fields, "src"), first_ip(fields, "dst"), first(fields, "host")
        url, name = first(fields, "url"), domain_of(fields.get("name", ""))
        same = bool(url and name and host_in(url) == name)
        if host and name and host.lower() == name:
            del fields["host"]
            host = None
        fields["joined"] = f"http://{name}{url}" if url and url[:1] == "/" and name else url or ""
        hashes = (hash_of(fields.get("digest", "")),)
        return Event(
            time=self.record_time(fields) or header.time,
            observer=header.host,
            source_ip=source,
            source_port=first_port(fields, "sport"),
            destination_ip=None if source == destination else destination,
            device_ip=source if source and is_internal(source) else destination,
            device_name=host or ("same" if same else None),
            source_mac=mac_of(fields.get("mac")),
            domain=name,
            url=fields["joined"],
            answers=tuple(value for value in (source, name) if value),
            hashes=tuple(value for value in hashes if value),
            action=Action.BLOCKED if fields.get("act") == "deny" else Action.UNKNOWN,
        )


@given(
    st.lists(RECORD, min_size=1, max_size=40),
    st.lists(st.sampled_from([None, "fw-1", "fw-2"]), min_size=1, max_size=3),
)
@settings(max_examples=120, deadline=None)
def test_columns_equal_single_records(records: list[dict[str, str | None]], hosts: list[str | None]) -> None:
    toy, count = Toy(), len(records)
    row = {key: pa.array([values[key] for values in records], pa.string()) for key in VALUES}
    hosts_of_rows = [hosts[at % len(hosts)] for at in range(count)]

    def load(wanted: Collection[str]) -> dict[str, pa.Array]:
        return {key: row[key] for key in wanted}

    try:
        found = Templates(toy).columns(
            Row([*row], load, set()),
            count,
            lambda: (pa.nulls(count, pa.timestamp("us", "UTC")), pa.array(hosts_of_rows, pa.string())),
        )
    except Unusual:
        return
    rows = found.pop("line", pa.array(range(count))).to_pylist()
    events: list[Event] = []
    for at, (record, host) in enumerate(zip(records, hosts_of_rows, strict=True)):
        fields = {key: text for key, text in record.items() if text is not None}
        try:
            event = toy.record_event(fields, SyslogHeader(None, host, None, None))
        except LineError:
            event = None
        assert event is not None or at not in rows
        if at in rows and event is not None:
            events.append(event)
    if events:
        read, stated = table_of(found, len(rows)), table_of(columns_of(events), len(events))
        same = [key for key in read.schema.names if key not in ("format", "file", "line")]
        assert read.select(same).to_pydict() == stated.select(same).to_pydict()


def test_unread_key_has_no_effect() -> None:
    count = 5000
    values_read: list[str] = []

    class Noting(Toy):
        def record_event(self, fields: MutableMapping[str, str], header: Header) -> Event | None:
            values_read.append(fields.get("src", ""))
            return super().record_event(fields, header)

    row = {
        "src": pa.array([f"10.1.{at // 200}.{at % 200 + 1}" for at in range(count)]),
        "act": pa.array([("deny", "allow")[at % 2] for at in range(count)]),
        "session": pa.array([f"{at}" for at in range(count)]),
    }
    nothing = (pa.nulls(count, pa.timestamp("us", "UTC")), pa.nulls(count, pa.string()))
    found = Templates(Noting()).columns(
        Row([*row], lambda wanted: {key: row[key] for key in wanted}, set(), certain=True),
        count,
        lambda: nothing,
    )
    assert found["source_ip"].equals(row["src"])
    assert found["action"].to_pylist()[:2] == ["blocked", "unknown"]
    assert len(values_read) < 10
    assert templates.MARK not in str(found["source_ip"].to_pylist())


def test_stand_in_text_in_the_log() -> None:
    class Named(Toy):
        def record_event(self, fields: MutableMapping[str, str], header: Header) -> Event | None:
            return Event(
                source_ip=first_ip(fields, "src"), source_port=first_port(fields, "sport"),
                observer=fields["odd"], destination_port=first_port(fields, "other"),
            )  # fmt: skip

    stand_ins = [ANY[1].nth(0)[0], PORT[0].nth(1)[0]]
    row = {
        "src": pa.array(["10.1.1.5"] * 2),
        "sport": pa.array(["50123"] * 2),
        "odd": pa.array([stand_ins[0], "fw-1"]),
        "other": pa.array(["1", stand_ins[1]]),
    }
    nothing = (pa.nulls(2, pa.timestamp("us", "UTC")), pa.nulls(2, pa.string()))
    found = Templates(Named()).columns(
        Row([*row], lambda wanted: {key: row[key] for key in wanted}, set(), certain=True), 2, lambda: nothing
    )
    assert found["line"].to_pylist() == []  # left to single lines
