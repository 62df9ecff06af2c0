"""Lists of every kind give the same rows."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from tests.indicators.document_samples import docx, paragraph, word_table

from .lists import ROWS, SEEN, TABLE, VIETNAMESE, csv, read, short, workbook

SHOWN = "\n".join("   ".join(f"{cell:<22}" for cell in row).rstrip() for row in TABLE)
UPRIGHT = """Kính gửi Quý đơn vị,

- Địa chỉ IP: 203.0.113.5
- Cổng: 4321
- Thời gian: 03/11/2026 09:05:09
- Mã độc: Mirai

- Địa chỉ IP: 203.0.113.6
- Cổng: 50001
- Thời gian: 13/11/2026 21:30:00
- Mã độc: Andromeda
"""


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(csv(TABLE), id="csv"),
        pytest.param(csv(TABLE, ";"), id="semicolons"),
        pytest.param(csv(TABLE, "\t"), id="tabs"),
        pytest.param(b"\xef\xbb\xbf" + csv(TABLE), id="byte order mark"),
        pytest.param(csv(TABLE).decode().encode("utf-16"), id="utf-16"),
        pytest.param(csv((("DANH SÁCH ĐỊA CHỈ IP NHIỄM MÃ ĐỘC",), *TABLE, ("Tổng cộng: 2",))),
            id="title and foot"),
        pytest.param(csv(ROWS), id="no headings"),
        pytest.param(SHOWN.encode(), id="columns of text"),
        pytest.param(workbook(TABLE), id="xlsx"),
        pytest.param(workbook((("Kèm theo công văn",), (), *TABLE)), id="xlsx with title"),
        pytest.param(workbook([VIETNAMESE, ROWS[0]], [VIETNAMESE, ROWS[1]]), id="xlsx of two sheets"),
        pytest.param(
            workbook([VIETNAMESE, ["1", "203.0.113.5", 4321, datetime(2026, 11, 3, 9, 5, 9), "Mirai"],
                ["2", "203.0.113.6", 50001, datetime(2026, 11, 13, 21, 30), "Andromeda"]]),
            id="xlsx with numbers and dates",
        ),
        pytest.param(
            csv((("ip:port", "timestamp", "malware"), ("203.0.113.5:4321", "2026-11-03T02:05:09Z", "Mirai"),
                ("203.0.113.6:50001", "2026-11-13T14:30:00Z", "Andromeda"))), id="address and port in one"),
        pytest.param(
            csv((("Ngày", "Giờ", "IP nguồn", "Cổng", "Mạng botnet"),
                ("03/11/2026", "09:05:09", "203.0.113.5", "4321", "Mirai"),
                ("13/11/2026", "21:30:00", "203.0.113.6", "50001", "Andromeda"))), id="date and clock apart"),
        pytest.param(
            csv((("IP máy chủ điều khiển", "Thời gian (UTC)", "Cổng đích", "IP nguồn", "Cổng nguồn",
                "Mã độc"), ("198.51.100.7", "2026-11-03 02:05:09", "443", "203.0.113.5", "4321", "Mirai"),
                ("198.51.100.7", "2026-11-13 14:30:00", "443", "203.0.113.6", "50001", "Andromeda"))),
                id="both sides, UTC in the heading"),
        pytest.param(csv((VIETNAMESE, ("I. Khối cơ quan", "", "", "", ""), ROWS[0], VIETNAMESE, ROWS[1])),
            id="sections and repeated headings"),
        pytest.param(
            workbook([["Ngày", "Giờ", "IP", "Cổng", "Mã độc"],
                [46329, 0.378576388, "203.0.113.5", 4321, "Mirai"],
                [46339, 0.895833333, "203.0.113.6", 50001, "Andromeda"]]),
            id="xlsx with days and clocks as numbers"),
        pytest.param(UPRIGHT.encode(), id="records below each other"),
        pytest.param(docx(paragraph("Phụ lục") + word_table(TABLE)), id="docx"),
    ],
)  # fmt: skip
def test_every_kind_of_list_gives_the_same_rows(tmp_path: Path, data: bytes) -> None:
    result = read(tmp_path, data)
    assert short(result.rows) == SEEN
    assert result.refusals == []


SHADOWSERVER = """"timestamp","severity","protocol","src_ip","src_port","src_asn","src_geo","src_region",\
"src_city","src_hostname","src_naics","src_sector","device_vendor","device_type","device_model","dst_ip",\
"dst_port","dst_asn","dst_geo","dst_region","dst_city","dst_hostname","dst_naics","dst_sector",\
"public_source","infection","family","tag","application","version","event_id"
"2026-11-03 02:05:09","high","tcp","203.0.113.5","4321","64496","VN","HA NOI","HA NOI","","","","","","",\
"198.51.100.7","80","64511","NL","","","","","","","mirai","","iot","","",""
"""
OLD_SHADOWSERVER = """"timestamp","ip","port","asn","geo","region","city","hostname","type","infection",\
"url","agent","cc_ip","cc_port","cc_asn","cc_geo","cc_dns","count","proxy","application"
"2026-11-03 02:05:09","203.0.113.5","4321","64496","VN","HA NOI","HA NOI","","tcp","mirai","","",\
"198.51.100.7","80","64511","NL","","1","",""
"""
N6_CSV = """time,id,source,restriction,confidence,category,name,ip,asn,cc,dip,sport,dport,proto
2026-11-03T02:05:09Z,abc123,hidden.s,need-to-know,high,bots,mirai,203.0.113.5,64496,VN,\
198.51.100.7,4321,80,tcp
"""
N6_JSON = [{"id": "abc123", "time": "2026-11-03T02:05:09Z", "category": "bots", "name": "mirai",
    "source": "hidden.s", "restriction": "internal", "confidence": "high",
            "address": [{"ip": "203.0.113.5", "asn": 64496, "cc": "VN"}], "dip": "198.51.100.7",
            "sport": 4321, "dport": 80, "proto": "tcp"}]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        SHADOWSERVER,
        OLD_SHADOWSERVER,
        N6_CSV,
        json.dumps(N6_JSON),
        json.dumps(N6_JSON[0]) + "\n" + json.dumps(N6_JSON[0]),
        json.dumps({"results": N6_JSON}),
    ],
    ids=["event4", "botnet_drone", "n6 csv", "n6 json", "n6 lines", "n6 wrapped"],
)
def test_reports_of_shadowserver_and_n6_are_in_utc_and_name_the_far_side(tmp_path: Path, text: str) -> None:
    row = read(tmp_path, text.encode()).rows[0]
    assert (row.ip, row.port, row.protocol, row.threat) == ("203.0.113.5", 4321, "tcp", "mirai")
    assert (row.destination, row.destination_port) == ("198.51.100.7", 80)
    assert row.time is not None
    assert row.time.isoformat() == "2026-11-03T02:05:09+00:00"


def test_a_list_in_an_e_mail(tmp_path: Path) -> None:
    from email.message import EmailMessage

    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@authority.example", "b@unit.example", "Danh sách"
    mail.set_content("Kính gửi Quý đơn vị, danh sách kèm theo.")
    mail.add_attachment(workbook(TABLE), maintype="application", subtype="octet-stream", filename="list.xlsx")
    result = read(tmp_path, mail.as_bytes(), "mail.eml")
    assert short(result.rows) == SEEN
    assert "list.xlsx" in result.rows[0].reference.document
