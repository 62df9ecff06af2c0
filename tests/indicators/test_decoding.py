from __future__ import annotations

from pathlib import Path

import pytest

from lamsach.indicators.reading import read_list
from lamsach.model import Indicator

TABLE = "STT;Tên miền;Mã độc\r\n1;evil.example;Mã độc tống tiền\r\n2;c2.evil.example;Trộm dữ liệu\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_every_encoding_gives_the_same(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(TABLE.encode(encoding))
    items = list(read_list(str(path), lambda problem: pytest.fail(str(problem))))
    assert [(item.value, item.threat) for item in items if isinstance(item, Indicator)] == [
        ("evil.example", "Mã độc tống tiền"),
        ("c2.evil.example", "Trộm dữ liệu"),
    ]


def test_windows_for_vietnamese(tmp_path: Path) -> None:
    # CP1258 writes some accents as combining marks: "Mã" is one letter, "độ" is ô with a dot below.
    text = "domain;note\nevil.example;Ma\u0303 \u0111\u00f4\u0323c\n"
    (tmp_path / "a.csv").write_bytes(text.encode("cp1258"))
    items = list(read_list(str(tmp_path / "a.csv"), print))
    assert [item.threat for item in items if isinstance(item, Indicator)] == ["Mã độc"]


def test_latin_1_at_last(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("domain;note\nevil.example;na\u00efve \u008f\n".encode("latin-1"))
    items = list(read_list(str(tmp_path / "a.csv"), print))
    assert [item.value for item in items] == ["evil.example"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_numbers(tmp_path: Path, end: str) -> None:
    (tmp_path / "a.txt").write_bytes(end.join(["evil.example", "", "203.0.113.5"]).encode())
    items = list(read_list(str(tmp_path / "a.txt"), print))
    assert [(item.value, item.reference.row) for item in items if item.reference] == [
        ("evil.example", 1),
        ("203.0.113.5", 3),
    ]


def test_a_long_list_keeps_its_line_numbers_over_blocks(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("".join(f"host-{number}.evil.example\n" for number in range(100_000)))
    items = list(read_list(str(tmp_path / "a.txt"), print))
    assert len(items) == 100_000
    assert all(
        item.reference is not None and item.value == f"host-{item.reference.row - 1}.evil.example"
        for item in items
        if item.reference.row
    )
