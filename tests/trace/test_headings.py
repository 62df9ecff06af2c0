from __future__ import annotations

import pytest

from lamsach.trace.reports.headings import Column, column_of, is_international, is_later, offset_minutes

IP, PORT, TIME, DATE, CLOCK = Column.IP, Column.PORT, Column.TIME, Column.DATE, Column.CLOCK
FAR, FAR_PORT, THREAT, CLASS, PROTOCOL = (
    Column.DESTINATION,
    Column.DESTINATION_PORT,
    Column.THREAT,
    Column.THREAT_CLASS,
    Column.PROTOCOL,
)


@pytest.mark.parametrize(
    ("heading", "column"),
    [
        ("IP", IP), ("Địa chỉ IP", IP), ("Địa chỉ IP công cộng", IP), ("IP Public", IP),
        ("Địa chỉ IP nguồn", IP), ("Source IP", IP), ("src_ip", IP), ("IP bị nhiễm", IP), ("ip_address", IP),
        ("Địa chỉ IP\nmáy bị nhiễm", IP), ("IP:Port", IP), ("IP nguồn (NAT)", IP),
        ("Địa chỉ IP (Public)", IP), ("IP đơn vị", IP), ("Địa chỉ IP của đơn vị", IP), ("IP tĩnh", IP),
        ("Địa chỉ đơn vị", None), ("Đơn vị", None), ("Chiến dịch", CLASS), ("Họ mã độc", THREAT),
        ("IP máy chủ điều khiển", FAR), ("Địa chỉ IP đích", FAR), ("dst_ip", FAR), ("dip", FAR),
        ("IP C&C", FAR), ("Máy chủ C&C", FAR), ("Destination IP", FAR), ("Cổng", PORT), ("Cổng nguồn", PORT),
        ("Port", PORT), ("src_port", PORT), ("sport", PORT), ("Source Port", PORT), ("Số cổng", PORT),
        ("CỔNG KẾT NỐI", PORT), ("cong nguon", PORT), ("Cổng đích", FAR_PORT), ("dst_port", FAR_PORT),
        ("dport", FAR_PORT), ("Destination port", FAR_PORT), ("Thời gian", TIME), ("Thời điểm kết nối", TIME),
        ("timestamp", TIME), ("time", TIME), ("First seen", TIME), ("Thời gian ghi nhận (UTC+7)", TIME),
        ("Last seen", TIME), ("Ngày giờ", TIME), ("event_time", TIME), ("Detection time", TIME),
        ("Ngày", DATE), ("Ngày phát hiện", DATE), ("Date", DATE), ("Giờ", CLOCK), ("Giao thức", PROTOCOL),
        ("proto", PROTOCOL), ("protocol", PROTOCOL), ("Mã độc", THREAT), ("Tên mã độc", THREAT),
        ("infection", THREAT), ("Malware", THREAT), ("Botnet", THREAT), ("Mạng botnet", THREAT),
        ("name", THREAT), ("Threat", THREAT), ("Mối đe dọa", THREAT), ("tag", CLASS), ("category", CLASS),
        ("Hành vi", CLASS), ("Loại", CLASS), ("STT", None), ("Công ty", None), ("Cơ quan công bố", None),
        ("Tên đơn vị", None), ("Thời hạn xử lý", None), ("hostname", None), ("Tên miền", None), ("asn", None),
        ("geo", None), ("Địa chỉ trụ sở", None), ("Email", None), ("Người dùng", None), ("device_name", None),
        ("x" * 5000, None), ("", None),
    ],
)  # fmt: skip
def test_what_a_column_holds(heading: str, column: Column | None) -> None:
    assert column_of(heading) is column


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("Thời gian (UTC+7)", 420),
        ("timestamp (UTC)", 0),
        ("Thời gian (GMT +07:00)", 420),
        ("Time (UTC-5)", -300),
        ("Thời gian (giờ Việt Nam)", 420),
        ("Thời gian", None),
        ("UTC+05:30", 330),
    ],
)
def test_the_zone_of_a_heading(text: str, minutes: int | None) -> None:
    assert offset_minutes(text) == minutes


def test_which_reports_are_in_utc() -> None:
    assert is_international(frozenset({"timestamp", "ip", "asn", "geo"}))
    assert is_international(frozenset({"time", "ip", "id", "category"}))
    assert not is_international(frozenset({"time", "ip", "threat"}))


def test_a_last_time_is_distinguished_from_a_first() -> None:
    assert is_later("Last seen")
    assert not is_later("First seen")
