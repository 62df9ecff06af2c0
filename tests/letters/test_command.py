"""`lamsach report`: the form from findings bundles alone."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from lamsach.errors import ExitStatus
from lamsach.letters.findings import summarise
from lamsach.model import DeviceState, Findings
from lamsach.results.bundle import write_bundle
from tests.cli.command_runner import lamsach
from tests.results.sample import empty_findings, rich_findings


def bundle(path: Path, findings: Findings) -> Path:
    buffer = io.BytesIO()
    write_bundle(findings, buffer, "vi", {})
    path.write_bytes(buffer.getvalue())
    return path


def test_machines_in_two_bundles_count_once(tmp_path: Path) -> None:
    first = bundle(tmp_path / "a.zip", rich_findings())
    two = bundle(tmp_path / "b.zip", replace(rich_findings(), partial=True))
    alone, both = summarise([first]), summarise([first, two])
    assert alone.states == both.states
    assert sum(alone.states.values()) == len(rich_findings().devices)
    assert [(s.name, s.days, s.lines) for s in alone.sources] == [
        (s.name, s.days, s.lines) for s in both.sources
    ]
    assert both.partial


def test_the_most_serious_state_counts(tmp_path: Path) -> None:
    device = next(d for d in rich_findings().devices if d.state == DeviceState.INFECTED)
    mild = replace(empty_findings(), devices=(replace(device, state=DeviceState.BLOCKED),))
    grave = replace(empty_findings(), devices=(device,))
    paths = [bundle(tmp_path / "a.zip", mild), bundle(tmp_path / "b.zip", grave)]
    for order in (paths, paths[::-1]):
        assert dict(summarise(order).states) == {DeviceState.INFECTED: 1}


def test_a_day_that_another_bundle_searched_is_not_blind(tmp_path: Path) -> None:
    findings = rich_findings()
    observer, day = findings.blind_days[0]
    row = replace(findings.coverage[0], observer=observer, day=day)
    covered = replace(empty_findings(), coverage=(row,), blind_days=())
    first, second = bundle(tmp_path / "a.zip", findings), bundle(tmp_path / "b.zip", covered)
    before = sum(source.blind for source in summarise([first]).sources)
    assert sum(source.blind for source in summarise([first, second]).sources) == before - 1


def test_the_command_writes_every_kind(tmp_path: Path) -> None:
    found = bundle(tmp_path / "a.zip", rich_findings())
    files = [tmp_path / f"bao-cao{ending}" for ending in (".docx", ".pdf", ".xlsx", ".html", ".json")]
    outputs = [word for file in files for word in ("-o", file)]
    ran = lamsach("report", "--unit", "Phòng Một", "--findings", found, *outputs)
    assert ran.status == ExitStatus.FOUND, ran.errors
    assert all(file.stat().st_size > 300 for file in files)
    record = json.loads(files[-1].read_text("utf-8"))
    assert [figure["value"] for figure in record["figures"]] == [1, 1]
    infected = sum(d.state == DeviceState.INFECTED for d in rich_findings().devices)
    assert f"phát hiện {infected} máy" in record["texts"]["assessment"]
    page = files[3].read_text("utf-8")
    assert not [d.ip for d in rich_findings().devices if d.ip and d.ip in page]


def test_stated_numbers_and_warnings(tmp_path: Path) -> None:
    found = bundle(tmp_path / "a.zip", rich_findings())
    file = tmp_path / "a.json"
    ran = lamsach("report", "--unit", "A", "--findings", found, "--informed", 2, "--deployed", 3, "-o", file)
    assert ran.status == ExitStatus.FOUND
    assert len(ran.errors) >= 2
    assert [f["value"] for f in json.loads(file.read_text("utf-8"))["figures"]] == [2, 3]


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--unit", "A", "-o", "a.docx"], ExitStatus.USAGE),
        (["--findings", "nowhere.zip", "--unit", "A", "-o", "a.docx"], ExitStatus.INPUT),
        (["--blank", "-o", "a.odt"], ExitStatus.USAGE),
        (["--unit", "A", "--findings", "x.zip"], ExitStatus.USAGE),
        (["--blank", "-o", "a.docx", "--dispatch-date", "mai"], ExitStatus.USAGE),
    ],
)
def test_wrong_calls_are_reported_in_one_line(
    arguments: list[str], status: ExitStatus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = lamsach("report", *arguments)
    assert (ran.status, len(ran.errors)) == (status, 1)
    assert list(tmp_path.iterdir()) == []


AROUND = {
    "--campaign": "Chiến dịch làm sạch mã độc năm 2026",
    "--to": "Trung tâm Công nghệ thông tin",
    "--email": "nhan@ttcntt.example",
    "--dispatch": "12/TTCNTT-KTHT",
    "--dispatch-date": "05/09/2026",
    "--parent": "Bộ Một",
    "--symbol": "05/BC-CCH",
    "--place": "Hà Nội",
    "--date": "2026-02-03",
    "--authority": "KT. chi cục trưởng",
    "--position": "Phó chi cục trưởng",
    "--signer": "Họ và tên",
    "--copy": "Sở Một (để b/c)",
    "--assessment": "Đã hoàn thành.",
    "--proposals": "Không có.",
}


def test_a_report_that_needs_no_editing(tmp_path: Path) -> None:
    """All texts that Decree 30 requires, read back from both documents."""
    import docx
    import pdfplumber

    found = bundle(tmp_path / "a.zip", rich_findings())
    outputs = ("-o", tmp_path / "a.docx", "-o", tmp_path / "a.pdf")
    options = [word for pair in AROUND.items() for word in pair]
    ran = lamsach("report", "--unit", "Chi cục Hai", "--findings", found, *options, *outputs)
    assert ran.status == ExitStatus.FOUND, ran.errors
    book = docx.Document(str(tmp_path / "a.docx"))
    written = [p.text for p in book.paragraphs]
    written += [p.text for t in book.tables for row in t.rows for cell in row.cells for p in cell.paragraphs]
    with pdfplumber.open(tmp_path / "a.pdf") as pdf:
        pages = [" ".join((page.extract_text() or "").split()) for page in pdf.pages]
    for text in (
        "BỘ MỘT",
        "CHI CỤC HAI",
        "Số: 05/BC-CCH",
        "Hà Nội, ngày 03 tháng 02 năm 2026",
        "KT. CHI CỤC TRƯỞNG",
        "PHÓ CHI CỤC TRƯỞNG",
        "Họ và tên",
        "- Như trên;",
        "- Sở Một (để b/c);",
        "- Lưu: VT.",
    ):
        assert text in pages[0], text
        assert any(text in document_text for document_text in written), text
    assert "Kính gửi: Trung tâm Công nghệ thông tin" in pages[0]
    form = pages[1]
    required = (
        "Thực hiện Công văn số 12/TTCNTT-KTHT ngày 05/09/2026 của Trung tâm Công nghệ thông tin, Chi cục "
        "Hai báo cáo kết quả"
    )
    assert required in pages[0]
    assert any(required in document_text for document_text in written)
    assert (
        "THỐNG KÊ, BÁO CÁO KẾT QUẢ TRIỂN KHAI (Kèm theo Báo cáo số 05/BC-CCH ngày 03/02/2026 của Chi cục Hai)"
        in form
    )
    assert "thực hiện chiến dịch trong phạm vi triển khai: Đã hoàn thành." in form
    assert "Kèm theo Báo cáo số 05/BC-CCH ngày 03/02/2026 của Chi cục Hai" in pages[2]
    for remark in ("Mẫu thống kê", "(nếu có)", "Quý đơn vị có thể gửi", "nhan@ttcntt.example"):
        assert not any(remark in document_text for document_text in (*pages, *written)), remark
    assert any("Ngày của báo cáo trước ngày của công văn" in line for line in ran.errors), ran.errors


def test_missing_inputs_remain_open(tmp_path: Path) -> None:
    found = bundle(tmp_path / "a.zip", rich_findings())
    file = tmp_path / "a.html"
    ran = lamsach("report", "--unit", "A", "--findings", found, "--symbol", "BC-A", "-o", file)
    assert ran.status == ExitStatus.FOUND
    page = file.read_text("utf-8")
    assert "Số:       /BC-A" in page
    assert f"Ngày       tháng       năm {date.today().year}" in page
    assert f"(Kèm theo Báo cáo số         /BC-A ngày       /     /{date.today().year} của A)" in page
    assert "Công văn số" not in page
    assert "Như trên" not in page
    assert "Lưu: VT." in page


def test_the_blank_form_states_its_issuer_and_receiver(tmp_path: Path) -> None:
    file = tmp_path / "mau.html"
    words = (
        "--to",
        "Trung tâm",
        "--email",
        "nhan@a.example",
        "--dispatch",
        "12/TT",
        "--dispatch-by",
        "Bộ Một",
    )
    assert lamsach("report", "--blank", *words, "-o", file).status == ExitStatus.FOUND
    page = file.read_text("utf-8")
    assert "(Kèm theo Công văn số 12/TT ngày       /     /         của Bộ Một)" in page
    assert "báo cáo về Trung tâm qua hòm thư điện tử nhan@a.example." in page


def test_the_blank_form(tmp_path: Path) -> None:
    import docx

    assert lamsach("report", "--blank", "-o", tmp_path / "mau.docx").status == ExitStatus.FOUND
    text = "\n".join(p.text for p in docx.Document(str(tmp_path / "mau.docx")).paragraphs)
    assert "- Đánh giá kết quả thực hiện chiến dịch trong phạm vi triển khai: \t" in text
