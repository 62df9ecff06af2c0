"""`lamsach indicators explain`: every value with its location, verdict, reader and rule."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl

from lamsach.errors import ExitStatus
from lamsach.indicators.judge import explanation
from lamsach.indicators.lists import read_list
from lamsach.indicators.values import refusals
from lamsach.model import Indicator

from .command_runner import lamsach


def annex(path: Path) -> Path:
    book = openpyxl.Workbook()
    for row in (
        ["STT", "Địa chỉ IP", "Ghi chú"],
        [1, "203.0.113[.]5", "gửi dữ liệu về c2.evil-a.site"],
        [2, "192.168.1.2", ""],
    ):
        book.active.append(row)
    book.save(path)
    return path


def records(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_each_value_is_explained(tmp_path: Path) -> None:
    path = annex(tmp_path / "annex.xlsx")
    ran = lamsach("indicators", "explain", str(path))
    assert ran.status == ExitStatus.FOUND, ran.errors
    found = {str(row["value"]): row for row in records(ran.out)}
    assert {value: (row["verdict"], row["reader"], row["rule"]) for value, row in found.items()} == {
        "203.0.113.5": ("taken", "xlsx", "listed"),
        "c2.evil-a.site": ("refused", "xlsx", "not_listed"),
        "192.168.1.2": ("refused", "xlsx", "private"),
    }
    assert found["192.168.1.2"]["reason"] == refusals.PRIVATE
    assert [found[value]["fired"] for value in ("203.0.113.5", "c2.evil-a.site")] == [[], ["not_listed"]]
    assert found["192.168.1.2"]["reference"] == {"document": str(path), "page": 1, "row": 3}


def test_every_rule_that_fires_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Please allow virustotal.com and the C2 evil[.]site\n")
    found = {item.entry.value: item for item in explanation.explanations(str(tmp_path / "a.txt"), print)}
    assert (found["virustotal.com"].rule, found["evil.site"].rule) == ("let_pass", "defanged")
    assert found["virustotal.com"].fired == ("let_pass", "cited_name", "listed")


def test_one_value_in_any_spelling(tmp_path: Path) -> None:
    path = str(annex(tmp_path / "annex.xlsx"))
    for value, expected in (
        ("203[.]0[.]113[.]5", ["203.0.113.5"]),
        ("hxxp://c2[.]evil-a[.]site/x", []),
        ("C2.EVIL-A[.]site", ["c2.evil-a.site"]),
        ("192.168.1.2", ["192.168.1.2"]),
    ):
        ran = lamsach("indicators", "explain", path, value)
        assert [row["value"] for row in records(ran.out)] == expected, value
        assert ran.status == (ExitStatus.FOUND if expected else ExitStatus.NOTHING_FOUND)


def test_an_unreadable_list_is_no_answer(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"PK\x03\x04broken")
    ran = lamsach("indicators", "explain", str(tmp_path / "a.xlsx"), "evil.example")
    assert ran.status == ExitStatus.INPUT
    assert any("damaged" in line or "hỏng" in line for line in ran.errors)


def test_each_reason_has_a_name_of_its_own(tmp_path: Path) -> None:
    reasons = {text for name, text in vars(refusals).items() if name.isupper() and isinstance(text, str)}
    assert set(explanation._FORMS) == reasons
    assert len(set(explanation._FORMS.values())) == len(reasons)


def test_the_parts_of_a_message_have_their_own_readers(tmp_path: Path) -> None:
    mail = (
        "From: a@unit.example\nTo: b@unit.example\nSubject: list\nMIME-Version: 1.0\n"
        "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\n203.0.113.7\n"
        '--x\nContent-Type: text/csv\nContent-Disposition: attachment; filename="a.csv"\n\n'
        "type,value\nip,203.0.113.8\ndomain,evil-b.site\n--x--\n"
    )
    (tmp_path / "m.eml").write_text(mail)
    found = list(explanation.explanations(str(tmp_path / "m.eml"), lambda problem: None))
    assert {item.entry.value: item.reader for item in found if isinstance(item.entry, Indicator)} == {
        "203.0.113.7": "text",
        "203.0.113.8": "delimited",
        "evil-b.site": "delimited",
    }
    assert [item.entry for item in found] == list(read_list(str(tmp_path / "m.eml"), lambda problem: None))
