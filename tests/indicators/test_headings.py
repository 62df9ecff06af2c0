"""Headings in other languages and dispatch phrases: value, descriptive, victim and imitated columns."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.indicators.lists import read_list
from lamsach.indicators.tables.fields import Field, field_of, type_of_heading
from lamsach.indicators.tables.tables import Table
from lamsach.indicators.values import refusals
from lamsach.model import Indicator, IndicatorType, Problem, Refusal
from tests.indicators.document_samples import opendocument

from .list_reader import read_sound


def read(tmp_path: Path, text: str, name: str = "list.csv") -> tuple[list[Indicator], list[Refusal]]:
    return read_sound(tmp_path / name, text)


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("恶意IP地址", Field.VALUE),
        ("IP [v4]", Field.VALUE),
        ("data[.]evil-a[.]example", None),
        ("mail(.)evil-a(.)example", None),
        ("url://evil-a.example", None),
        ("域名", Field.VALUE),
        ("恶意软件名称", Field.THREAT),
        ("参考链接", Field.CONTEXT),
        ("ドメイン", Field.VALUE),
        ("악성코드", Field.THREAT),
        ("IP-адрес", Field.VALUE),
        ("Комментарий", Field.NOTE),
        ("Источник", Field.SOURCE),
        ("Adresse IP", Field.VALUE),
        ("Références", Field.CONTEXT),
        ("Địa chỉ IP máy chủ điều khiển", Field.VALUE),
        ("Tên miền giả mạo", Field.VALUE),
        ("Website bị giả mạo", Field.CONTEXT),
        ("Tên miền chính thức", Field.CONTEXT),
        ("Legitimate domain", Field.CONTEXT),
        ("IP máy bị nhiễm", Field.VICTIM),
        ("Địa chỉ IP nhiễm mã độc", Field.VICTIM),
        ("Máy tính nạn nhân", Field.VICTIM),
        ("Infected IP address", Field.VICTIM),
        ("victim_ip", Field.VICTIM),
        ("Máy chủ lây nhiễm", None),
        ("Mã độc lây nhiễm", None),
        ("Reference URL", Field.CONTEXT),
        ("Referrer", Field.CONTEXT),
        ("Reverse DNS", Field.CONTEXT),
    ],
)
def test_field_of_a_heading(heading: str, field: Field | None) -> None:
    assert field_of(heading) is field


def test_the_type_that_a_heading_promises() -> None:
    assert type_of_heading("域名") is IndicatorType.DOMAIN
    assert type_of_heading("IP-адрес") is IndicatorType.IP
    assert type_of_heading("Mã băm SHA256") is IndicatorType.SHA256


@pytest.mark.parametrize(
    "text",
    [
        "序号,恶意IP地址,恶意域名,恶意软件名称,来源\n1,203.0.113.4,evil-a.top,Lumma,https://vendor.cn/x\n",
        "№;IP-адрес;Домен;Вредоносное ПО;Источник\n1;203.0.113.4;evil-a.top;Lumma;https://vendor.cn/x\n",
        (
            "Adresse IP;Nom de domaine;Code malveillant;Références\n"
            "203.0.113.4;evil-a.top;Lumma;https://vendor.cn/x\n"
        ),
        "IPアドレス,ドメイン,マルウェア,参考\n203.0.113.4,evil-a.top,Lumma,https://vendor.cn/x\n",
    ],
)
def test_threats_of_foreign_tables_are_read_and_sources_not_listed(tmp_path: Path, text: str) -> None:
    accepted, _ = read(tmp_path, text)
    assert {(item.value, item.threat) for item in accepted} == {
        ("203.0.113.4", "Lumma"),
        ("evil-a.top", "Lumma"),
    }


def test_infected_machines_of_a_dispatch_are_victims(tmp_path: Path) -> None:
    accepted, refused = read(
        tmp_path,
        (
            "STT;Địa chỉ IP máy chủ điều khiển;IP máy bị nhiễm;Đơn vị quản lý\n"
            "1;203.0.113.4;198.51.100.7, 198.51.100.8;Đơn vị A (don-vi-a.vn)\n"
        ),
    )
    assert [item.value for item in accepted] == ["203.0.113.4"]
    assert [(item.value, item.reason) for item in refused] == [
        ("198.51.100.7", refusals.VICTIM),
        ("198.51.100.8", refusals.VICTIM),
        ("don-vi-a.vn", refusals.NOT_LISTED),
    ]


def test_imitated_sites_are_not_listed(tmp_path: Path) -> None:
    accepted, _ = read(
        tmp_path, "STT,Tên miền giả mạo,Website bị giả mạo\n1,bank-login.top,www.real-bank-x.com\n"
    )
    assert [item.value for item in accepted] == ["bank-login.top"]


def test_records_name_victims_too(tmp_path: Path) -> None:
    accepted, refused = read(
        tmp_path, '[{"victim_ip": "198.51.100.7", "c2": "203.0.113.4", "malware": "Mozi"}]', "list.json"
    )
    assert [item.value for item in accepted] == ["203.0.113.4"]
    assert [(item.value, item.reason) for item in refused] == [("198.51.100.7", refusals.VICTIM)]


def test_victims_in_a_report_of_sources_and_destinations(tmp_path: Path) -> None:
    headings = (
        "timestamp,severity,protocol,src_ip,src_port,src_asn,src_geo,src_region,src_city,src_hostname,"
        "src_naics,src_sector,device_vendor,device_type,"
        "device_model,dst_ip,dst_port,dst_asn,infection,family,tag,service,start_time,end_time,"
        "client_version,username,password,payload_url"
    )
    row = (
        "2026-01-02 00:00:01,high,tcp,198.51.100.7,1,64500,VN,HN,HN,,,,,,,203.0.113.4,22,64501,"
        "ssh-brute-force,,ssh,ssh,,,,root,x,http://evil-a.top/m.sh"
    )
    accepted, refused = read(tmp_path, f"{headings}\n{row}\n")
    assert {item.value for item in accepted} == {"203.0.113.4", "http://evil-a.top/m.sh"}
    assert [(item.value, item.reason) for item in refused] == [("198.51.100.7", refusals.VICTIM)]


def test_a_label_is_no_threat(tmp_path: Path) -> None:
    accepted, _ = read(
        tmp_path,
        "Địa chỉ IP;203.0.113.4\nTên miền;evil-a.top evil-b.top\nLumma;203.0.113.5\nMozi;203.0.113.6\n",
    )
    assert {item.value: item.threat for item in accepted} == {
        "203.0.113.4": None,
        "evil-a.top": None,
        "evil-b.top": None,
        "203.0.113.5": "Lumma",
        "203.0.113.6": "Mozi",
    }


def test_a_merged_cell_of_an_opendocument_text_holds_for_its_rows(tmp_path: Path) -> None:
    def cell(text: str, more: str = "") -> str:
        return f"<table:table-cell{more}><text:p>{text}</text:p></table:table-cell>"

    covered = "<table:covered-table-cell/>"
    rows = [
        cell("Mã độc") + cell("Giá trị"),
        cell("Lumma", ' table:number-rows-spanned="2"') + cell("203.0.113.4"),
        covered + cell("evil-a[.]top"),
        cell("Mozi") + cell("203.0.113.5"),
        cell("") + cell("203.0.113.6"),
    ]
    body = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
    path = tmp_path / "a.odt"
    path.write_bytes(opendocument("text", f"<table:table>{body}</table:table>"))
    problems: list[Problem] = []
    found = [item for item in read_list(str(path), problems.append) if isinstance(item, Indicator)]
    assert {item.value: item.threat for item in found} == {
        "203.0.113.4": "Lumma",
        "evil-a.top": "Lumma",
        "203.0.113.5": "Mozi",
        "203.0.113.6": None,
    }


HEADINGS = [
    "domain",
    "ip",
    "sha256",
    "IOC",
    "note",
    "victim ip",
    "source",
    "type",
    "verdict",
    "date",
    "port",
    "mask",
    "x y",
]
CELLS = [
    "evil-a.site", "203.0.113.5", "10.0.0.1", "0" * 62 + "ab", "http://evil-b.site/x",
    "203.0.113.6 203.0.113.7", "evil-c[.]site", "whitelist", "clean", "victim", "domain", "mutex",
    "https://vendor-a.site/post", "2026-01-02", "255.255.255.0", "setup.zip", "Mirai", "",
]  # fmt: skip


@given(
    st.lists(st.sampled_from(HEADINGS), min_size=1, max_size=4),
    st.lists(st.lists(st.sampled_from(CELLS), min_size=1, max_size=4), min_size=1, max_size=6),
)
@settings(max_examples=300, deadline=None)
def test_the_quick_reading_of_a_row_equals_the_full_one(headings: list[str], rows: list[list[str]]) -> None:
    quick, slow = Table("list.csv"), Table("list.csv")
    slow._quick_row = lambda cells, reference: None  # type: ignore[method-assign]
    for number, cells in enumerate([headings, *rows], 1):
        assert list(quick.row(number, cells)) == list(slow.row(number, cells))
