"""Lists of every kind give the same rows; no row is lost silently."""

from __future__ import annotations

import json
import random
import zipfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.documents.pdf.rows import CellLine
from lamsach.errors import ExitStatus, LamsachError
from lamsach.model import Problem
from lamsach.trace.reports import read_reports
from lamsach.trace.reports.lines import read_line
from lamsach.trace.reports.pdf import cell_text
from lamsach.trace.reports.report_files import UNSURE
from tests.indicators.document_samples import pdf

from .lists import ROWS, SEEN, VIETNAMESE, csv, read, short, workbook

TABLE = (VIETNAMESE, *ROWS)
SHOWN = "\n".join("   ".join(f"{cell:<22}" for cell in row).rstrip() for row in TABLE)


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
    assert (row.ip, row.port, row.protocol, row.threat, row.destination, row.destination_port) == (
        "203.0.113.5",
        4321,
        "tcp",
        "mirai",
        "198.51.100.7",
        80,
    )
    assert row.time is not None
    assert row.time.isoformat() == "2026-11-03T02:05:09+00:00"


def test_a_stated_zone_is_for_lists_that_state_none(tmp_path: Path) -> None:
    tokyo = ZoneInfo("Asia/Tokyo")
    assert short(read(tmp_path, csv(TABLE), zone=tokyo).rows)[0][2] == "2026-11-03T00:05:09+00:00"
    stated = csv((("IP", "Port", "Time (UTC)"), ("203.0.113.5", "4321", "2026-11-03 02:05:09")))
    assert short(read(tmp_path, stated, zone=tokyo).rows)[0][2] == "2026-11-03T02:05:09+00:00"


def test_the_place_of_a_row(tmp_path: Path) -> None:
    row = read(tmp_path, workbook((("",), *TABLE))).rows[1]
    assert (row.reference.page, row.reference.row) == (1, 4)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("203.0.113.5:4321 2026-11-03 09:05:09 Mirai", ("203.0.113.5", 4321, "2026-11-03 09:05:09", "Mirai")),
        (
            "IP 203.0.113.5 cổng 4321 lúc 9h05 ngày 03/11/2026 nhiễm mã độc Mirai",
            ("203.0.113.5", 4321, "03/11/2026 9h05", "Mirai"),
        ),
        (
            "2026-11-03T02:05:09Z 203.0.113.5 4321 Mirai",
            ("203.0.113.5", 4321, "2026-11-03T02:05:09Z", "Mirai"),
        ),
        (
            "1. 203.0.113.5, port 4321, 03/11/2026 09:05:09, botnet Mirai",
            ("203.0.113.5", 4321, "03/11/2026 09:05:09", "Mirai"),
        ),
        ("203.0.113.5 1793671509 sport=4321", ("203.0.113.5", 4321, "1793671509", "")),
        ("203.0.113.5", ("203.0.113.5", None, "", "")),
    ],
)
def test_free_lines_give_address_time_and_threat(
    line: str, expected: tuple[str, int | None, str, str]
) -> None:
    found = read_line(line)
    assert found is not None
    assert (found.ip, found.port, found.time, found.threat) == expected


def test_unusable_rows_are_refused_with_their_place(tmp_path: Path) -> None:
    result = read(tmp_path, csv((*TABLE, ("3", "không rõ", "80", "04/11/2026 10:00:00", "Mirai"))))
    assert len(result.rows) == 2
    [refused] = result.refusals
    assert refused.reference.row == 4
    assert "không rõ" in refused.value


def test_a_row_without_a_time_and_one_without_a_port_are_rows(tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        csv((*TABLE, ("3", "203.0.113.7", "", "", "Mirai"), ("4", "203.0.113.8", "80", "sáng nay", "Mirai"))),
    ).rows
    assert short(rows)[2:] == [("203.0.113.7", None, None, "Mirai"), ("203.0.113.8", 80, None, "Mirai")]
    assert rows[3].time_text == "sáng nay"


def test_the_order_of_day_and_month_is_the_files(tmp_path: Path) -> None:
    american = csv(
        (
            ("ip", "port", "time"),
            ("203.0.113.5", "1", "11/03/2026 09:05:09"),
            ("203.0.113.6", "2", "11/13/2026 09:05:09"),
        )
    )
    assert [row[2] for row in short(read(tmp_path, american).rows)] == [
        "2026-11-03T02:05:09+00:00",
        "2026-11-13T02:05:09+00:00",
    ]


def test_times_to_the_minute_have_that_precision(tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        csv(
            (
                ("ip", "port", "time"),
                ("203.0.113.5", "1", "03/11/2026 09:05"),
                ("203.0.113.5", "1", "03/11/2026"),
            )
        ),
    ).rows
    assert [row.precision for row in rows] == [timedelta(minutes=1), timedelta(days=1)]


def test_of_two_columns_of_addresses_the_logs_decide_which_is_ours(tmp_path: Path) -> None:
    table = (("A", "B", "Thời gian"), ("198.51.100.7", "203.0.113.5", "03/11/2026 09:05:09"))
    row = read(tmp_path, csv(table), known=["203.0.113.5"]).rows[0]
    assert (row.ip, row.destination) == ("203.0.113.5", "198.51.100.7")


def test_a_merged_address_holds_for_the_rows_below(tmp_path: Path) -> None:
    from openpyxl import load_workbook

    path = tmp_path / "merged.xlsx"
    path.write_bytes(
        workbook(
            [
                VIETNAMESE,
                ROWS[0],
                ("2", None, "4400", "03/11/2026 09:06:00", "Mirai"),
                ("3", None, "4401", "03/11/2026 09:07:00", "Mirai"),
            ]
        )
    )
    book = load_workbook(path)
    book.active.merge_cells("B2:B4")
    book.save(path)
    rows = read(tmp_path, path.read_bytes()).rows
    assert [(row.ip, row.port) for row in rows] == [
        ("203.0.113.5", 4321),
        ("203.0.113.5", 4400),
        ("203.0.113.5", 4401),
    ]


def test_a_table_in_a_word_document(tmp_path: Path) -> None:
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    rows = "".join(
        "<w:tr>"
        + "".join(f"<w:tc><w:p><w:r><w:t>{cell}</w:t></w:r></w:p></w:tc>" for cell in row)
        + "</w:tr>"
        for row in TABLE
    )
    with zipfile.ZipFile(tmp_path / "list.docx", "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(
            "word/document.xml",
            (
                f"<w:document {space}><w:body><w:p><w:r><w:t>Phụ "
                f"lục</w:t></w:r></w:p><w:tbl>{rows}</w:tbl></w:body></w:document>"
            ),
        )
    assert short(read(tmp_path, (tmp_path / "list.docx").read_bytes()).rows) == SEEN


@pytest.mark.parametrize("split", [False, True], ids=["one line", "time on two lines"])
def test_a_table_in_a_pdf(tmp_path: Path, split: bool) -> None:
    typst = pytest.importorskip("typst")
    cells = ", ".join(
        f"[{cell.replace(' ', ' #linebreak() ') if split and at == 3 else cell}]"
        for row in TABLE
        for at, cell in enumerate(row)
    )
    source = f'#set page(paper: "a4")\nDanh sách\n\n#table(columns: (8%, 28%, 18%, 24%, 22%), {cells})'
    rows = read(tmp_path, typst.compile(source.encode())).rows
    assert short(rows) == SEEN


def test_a_pdf_with_pages_of_prose_two_tables_and_a_table_over_pages(tmp_path: Path) -> None:
    typst = pytest.importorskip("typst")

    def table(rows: Sequence[Sequence[str]]) -> str:
        cells = ", ".join(f"[{cell}]" for row in rows for cell in row)
        return f"#table(columns: (8%, 28%, 18%, 24%, 22%), {cells})"

    many = [(str(n), f"198.51.100.{n}", str(5000 + n), "04/11/2026 10:00:00", "Mirai") for n in range(1, 91)]
    source = (
        '#set page(paper: "a4")\nKính gửi các đơn vị, đề nghị rà soát.\n#pagebreak()\n'
        f"{table([VIETNAMESE, ROWS[0]])}\nĐợt hai:\n{table([VIETNAMESE, ROWS[1]])}\n"
        f"{table([VIETNAMESE, *many])}"
    )
    rows = short(read(tmp_path, typst.compile(source.encode())).rows)
    assert rows[:2] == SEEN
    assert rows[2:] == [
        (ip, int(port), "2026-11-04T03:00:00+00:00", threat) for _, ip, port, _, threat in many
    ]


def as_typst(rows: Sequence[Sequence[str]], columns: str, options: str = "") -> bytes:
    typst = pytest.importorskip("typst")
    cells = ", ".join(f'[#"{cell}"]' for row in rows for cell in row)
    page = '#set page(paper: "a4", margin: 2cm)\nKính gửi các đơn vị.\n\n'
    return bytes(typst.compile(f"{page}#table(columns: ({columns}), {options} {cells})".encode()))


@pytest.mark.parametrize("options", ["", "stroke: none,", "stroke: (x: none, y: 0.5pt),"])
def test_a_long_table_in_a_pdf_whose_columns_are_narrow(tmp_path: Path, options: str) -> None:
    """Rows of several lines over three pages, with all rules, without, and with horizontal ones only."""
    many = [(str(n), f"198.51.100.{n}", str(5000 + n), "04/11/2026 10:00:00", "Mirai") for n in range(1, 91)]
    data = as_typst([VIETNAMESE, *many], "1.2cm, 4cm, 2.5cm, 2.4cm, 3cm", options)
    read_rows = read(tmp_path, data)
    assert short(read_rows.rows) == [
        (ip, int(port), "2026-11-04T03:00:00+00:00", threat) for _, ip, port, _, threat in many
    ]
    assert {row.reference.page for row in read_rows.rows} >= {1, 2, 3}


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ((("203.0.", 0.2), ("113.5", 9.0)), "203.0.113.5"),
        ((("203.0.113.1", 0.2), ("2", 9.0)), "203.0.113.12"),
        ((("203.0.113.1", None), ("2", None)), None),
        ((("203.0.113.1", 0.2), ("203.0.113.2", 0.2)), "203.0.113.1 203.0.113.2"),
        ((("04/11/2026", 0.2), ("10:00:07", 0.2)), "04/11/2026 10:00:07"),
        ((("04/11/2026", 9.0), ("10:00:", 0.2), ("07", 9.0)), "04/11/2026 10:00:07"),
        ((("04/11/", 0.2), ("2026", 9.0)), "04/11/2026"),
        ((("500", 0.2), ("1", 9.0)), None),
        ((("Mirai", 0.2), ("botnet", 0.2)), "Mirai botnet"),
    ],
)
def test_the_lines_of_a_cell_in_a_pdf(lines: Sequence[tuple[str, float | None]], text: str | None) -> None:
    """Text cut by a narrow column is joined; text that may be two values is not."""
    cell_lines = [CellLine(part, room, 5.0, 5.0 * len(part)) for part, room in lines]
    assert cell_text(cell_lines) == text


def test_a_pdf_page_without_text_is_named(tmp_path: Path) -> None:
    """A page that is a picture, among others."""
    result = read(tmp_path, pdf([["203.0.113.5 4321 03/11/2026 09:05:09 Mirai"], None]))
    assert [row.ip for row in result.rows] == ["203.0.113.5"]
    assert [(item.reference.page, item.reason) for item in result.refusals] == [(2, UNSURE)]


def test_a_table_goes_on_without_headings_on_its_third_page(tmp_path: Path) -> None:
    rest = [[(str(n), "198.51.100.9", str(n), "04/11/2026 10:00:00", "Mirai")] for n in (3, 4)]
    rows = read(tmp_path, workbook(TABLE[:2], TABLE[2:], *rest)).rows
    assert [row.port for row in rows] == [4321, 50001, 3, 4]


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


def test_records_written_below_each_other(tmp_path: Path) -> None:
    assert short(read(tmp_path, UPRIGHT.encode()).rows) == SEEN


def test_a_list_in_an_e_mail(tmp_path: Path) -> None:
    from email.message import EmailMessage

    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@authority.example", "b@unit.example", "Danh sách"
    mail.set_content("Kính gửi Quý đơn vị, danh sách kèm theo.")
    mail.add_attachment(workbook(TABLE), maintype="application", subtype="octet-stream", filename="list.xlsx")
    result = read(tmp_path, mail.as_bytes(), "mail.eml")
    assert short(result.rows) == SEEN
    assert "list.xlsx" in result.rows[0].reference.document


def test_an_e_mail_without_a_list_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "mail.eml").write_bytes(
        b"From: a@authority.example\nTo: b@unit.example\nSubject: x\n\nXin chao.\n"
    )
    problems: list[Problem] = []
    assert read_reports([str(tmp_path / "mail.eml")], problems.append).rows == []
    assert len(problems) == 1


def test_days_and_clocks_that_a_workbook_stores_as_numbers(tmp_path: Path) -> None:
    rows = [
        ["Ngày", "Giờ", "IP", "Cổng", "Mã độc"],
        [46329, 0.378576388, "203.0.113.5", 4321, "Mirai"],
        [46339, 0.895833333, "203.0.113.6", 50001, "Andromeda"],
    ]
    assert short(read(tmp_path, workbook(rows)).rows) == SEEN


@pytest.mark.parametrize(
    "above",
    [
        [["", "Nguồn", "", "Đích", "", ""], ["STT", "IP", "Cổng", "IP", "Cổng", "Thời gian"]],
        [["STT", "Nguồn", "", "Đích", "", "Thời gian"], ["", "IP", "Cổng", "IP", "Cổng", ""]],
    ],
)
def test_headings_of_two_rows(tmp_path: Path, above: list[list[str]]) -> None:
    row = read(
        tmp_path,
        workbook([*above, ["1", "203.0.113.5", "4321", "198.51.100.7", "443", "03/11/2026 09:05:09"]]),
    ).rows[0]
    assert (row.ip, row.port, row.destination, row.destination_port, row.time is not None) == (
        "203.0.113.5",
        4321,
        "198.51.100.7",
        443,
        True,
    )


def test_headings_that_come_again_and_sections_are_no_rows(tmp_path: Path) -> None:
    table = (VIETNAMESE, ("I. Khối cơ quan", "", "", "", ""), ROWS[0], VIETNAMESE, ROWS[1])
    result = read(tmp_path, csv(table))
    assert short(result.rows) == SEEN
    assert result.refusals == []


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"), (b" \n ", "empty"), (b"Ten,Phong\nA,B\nC,D\n", "No column of addresses"),
        (b"PK\x03\x04broken", "damaged"), (b"%PDF-1.7 broken", "damaged"), (b"{broken", "No column"),
        (b'[{"ip": "203.0.113.5"', "JSON"), (b"\x00\x01\x02\x03" * 100, "not known"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), ""),
    ],
)  # fmt: skip
def test_a_document_without_a_list_is_one_clear_problem(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "list"
    path.write_bytes(data)
    problems: list[Problem] = []
    assert read_reports([str(path), str(tmp_path / "missing")], problems.append).rows == []
    assert len(problems) == 2
    assert words in problems[0].what
    assert ExitStatus.INPUT == 5


def test_rows_before_the_damage_are_read(tmp_path: Path) -> None:
    import gzip

    chance = random.Random(1)
    filling = csv([(str(n), chance.randbytes(300).hex(), "1", "2", "-") for n in range(3000)])
    (tmp_path / "list.csv.gz").write_bytes(gzip.compress(csv(TABLE) + filling)[:-1000])
    problems: list[Problem] = []
    result = read_reports([str(tmp_path / "list.csv.gz")], problems.append)
    assert (len(problems), short(result.rows)) == (1, SEEN)
    rows = [
        json.dumps({"ip": "203.0.113.5", "port": 4321, "time": "2026-11-03T02:05:09Z"}),
        "{broken",
        json.dumps({"ip": "203.0.113.6"}),
    ]
    broken = read(tmp_path, "\n".join(rows).encode())
    assert (len(broken.rows), len(broken.refusals)) == (2, 1)


def test_a_list_that_is_fine_is_read_though_another_is_not(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    (tmp_path / "b").write_bytes(csv(TABLE))
    problems: list[Problem] = []
    result = read_reports([str(tmp_path)], problems.append)
    assert (len(result.rows), len(problems)) == (2, 1)
    assert result.documents == [str(tmp_path / "b")]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(
            st.one_of(
                st.text(max_size=30),
                st.sampled_from(
                    ["203.0.113.5", "4321", "03/11/2026", "IP", "Port", "Thời gian", "{", "[", '"']
                ),
            ),
            max_size=6,
        ),
        max_size=12,
    )
)
def test_no_table_is_too_strange(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    path = tmp_path_factory.mktemp("strange") / "list"
    path.write_bytes("\n".join(",".join(row) for row in rows).encode("utf-8", "replace"))
    problems: list[Problem] = []
    result = read_reports([str(path)], problems.append)
    assert result.rows or problems
    assert not any(isinstance(problem, LamsachError) for problem in problems)
