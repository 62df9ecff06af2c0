from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from lamsach.catalogue_vi.indicators import INDICATORS
from lamsach.errors import OutputError, UsageError
from lamsach.indicators.values import refusals
from tests.cli.command_runner import Called, called


def call(*words: object) -> Called:
    return called("indicators", *words, variables={"LC_ALL": "en"})


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    path = tmp_path / "list.txt"
    path.write_text(
        "evil.example\n203.0.113.0/24\nhxxp://bad[.]example/a # Mozi\n192.168.1.1\nevil.example\n"
    )
    return path


def test_reading_prints_indicators_and_refusals(listed: Path) -> None:
    result = call("read", str(listed))
    assert result.exit_code == 0
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert lines == [
        {
            "type": "domain",
            "value": "evil.example",
            "reference": {"document": str(listed), "row": 1},
            "other_references": [{"document": str(listed), "row": 5}],
        },
        {"type": "network", "value": "203.0.113.0/24", "reference": {"document": str(listed), "row": 2}},
        {
            "type": "url",
            "value": "http://bad.example/a",
            "threat": "Mozi",
            "reference": {"document": str(listed), "row": 3},
        },
    ]
    refused = json.loads(result.stderr.splitlines()[0])
    assert refused == {
        "type": "ip",
        "value": "192.168.1.1",
        "reference": {"document": str(listed), "row": 4},
        "reason": refusals.PRIVATE,
    }
    assert result.stderr.splitlines()[-1] == "3 indicators, 1 refused, from 1 documents."


@pytest.mark.parametrize("suffix", [".jsonl", ".json", ".csv", ".txt"])
def test_writing_a_file(listed: Path, tmp_path: Path, suffix: str) -> None:
    output = tmp_path / f"out{suffix}"
    result = call("read", str(listed), "-o", str(output))
    assert (result.exit_code, result.stdout) == (0, "")
    text = output.read_text(encoding="utf-8-sig")
    if suffix == ".csv":
        values = [row["value"] for row in csv.DictReader(text.splitlines())]
    elif suffix == ".txt":
        values = text.splitlines()
    else:
        values = [
            item["value"]
            for item in (json.loads(text) if suffix == ".json" else map(json.loads, text.splitlines()))
        ]
    assert values == ["evil.example", "203.0.113.0/24", "http://bad.example/a"]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["list.txt", output.name])


def test_a_formula_is_inert_in_csv(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('domain,malware\nevil.example,=HYPERLINK("x")\n')
    call("read", str(tmp_path / "a.csv"), "-o", str(tmp_path / "o.csv"))
    rows = list(csv.DictReader((tmp_path / "o.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert rows[0]["threat"].startswith("'=")


def test_the_status_distinguishes_partly_read_from_unread(listed: Path, tmp_path: Path) -> None:
    assert call("read", str(listed), str(tmp_path / "no.txt")).exit_code == 4
    assert call("read", str(tmp_path / "no.txt")).exit_code == 5
    assert isinstance(call("read", str(listed), "-o", "x.docx").exception, UsageError)
    assert isinstance(call("read", str(listed), "-o", str(tmp_path / "no" / "x.csv")).exception, OutputError)


@pytest.mark.parametrize(
    ("value", "status", "found"),
    [
        ("www[.]evil[.]example", 0, "evil.example"),
        ("http://evil.example/x", 0, "evil.example"),
        ("203.0.113.9", 0, "203.0.113.0/24"),
        ("http://bad.example/a/b", 0, "http://bad.example/a"),
        ("bad.example", 1, None),
        ("notevil.example", 1, None),
    ],
)
def test_checking_a_value(listed: Path, value: str, status: int, found: str | None) -> None:
    result = call("check", value, "-i", str(listed))
    assert result.exit_code == status
    values = {json.loads(line)["value"] for line in result.stdout.splitlines()}
    assert values == ({found} if found else set())


def test_checking_an_excepted_value_reports_the_exception(listed: Path, tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_text("www.evil.example\n")
    result = call("check", "www.evil.example", "-i", str(listed), "--exceptions", str(tmp_path / "good.txt"))
    assert json.loads(result.stdout.splitlines()[0])["excepted"]["row"] == 1


def test_checking_a_text_that_is_no_value(listed: Path) -> None:
    result = call("check", "hello world", "-i", str(listed))
    assert result.exit_code == 2
    assert json.loads(result.stderr.splitlines()[0])["reason"] == refusals.NOT_A_VALUE


def test_every_reason_has_its_vietnamese() -> None:
    reasons = [value for name, value in vars(refusals).items() if name.isupper() and isinstance(value, str)]
    assert len(reasons) > 20
    assert [reason for reason in reasons if reason not in INDICATORS] == []
