"""Tables by the names of their columns: one trap a test."""

from __future__ import annotations

import pytest
from case_reader import records
from golden import context_of
from hypothesis import given
from hypothesis import strategies as st

from lamsach.errors import LineError
from lamsach.logs.formats.generic.csv_columns import CsvColumns, find_table
from lamsach.logs.mappings.column_names import field_of, plain


def parse(*lines):
    return CsvColumns(context_of(list(lines))).parse(lines[-1], len(lines))


@pytest.mark.parametrize(
    "name, field",
    [
        ("src_ip", "source"), ("Source Address", "source"), ("SrcIP", "source"), ("id.orig_h", "source"),
        ("Địa chỉ nguồn", "source"), ("ĐỊA CHỈ ĐÍCH", "destination"), ("dst-ip", "destination"),
        ("dest_ip", "destination"), ("da", "destination"), ("Dst Port", "destination_port"),
        ("Cổng đích", "destination_port"), ("Thời gian", "time"), ("Ngày", "date"), ("Giờ", "clock"),
        ("hostname", "host"), ("Tên máy", "name"), ("user", "user"), ("Người dùng", "user"), ("URL", "url"),
        ("domain", "domain"), ("Tên miền", "domain"), ("query", "query"), ("Action", "action"),
        ("Hành động", "action"), ("MAC Address", "mac"), ("SHA256", "hash"),
        ("winlog.event_data.DestinationIp", "destination"), ("data.srcip", "source"),
        ("dns.question.name", "query"), ("geo.name", None), ("threat.indicator.ip", None), ("Ghi chú", None),
        ("", None),
    ],
)  # fmt: skip
def test_names_of_columns(name, field):
    assert field_of(name) == field


def test_a_name_is_compared_without_accents_case_and_punctuation():
    assert plain("  Địa_chỉ  NGUỒN: ") == "diachinguon"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_delimiter_yields_the_same_columns(delimiter):
    event = parse(
        delimiter.join(["time", "src_ip", "dst_ip"]),
        delimiter.join(["2026-06-10 15:00:01", "10.20.0.31", "203.0.113.7"]),
    )
    assert (event.source_ip, event.destination_ip, event.device_ip) == (
        "10.20.0.31",
        "203.0.113.7",
        "10.20.0.31",
    )


def test_a_time_counted_from_the_first_record_is_none():
    """Wireshark's list with custom columns."""
    event = parse(
        '"Time","Source","Src Port","Destination","Dst Port","Host"',
        '"12.020431","10.20.0.31","51514","203.0.113.7","443","c2.example"',
    )
    assert (event.time, event.source_ip, event.destination_ip) == (None, "10.20.0.31", "203.0.113.7")
    assert (event.source_port, event.destination_port) == (51514, 443)


def test_the_meaning_of_sip_depends_on_dip():
    """SiLK's `rwcut`, and Chinese vendors; alone it is a proxy's `s-ip`."""
    flow = parse(
        "        sIP|        dIP|sPort|dPort|pro|                  sTime|",
        " 10.20.0.31|203.0.113.7|51514|  443|  6|2026/06/10T15:00:01.000|",
    )
    assert (flow.source_ip, flow.destination_ip, flow.destination_port) == ("10.20.0.31", "203.0.113.7", 443)
    assert flow.time is not None
    request = parse("time,c-ip,s-ip", "2026-06-10 15:00:01,10.20.0.31,203.0.113.7")
    assert (request.source_ip, request.destination_ip) == ("10.20.0.31", "203.0.113.7")


@pytest.mark.parametrize(
    "stamps, wanted",
    [
        (["01/02/2026 00:00:00", "13/02/2026 00:00:00"], "2026-02-12T17:00:00+00:00"),
        (["01/02/2026 00:00:00", "02/13/2026 00:00:00"], "2026-02-12T17:00:00+00:00"),
        (["02/01/2026 00:00:00"], "2026-01-01T17:00:00+00:00"),
        (["02/13/2026 00:00:00", "02/01/2026 00:00:00"], "2026-01-31T17:00:00+00:00"),
    ],
)
def test_day_or_month_first_is_decided_for_the_file(stamps, wanted):
    rows = [f"{stamp},10.20.0.31,203.0.113.7" for stamp in stamps]
    assert parse("time,src,dst", *rows).time.isoformat() == wanted


def test_a_quoted_cell_may_hold_the_delimiter_and_forge_nothing():
    event = parse("src_ip,url,dst_ip", '10.20.0.31,"http://evil.example/?a=1,203.0.113.9",203.0.113.7')
    assert (event.destination_ip, event.url) == ("203.0.113.7", "http://evil.example/?a=1,203.0.113.9")


def test_a_repeated_header_and_lines_above_it_are_no_records():
    lines = ["Nhật ký tường lửa tháng 6", "src_ip,dst_ip", "10.20.0.31,203.0.113.7", "src_ip,dst_ip"]
    assert [record["line"] for record in records(CsvColumns, lines)] == [3]


def test_a_cut_last_line_keeps_its_fields():
    assert (
        parse("src_ip,dst_ip,user", "10.20.0.31,203.0.113.7,a", "10.20.0.32,203.0").source_ip == "10.20.0.32"
    )


@pytest.mark.parametrize(
    "line",
    [
        "ID,Date,Time,Description,IP Address,Host Name,MAC Address,User Name, TransactionID, QResult",
        "date=2026-06-10 time=15:00:01 srcip=10.20.0.31 dstip=203.0.113.7, action=deny",
        '{"src_ip":"10.20.0.31","dst_ip":"203.0.113.7"}',
        "STT,Họ và tên,Chức vụ",
        "10.20.0.31,203.0.113.7,443",
        "time",
        "",
    ],
)
def test_other_lines_are_no_header(line):
    assert not CsvColumns.recognises(line)


def test_a_table_with_unfitting_cells_is_not_recognised():
    head = ["source,destination,port", *["Hà Nội / x,Huế / y,1"] * 10]
    assert CsvColumns.score(head) < 0.5


def test_a_file_without_a_header_is_refused_line_by_line():
    with pytest.raises(LineError):
        parse("10.20.0.31,203.0.113.7")


def test_an_impossible_time_is_a_line_error():
    with pytest.raises(LineError):
        parse("time,src_ip", "32/13/2026 99:99:99,10.20.0.31")


_CELL = st.sampled_from(
    [
        "time",
        "src_ip",
        "dst_ip",
        "url",
        "query",
        "date",
        "10.20.0.31",
        "01/02/2026",
        '"',
        '""',
        "sep=;",
        "\x00",
        "ends",
        "mac",
    ]
)


@given(st.lists(st.lists(_CELL | st.text(max_size=6), max_size=6).map(",".join), max_size=6))
def test_no_input_raises_anything_but_line_errors(lines):
    find_table(lines)
    assert 0 <= CsvColumns.score(lines) <= 1
    list(records(CsvColumns, ["time,src_ip,url,query,mac,ends", *lines]))
    list(records(CsvColumns, lines))
