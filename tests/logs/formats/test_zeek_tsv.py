"""Zeek's tab-separated logs: one trap a test."""

from __future__ import annotations

import pytest
from case_reader import records
from golden import context_of
from hypothesis import given
from hypothesis import strategies as st

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.formats.sensors.zeek_tsv import ZeekTsv, columns_by_shape
from lamsach.model import Action, EventKind

HEADER = ["#separator \\x09", "#set_separator\t,", "#empty_field\t(empty)", "#unset_field\t-"]
FLOW = "1781078401.000000\tCaaaaaaaaaaaaaaaA1\t10.20.0.31\t51512\t203.0.113.77\t443"
FLOW_FIELDS = "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p"


@pytest.mark.parametrize(
    "state, action",
    [
        ("SF", Action.ALLOWED), ("S1", Action.ALLOWED), ("RSTO", Action.ALLOWED), ("RSTR", Action.ALLOWED),
        ("S0", Action.UNKNOWN), ("REJ", Action.UNKNOWN), ("OTH", Action.UNKNOWN), ("RSTOS0", Action.UNKNOWN),
        ("SH", Action.UNKNOWN),
    ],
)  # fmt: skip
def test_a_refusal_by_the_peer_is_not_a_block(state, action):
    head = [*HEADER, "#path\tconn", FLOW_FIELDS + "\tconn_state"]
    event = ZeekTsv(context_of(head)).parse(f"{FLOW}\t{state}", 1)
    assert event.action is action


@pytest.mark.parametrize(
    "source, destination, local, device",
    [
        ("10.0.0.5", "203.0.113.7", ("-", "-"), "10.0.0.5"),
        ("203.0.113.7", "10.0.0.5", ("-", "-"), "10.0.0.5"),
        ("10.0.0.5", "10.0.0.6", ("-", "-"), "10.0.0.5"),
        ("203.0.113.7", "198.51.100.8", ("-", "-"), "203.0.113.7"),
        ("203.0.113.7", "198.51.100.8", ("F", "T"), "198.51.100.8"),
        ("203.0.113.7", "198.51.100.8", ("T", "F"), "203.0.113.7"),
    ],
)
def test_the_device_of_a_connection(source, destination, local, device):
    head = [*HEADER, "#path\tconn", FLOW_FIELDS + "\tlocal_orig\tlocal_resp"]
    line = f"1781078401.000000\tCaaaaaaaaaaaaaaaA1\t{source}\t1\t{destination}\t2\t" + "\t".join(local)
    assert ZeekTsv(context_of(head)).parse(line, 1).device_ip == device


def test_a_header_in_the_middle_of_a_file_changes_the_columns():
    parser = ZeekTsv(context_of([*HEADER, "#path\tdns", FLOW_FIELDS + "\tquery"]))
    assert parser.parse(f"{FLOW}\tevil.example", 1).kind is EventKind.DNS
    for line in ["#path\tssl", FLOW_FIELDS + "\tserver_name"]:
        parser.header(line)
    event = parser.parse(f"{FLOW}\tlogin.evil.example", 2)
    assert (event.kind, event.domain) == (EventKind.TLS, "login.evil.example")


def test_an_escaped_dash_and_an_escaped_comma_are_values():
    head = [
        *HEADER,
        "#path\tdns",
        FLOW_FIELDS + "\tquery\tanswers",
        "#types\t" + "\t".join(["string"] * 7) + "\tvector[string]",
    ]
    event = ZeekTsv(context_of(head)).parse(
        f"{FLOW}\t\\x2d.evil.example\tTXT a\\x2c203.0.113.9,203.0.113.8", 1
    )
    assert event.domain == "-.evil.example"
    assert event.answers == ("203.0.113.8",)


def test_escapes_are_bytes_of_utf8():
    head = [*HEADER, "#path\tntlm", FLOW_FIELDS + "\tusername"]
    event = ZeekTsv(context_of(head)).parse(f"{FLOW}\tnguy\\xe1\\xbb\\x85n\\\\an\\xff", 1)
    assert event.user == "nguyễn\\an\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize(
    "line",
    [
        "#Fields: date time c-ip cs-uri-stem",
        "#Software: Example",
        (
            "1781078401.123    45 10.20.0.31 TCP_MISS/200 100 GET http://evil.example/ - DIRECT/203.0.113.7 "
            "text/html"
        ),
        "Jun 10 08:00:01 dnsmasq[812]: query[A] evil.example from 10.20.0.31",
        '{"ts":1781078401.1,"uid":"CaaaaaaaaaaaaaaaA1","id.orig_h":"10.20.0.31"}',
        "2026-06-10\t08:00:01\t10.20.0.31",
        "",
    ],
)
def test_other_products_are_refused(line):
    assert not ZeekTsv.recognises(line)
    with pytest.raises(LineError):
        ZeekTsv(FileContext()).parse(line, 1)


@pytest.mark.parametrize("stamp", ["nonsense", "99999999999999999999999", "-1", "1781078401.x"])
def test_an_impossible_time_is_a_line_error(stamp):
    head = [*HEADER, "#path\tconn", FLOW_FIELDS]
    with pytest.raises(LineError):
        ZeekTsv(context_of(head)).parse(stamp + FLOW[FLOW.index("\t") :], 1)


def test_an_unset_time_is_no_time():
    head = [*HEADER, "#path\tconn", FLOW_FIELDS]
    assert ZeekTsv(context_of(head)).parse("-" + FLOW[FLOW.index("\t") :], 1).time is None


@pytest.mark.parametrize("extra", ["", "\t1\t2\t3"])
def test_a_cut_last_line_keeps_its_fields(extra):
    head = [*HEADER, "#path\tconn", FLOW_FIELDS + "\tproto\tservice"]
    assert ZeekTsv(context_of(head)).parse(FLOW + extra, 1).destination_ip == "203.0.113.77"


def test_columns_by_shape_names_no_more_columns_than_a_log_has():
    assert columns_by_shape(["1781078401.000000", "x", "y"])[:1] == ["ts"]


_WORDS = st.sampled_from(
    [
        *HEADER,
        "#path",
        "#fields",
        "#types",
        "\t",
        "\\x09",
        "\\x",
        "-",
        "(empty)",
        "ts",
        "1781078401.000000",
        "10.20.0.31",
        "53",
        ",",
    ]
)


@given(st.lists(st.lists(_WORDS | st.text(max_size=8), max_size=14).map("".join), max_size=6))
def test_no_input_raises_anything_but_line_errors(lines):
    list(records(ZeekTsv, lines))
    for line in lines:
        assert 0 <= ZeekTsv.score([line]) <= 1


def test_a_line_that_ends_after_the_protocol_is_read() -> None:
    line = "1781078401.200000\tCbbbbbbbbbbbbbbbB1\t10.20.0.31\t50001\t192.0.2.1\t53\tudp"
    event = ZeekTsv(FileContext("dns.log")).parse(line, 1)
    assert event is not None
    assert (event.source_ip, event.destination_ip) == ("10.20.0.31", "192.0.2.1")
