"""`lamsach report`: the form from findings bundles alone."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from lamsach.errors import ExitStatus
from lamsach.letters.findings import summarise
from lamsach.model import DeviceState, Findings
from lamsach.results.bundle import write_bundle
from tests.cli.running import lamsach
from tests.results.sample import empty_findings, rich_findings


def bundle(path: Path, findings: Findings) -> Path:
    buffer = io.BytesIO()
    write_bundle(findings, buffer, "vi", {})
    path.write_bytes(buffer.getvalue())
    return path


def test_machines_in_two_bundles_count_once(tmp_path: Path) -> None:
    one = bundle(tmp_path / "a.zip", rich_findings())
    two = bundle(tmp_path / "b.zip", replace(rich_findings(), partial=True))
    alone, both = summarise([one]), summarise([one, two])
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
    ],
)
def test_wrong_calls_are_told_in_one_line(
    arguments: list[str], status: ExitStatus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = lamsach("report", *arguments)
    assert (ran.status, len(ran.errors)) == (status, 1)
    assert list(tmp_path.iterdir()) == []


def test_the_blank_form(tmp_path: Path) -> None:
    import docx

    assert lamsach("report", "--blank", "-o", tmp_path / "mau.docx").status == ExitStatus.FOUND
    text = "\n".join(p.text for p in docx.Document(str(tmp_path / "mau.docx")).paragraphs)
    assert "- Đánh giá kết quả thực hiện chiến dịch trong phạm vi triển khai: \t" in text
