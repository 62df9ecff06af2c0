"""Hunt over binary logs: listed values are found, on the right device, with readable evidence.

The result is the same as over text.
"""

from __future__ import annotations

import dataclasses
import gzip
import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bench.evtx_builder import Record, strings, template_chunk
from lamsach.investigate import Request, investigate
from lamsach.logs.events.records import event_text
from lamsach.model import Event, EventKind, Findings, Role
from tests.logs import capture_builder as build
from tests.logs.evtx_builder import file

PC, SERVER, RESOLVER = "192.168.1.5", "203.0.113.9", "192.168.1.1"
C2 = "c2.example"
OTHER = ("192.168.1.6", "198.51.100.7")


def packets() -> list[bytes]:
    """A query, its answer, a TLS hello and a request of one PC; harmless traffic of another."""
    hello = build.records(build.client_hello("cdn.c2.example"))
    request = b"GET /load/a.php?x=1 HTTP/1.1\r\nHost: files.example\r\n\r\n"
    return [
        build.ip(PC, RESOLVER, 17, build.udp(40000, 53, build.question("cdn.c2.example"))),
        build.ip(
            RESOLVER, PC, 17, build.udp(53, 40000, build.answer("cdn.c2.example", [build.address(SERVER)]))
        ),
        *build.conversation((PC, 50000), (SERVER, 443), [hello[:40], hello[40:]]),
        *build.conversation((PC, 50001), ("203.0.113.10", 8080), [request]),
        *build.conversation((OTHER[0], 50002), (OTHER[1], 443), []),
    ]


@pytest.fixture
def hunted(tmp_path, monkeypatch):
    """Hunt for these values in a capture of the packets; `packed`: as a gzip file."""
    monkeypatch.setenv("LAMSACH_CACHE", str(tmp_path / "cache"))

    def run(*values: str, data: bytes | None = None, packed: bool = False, **options) -> Findings:
        listed = tmp_path / "list.txt"
        listed.write_text("\n".join(values))
        capture = tmp_path / "capture.pcap"
        data = build.pcap(packets(), 101) if data is None else data
        capture.write_bytes(gzip.compress(data) if packed else data)
        return investigate(Request(logs=[str(capture)], lists=[str(listed)], **options))[0]

    return run


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("value", "contacts"),
    [
        ("c2.example", 2),  # query and answer are one contact, the hello another
        (SERVER, 2),  # connection and hello; the DNS answer has another role
        ("http://files.example/load/", 1),
        ("203.0.113.0/28", 4),
    ],
)
def test_what_is_listed_is_found(hunted, value, contacts, packed):
    findings = hunted(value, packed=packed)
    assert [device.ip for device in findings.devices] == [PC]
    outbound = [item for item in findings.sightings if item.role is Role.OUTBOUND]
    assert sum(item.count for item in outbound) == contacts
    assert findings.problems == ()


def test_evidence_is_a_readable_line_and_its_frame(hunted):
    findings = hunted("http://files.example/load/")
    (evidence,) = findings.sightings[0].evidence
    assert evidence.text.endswith(
        f"web {PC}:50001 > 203.0.113.10:8080 name=files.example url=/load/a.php?x=1 action=allowed"
    )
    assert evidence.line == 10
    assert evidence.file.endswith("capture.pcap")


def test_coverage_and_the_file_are_reported(hunted):
    findings = hunted("c2.example")
    (row,) = findings.coverage
    assert (row.observer, row.format, row.day) == ("pcap", "pcap", date(2026, 6, 5))
    assert (row.lines, row.parsed, row.unparsed, row.sampled) == (8, 8, 0, 8)
    (file,) = findings.files
    assert (file.format, file.lines, file.problem) == ("pcap", 8, None)
    assert file.first == datetime.fromtimestamp(build.TIME_S, UTC)


def test_other_times_are_not_searched(hunted):
    until = datetime(2026, 6, 1, tzinfo=UTC)
    assert hunted("c2.example", until=until).sightings == ()


def test_a_truncated_capture_is_searched_and_reported(hunted):
    findings = hunted("c2.example", data=build.pcap(packets(), 101)[:-5])
    assert [device.ip for device in findings.devices] == [PC]
    (problem,) = findings.problems
    assert "cut short" in problem.what


def test_a_capture_without_frames_is_reported(hunted):
    (problem,) = hunted("c2.example", data=build.pcap([], 101)).problems
    assert "empty" in problem.what


def test_a_lease_in_the_capture_names_the_machine(hunted):
    """A DHCP server's answer is in the same capture.

    The preceding ARP frame confirms the address.
    """
    options = b"\x35\x01\x05\x0c\x07PC-0042\x33\x04\0\0\x0e\x10\xff"
    head = b"\x02\x01\x06\0" + bytes(12) + bytes((192, 168, 1, 5)) + bytes(8) + build.MAC_A + bytes(202)
    acknowledged = build.ip(RESOLVER, PC, 17, build.udp(67, 68, head + b"\x63\x82\x53\x63" + options))
    arp = b"\0\1\x08\0\x06\x04\0\2" + build.MAC_A + bytes((192, 168, 1, 5)) + bytes(10)
    frames = [build.ethernet(arp, 0x0806), *(build.ethernet(packet) for packet in [acknowledged, *packets()])]
    (device,) = hunted("c2.example", data=build.pcap(frames)).devices
    assert (device.ip, device.mac, device.name) == (PC, "02:00:5e:10:00:15", "PC-0042")


def test_a_frame_of_junk_stops_nothing(hunted):
    findings = hunted("c2.example", data=build.pcap([b"\xff" * 30, *packets()], 101))
    assert [device.ip for device in findings.devices] == [PC]
    assert findings.problems == ()


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (
            Event(kind=EventKind.DNS, source_ip=PC, domain="a b\n.example"),
            "dns 192.168.1.5 name=a\\x20b\\n.example",
        ),
        (
            Event(kind=EventKind.CONNECTION, source_ip="2001:db8::1", source_port=5, destination_ip=SERVER),
            "connection [2001:db8::1]:5 > 203.0.113.9",
        ),
        (Event(kind=EventKind.FILE, hashes=("ab" * 16,), user="lan"), f"file user=lan hashes={'ab' * 16}"),
    ],
)
def test_events_as_lines(event, text):
    assert event_text(event) == text


SAMPLES = Path(__file__).parents[2] / "../shared/samples/pcaps"


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not here")
def test_names_in_the_samples_are_found(tmp_path, monkeypatch):
    """Hunt for every name in the sample captures.

    Each is found, and only devices named by the captures are blamed.
    """
    monkeypatch.setenv("LAMSACH_CACHE", str(tmp_path / "cache"))
    cases = [json.loads(line) for line in (SAMPLES / "cases.jsonl").read_text().splitlines()]
    wanted: dict[str, set[str]] = {}
    paths = set()
    for case in cases:
        for event in case["expected"]["events"]:
            name = event.get("qname") or event.get("sni")
            if name and name.count(".") > 1 and not name.endswith((".local", ".nm")):
                wanted.setdefault(name.lower(), set()).add(event["src_ip"])
                paths.add(str(SAMPLES / case["pcap"]))
    (tmp_path / "list.txt").write_text("\n".join(wanted))
    findings, _ = investigate(Request(logs=sorted(paths), lists=[str(tmp_path / "list.txt")]))
    found = {item.indicator for item in findings.sightings}
    assert found == set(wanted)
    assert {device.ip for device in findings.devices} <= set().union(*wanted.values())


def test_names_of_messages_that_the_reader_does_not_understand(hunted):
    """DNS on another port, cut in the middle, behind another protocol's bytes.

    The name is attributed to no machine.
    """
    long_dash, long_digit = f"{'a' * 45}.c2.example", f"{'b' * 53}.c2.example"
    for name in ("www.c2.example", long_dash, long_digit, "c2.example"):
        question = build.question(name)
        for payload in (question, question[:-3], b"frame\0" + question[12:], b"\0\x2a" + question[12:]):
            packet = build.ip(PC, "192.168.1.77", 17, build.udp(40000, 5300, payload))
            findings = hunted(name, data=build.pcap([*packets(), packet], 101))
            assert [item.indicator for item in findings.sightings] == [name], payload
            assert findings.verdict.found


@pytest.fixture
def hunted_file(tmp_path, monkeypatch):
    """Hunt for a value in a file of this name and content."""
    monkeypatch.setenv("LAMSACH_CACHE", str(tmp_path / "cache"))

    def run(name: str, content: bytes, value: str) -> Findings:
        (tmp_path / "list.txt").write_text(value)
        (tmp_path / name).write_bytes(content)
        return investigate(Request(logs=[str(tmp_path / name)], lists=[str(tmp_path / "list.txt")]))[0]

    return run


def logs_of_neighbours(*values: str) -> dict[str, bytes]:
    """Return event files with these values adjacent, in fields that no reader uses.

    Usual records, and records left to the library.
    """
    data = {f"Field{at}": value for at, value in enumerate(values)}
    record = Record(3, strings(**data))
    return {
        "usual": file(template_chunk([record])),
        "without names": file(template_chunk([dataclasses.replace(record, unnamed=True)])),
        "in the head": file(
            template_chunk([dataclasses.replace(record, data=[], computer=values[1], literal=False)])
        ),
    }


def test_adjacent_strings_of_an_event_file(hunted_file):
    """No separator is between them: each value is searched separately."""
    neighbours = (
        ("abc", C2),
        ("abc", C2, "xyz"),
        ("abc", f"a {C2}", "xyz"),
        ("x" * 40, C2, "y.example", "z"),
    )
    for values in neighbours:
        for name, content in logs_of_neighbours(*values).items():
            findings = hunted_file("some.evtx", content, C2)
            assert [sighting.indicator for sighting in findings.sightings] == [C2], (values, name)
    for value in ("ab" * 32, "2001:db8::77"):
        for name, content in logs_of_neighbours("0abc", value, "1xyz").items():
            if name != "in the head":
                findings = hunted_file("some.evtx", content, value)
                assert [sighting.indicator for sighting in findings.sightings] == [value], (value, name)
    clean = logs_of_neighbours("abc", f"x{C2}")["usual"]
    assert hunted_file("some.evtx", clean, C2).sightings == ()
