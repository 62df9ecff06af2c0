"""NetFlow and IPFIX: every version, templates that come late, change or are withdrawn; packet series."""

from __future__ import annotations

import io
import struct
from datetime import UTC, datetime
from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.errors import UnreadableError
from lamsach.logs.base import FileContext
from lamsach.logs.binary.netflow.packets import looks_like_export
from lamsach.logs.formats.flows.netflow import NetFlow
from lamsach.model import Action, Event, Refusal

PC, SERVER = "10.0.0.5", "203.0.113.9"
TIME_S = 1_780_619_472


def address(text: str) -> bytes:
    return ip_address(text).packed


def fixed(version: int, count: int = 2) -> bytes:
    """Build a packet of version 1, 5 or 7 with flows from port 4000 on."""
    head = struct.pack(">HHIII", version, count, 99, TIME_S, 0)
    head += {1: b"", 5: bytes(8), 7: bytes(8)}[version]
    size = {1: 52, 5: 48, 7: 52}[version]
    return head + b"".join(
        (address(PC) + address(SERVER) + bytes(24) + struct.pack(">HH", 4000 + n, 443) + b"\0\x18\x06").ljust(
            size, b"\0"
        )
        for n in range(count)
    )


def v9(*sets: bytes, source: int = 1) -> bytes:
    return struct.pack(">HHIIII", 9, len(sets), 99, TIME_S, 1, source) + b"".join(sets)


def ipfix(*sets: bytes, domain: int = 1) -> bytes:
    body = b"".join(sets)
    return struct.pack(">HHIII", 10, 16 + len(body), TIME_S, 1, domain) + body


def one_set(identity: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    return struct.pack(">HH", identity, 4 + len(body)) + body


def template(identity: int, fields: list[tuple[int, ...]], *, version: int = 9) -> bytes:
    """Build a template; a field of three numbers is an enterprise's: element, length, enterprise."""
    body = struct.pack(">HH", identity, len(fields))
    for field in fields:
        if len(field) == 3:
            body += struct.pack(">HHI", field[0] | 0x8000, field[1], field[2])
        else:
            body += struct.pack(">HH", *field)
    return one_set(0 if version == 9 else 2, body)


PLAIN = [(8, 4), (12, 4), (7, 2), (11, 2), (4, 1)]
RECORD = address(PC) + address(SERVER) + struct.pack(">HHB", 4000, 443, 6)


def read(*packets: bytes) -> tuple[list[Event], list[Refusal], UnreadableError | None]:
    events: list[Event] = []
    refusals: list[Refusal] = []
    try:
        for item in NetFlow(FileContext("flows")).read(io.BytesIO(b"".join(packets))):
            (events if isinstance(item, Event) else refusals).append(item)
    except UnreadableError as error:
        return events, refusals, error
    return events, refusals, None


def ends(event: Event) -> tuple[object, ...]:
    return event.source_ip, event.source_port, event.destination_ip, event.destination_port


FLOW = (PC, 4000, SERVER, 443)


@pytest.mark.parametrize("version", [1, 5, 7])
def test_versions_of_fixed_records_give_their_flows(version):
    events, refusals, error = read(fixed(version), fixed(version, 1))
    assert (refusals, error) == ([], None)
    assert [ends(event) for event in events] == [FLOW, (PC, 4001, SERVER, 443), FLOW]
    assert [event.line for event in events] == [1, 1, 2]
    assert {event.time for event in events} == {datetime.fromtimestamp(TIME_S, UTC)}
    assert {event.device_ip for event in events} == {PC}


@pytest.mark.parametrize("version", [9, 10])
def test_records_by_template(version):
    packet = v9 if version == 9 else ipfix
    events, refusals, error = read(
        packet(template(256, PLAIN, version=version), one_set(256, RECORD * 3)), packet(one_set(256, RECORD))
    )
    assert (refusals, error) == ([], None)
    assert [ends(event) for event in events] == [FLOW] * 4
    assert [event.line for event in events] == [1, 1, 1, 2]


def test_data_before_their_template():
    events, refusals, _ = read(v9(one_set(256, RECORD)), v9(template(256, PLAIN)))
    assert [(ends(event), event.line) for event in events] == [(FLOW, 1)]
    assert refusals == []


def test_data_without_a_template_are_refused():
    events, (refusal,), _ = read(v9(one_set(256, RECORD), source=7), v9(template(256, PLAIN), source=8))
    assert events == []
    assert (refusal.value, refusal.reference.row) == ("7:256", 1)


def test_templates_belong_to_their_source():
    swapped = [(12, 4), (8, 4), (11, 2), (7, 2), (4, 1)]
    events, _, _ = read(
        v9(template(256, PLAIN), source=1),
        v9(template(256, swapped), source=2),
        v9(one_set(256, RECORD), source=1),
        v9(one_set(256, RECORD), source=2),
    )
    assert [ends(event) for event in events] == [FLOW, (SERVER, 443, PC, 4000)]


def test_changed_and_withdrawn_templates():
    longer = [*PLAIN, (1, 4)]
    events, refusals, _ = read(
        ipfix(template(256, PLAIN, version=10), one_set(256, RECORD)),
        ipfix(template(256, longer, version=10), one_set(256, RECORD + bytes(4))),
        ipfix(one_set(2, struct.pack(">HH", 256, 0))),
        ipfix(one_set(256, RECORD)),
    )
    assert [ends(event) for event in events] == [FLOW, FLOW]
    assert len(refusals) == 1


def test_options_are_no_flows():
    nine = one_set(1, struct.pack(">HHHHHHH", 257, 4, 4, 1, 4, 34, 4))
    ten = one_set(3, struct.pack(">HHHHHHH", 257, 2, 1, 149, 4, 34, 4))
    for packet in (v9(nine, one_set(257, bytes(8))), ipfix(ten, one_set(257, bytes(8)))):
        assert read(packet) == ([], [], None)


def test_variable_length_and_enterprise_fields():
    fields = [*PLAIN, (188, 0xFFFF, 35632), (371, 0xFFFF), (99, 3, 4242), (82, 0xFFFF)]
    record = RECORD + b"\x0ac2.example" + b"\x03lan" + b"xyz" + b"\xff\x01\x00" + b"n" * 256
    (first, second), refusals, error = read(
        ipfix(template(300, fields, version=10), one_set(300, record * 2))
    )
    assert (refusals, error) == ([], None)
    assert ends(first) == ends(second) == FLOW
    assert (second.domain, second.user) == ("c2.example", "lan")


def test_ipv6_and_addresses_of_no_host():
    fields = [(8, 4), (12, 4), (27, 16), (28, 16), (7, 2), (11, 2), (4, 1)]
    record = bytes(8) + address("2001:db8::5") + address("2001:db8::9") + RECORD[8:]
    (event,), _, _ = read(v9(template(256, fields), one_set(256, record)))
    assert ends(event) == ("2001:db8::5", 4000, "2001:db8::9", 443)


@pytest.mark.parametrize(
    ("fields", "values"),
    [
        ([(225, 4), (227, 2)], address("198.51.100.1") + struct.pack(">H", 61000)),
        ([(40001, 4), (40003, 2)], address("198.51.100.1") + struct.pack(">H", 61000)),
        ([(225, 4), (361, 2)], address("198.51.100.1") + struct.pack(">H", 61000)),
    ],
)
def test_translated_addresses_are_read(fields, values):
    (event,), _, _ = read(v9(template(256, PLAIN + fields), one_set(256, RECORD + values)))
    assert ends(event) == FLOW
    assert (event.source_nat_ip, event.source_nat_port) == ("198.51.100.1", 61000)


def test_nat_of_barracuda():
    fields = [*PLAIN, (8, 4, 10704), (9, 2, 10704)]
    record = RECORD + address("198.51.100.1") + struct.pack(">H", 61000)
    (event,), _, _ = read(ipfix(template(256, fields, version=10), one_set(256, record)))
    assert (event.source_nat_ip, event.source_nat_port) == ("198.51.100.1", 61000)


@pytest.mark.parametrize("version", [9, 10])
@pytest.mark.parametrize(
    ("addresses", "client", "server"),
    [((12236, 12237), PC, SERVER), ((12238, 12239), "2001:db8::5", "2001:db8::9")],
)
def test_connections_by_client_and_server(version, addresses, client, server):
    """Cisco's application visibility: one record per connection, in either direction."""
    width = len(address(client))
    numbers = [(addresses[0], width), (addresses[1], width), (12240, 2), (12241, 2)]
    fields = [(0x8000 | n, size) if version == 9 else (n, size, 9) for n, size in numbers]
    record = address(client) + address(server) + struct.pack(">HH", 4000, 443)
    packet = v9 if version == 9 else ipfix
    (event,), _, _ = read(packet(template(256, fields, version=version), one_set(256, record)))
    assert ends(event) == (client, 4000, server, 443)


def test_requests_by_citrix():
    fields = [*PLAIN, (142, 0xFFFF, 5951), (130, 0xFFFF, 5951)]
    record = RECORD + b"\x0ac2.example" + b"\x05/gate"
    (event,), _, _ = read(ipfix(template(256, fields, version=10), one_set(256, record)))
    assert (event.domain, event.url) == ("c2.example", "/gate")


@pytest.mark.parametrize(
    ("text", "domain"),
    [(b"C2.example:8080", "c2.example"), (b"/gate.php", None), (b"Mozilla/5.0 (X11)", None), (b"", None)],
)
def test_requests_by_cisco(text, domain):
    """Application visibility: four bytes of application ID and two of subtype, then the text."""
    value = b"\x03\0\0\x50\x34\x02" + text
    fields = [*PLAIN, (12235, 0xFFFF, 9)]
    packet = ipfix(template(256, fields, version=10), one_set(256, RECORD + bytes([len(value)]) + value))
    (event,), _, _ = read(packet)
    assert event.domain == domain


def test_exporter_named_in_a_record():
    fields = [*PLAIN, (130, 4)]
    (event,), _, _ = read(v9(template(256, fields), one_set(256, RECORD + address("10.0.0.1"))))
    assert (event.observer, ends(event)) == ("10.0.0.1", FLOW)
    (event,), _, _ = read(v9(template(256, fields), one_set(256, RECORD + bytes(4))))
    assert event.observer is None


def test_text_ends_at_its_first_zero():
    record = RECORD + b"c2.example\0old.example\0\0"
    (event,), _, _ = read(v9(template(256, [*PLAIN, (57677, 24)]), one_set(256, record.ljust(37, b"\0"))))
    assert event.domain == "c2.example"


def test_nat_without_a_change():
    (event,), _, _ = read(v9(template(256, [*PLAIN, (225, 4)]), one_set(256, RECORD + address(PC))))
    assert (event.source_nat_ip, event.source_nat_port) == (None, None)


@pytest.mark.parametrize(
    ("element", "value", "action"),
    [
        (233, 1, Action.ALLOWED),
        (233, 3, Action.BLOCKED),
        (40005, 2, Action.ALLOWED),
        (40005, 3, Action.BLOCKED),
        (89, 0x40, Action.ALLOWED),
        (89, 0x80, Action.BLOCKED),
        (89, 0, Action.UNKNOWN),
    ],
)
def test_elements_of_allowed_and_blocked_flows(element, value, action):
    (event,), _, _ = read(v9(template(256, [*PLAIN, (element, 1)]), one_set(256, RECORD + bytes([value]))))
    assert event.action is action


@pytest.mark.parametrize("protocol", [1, 2, 47, 50, 58, 89])
def test_protocols_without_ports(protocol):
    """Their destination port field has ICMP's type and code, zeros, or arbitrary values."""
    old = fixed(5, 1)
    for packet in (
        v9(template(256, PLAIN), one_set(256, RECORD[:-1] + bytes([protocol]))),
        old[:62] + bytes([protocol]) + old[63:],
    ):
        (event,), _, _ = read(packet)
        assert ends(event) == (PC, None, SERVER, None)


def test_records_without_addresses():
    assert read(v9(template(256, [(56, 6), (1, 4)]), one_set(256, bytes(10)))) == ([], [], None)


def test_padding_between_packets():
    events, _, error = read(v9(template(256, PLAIN), one_set(256, RECORD)), bytes(8), fixed(5), bytes(5))
    assert error is None
    assert len(events) == 3


def test_versions_in_one_file():
    events, _, error = read(fixed(5), v9(template(256, PLAIN), one_set(256, RECORD)), ipfix(), fixed(5))
    assert error is None
    assert len(events) == 5


@pytest.mark.parametrize("cut", [1, 30, 47])
def test_truncated_export_gives_its_flows(cut):
    events, _, error = read(fixed(5), fixed(5)[:-cut])
    assert error is not None
    assert "cut short" in error.what
    assert len(events) == 3


def test_flows_before_damage():
    events, _, error = read(fixed(5), b"\x00\x05\xff\xff" + bytes(100))
    assert error is not None
    assert "damaged" in error.what
    assert len(events) == 2


@pytest.mark.parametrize(
    "data",
    [
        fixed(1),
        fixed(5),
        fixed(5, 30) * 100,
        fixed(7),
        v9(template(256, PLAIN)),
        v9(template(256, PLAIN)) + bytes(900),
        v9(one_set(256, RECORD)) * 90,
        ipfix(template(256, PLAIN, version=10)),
        ipfix(),
    ],
)
def test_exports_are_recognized(data):
    assert NetFlow.recognises(data[:4096])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0\5",
        b"\0\5\0\1 is not an export, nor is this, not at all, whatever follows.",
        b"\0\1\0\0" + bytes(100),
        b"\0\x09" + bytes(100),
        b"\0\x0a\0\x10" + bytes(100),
        bytes(4096),
        "NetFlow".encode("utf-16-be") * 50,
    ],
)
def test_other_bytes_are_no_export(data):
    assert not NetFlow.recognises(data)


@settings(max_examples=80, deadline=None)
@given(
    st.binary(max_size=120),
    st.sampled_from([b"", fixed(5), v9(template(256, PLAIN)), ipfix(template(256, PLAIN, version=10)), v9()]),
)
def test_raises_only_our_errors(tail, start):
    read(start + tail)
    read(v9(one_set(0, tail)), ipfix(one_set(2, tail)), ipfix(one_set(3, tail)), v9(one_set(1, tail)))


def test_text_with_a_nul_is_no_export():
    line = b"1781000000.123      7 10.1.1.5 TCP_MISS/200 5 GET http://a.example/b - HIER_NONE/- -\n"
    text = b"\0\n" + line * 300
    assert not looks_like_export(text[:1000], whole=False)
    assert not looks_like_export(text[:0x3137], whole=True)
