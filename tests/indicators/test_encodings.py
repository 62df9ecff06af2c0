from __future__ import annotations

from pathlib import Path

import pytest

from lamsach.indicators.lists import read_list
from lamsach.model import Indicator

TABLE = "STT;Tên miền;Mã độc\r\n1;evil.example;Mã độc tống tiền\r\n2;c2.evil.example;Trộm dữ liệu\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_every_encoding_has_the_same_result(tmp_path: Path, encoding: str) -> None:
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


def test_latin_1_as_the_last_resort(tmp_path: Path) -> None:
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


def test_line_numbers_of_a_long_list_over_blocks(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("".join(f"host-{number}.evil.example\n" for number in range(100_000)))
    items = list(read_list(str(tmp_path / "a.txt"), print))
    assert len(items) == 100_000
    assert all(
        item.reference is not None and item.value == f"host-{item.reference.row - 1}.evil.example"
        for item in items
        if item.reference.row
    )


COLOURED = {
    "colours": "\x1b[31mevil.top\x1b[0m",
    "colours within": "e\x1b[1;38;5;196mvil\x1b[0m.top\x1b[K",
    "a link": "\x1b]8;;https://other.example/\x1b\\evil.top\x1b]8;;\x1b\\",
    "a title": "\x1b]0;terminal of other.example\x07evil.top",
    "a character set": "\x1b(B\x1b[mevil.top",
    "as `cat -v` shows them": "^[[31mevil^[[0m.top",
    "as a program's source spells them": "\\033[1;31mevil\\033[0m.top",
    "as characters": "\u241b[31mevil.top\u241b[0m",
}


@pytest.mark.parametrize("line", COLOURED.values(), ids=COLOURED)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_terminal_colours_are_no_text(tmp_path: Path, line: str, encoding: str) -> None:
    (tmp_path / "a.txt").write_bytes(f"first.top\n{line}\nlast.top\n".encode(encoding))
    items = list(read_list(str(tmp_path / "a.txt"), print))
    assert [(item.value, item.reference.row) for item in items if item.reference] == [
        ("first.top", 1),
        ("evil.top", 2),
        ("last.top", 3),
    ]


def test_coloured_tables_and_documents(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "\x1b[1mdomain\x1b[0m,\x1b[1mmalware\x1b[0m\n\x1b[31mevil.top\x1b[0m,Mi\x1b[7mra\x1b[0mi\n"
    )
    (tmp_path / "a.json").write_text('{\x1b[34m"domain"\x1b[0m: \x1b[32m"evil.top"\x1b[0m}\n')
    (tmp_path / "b.json").write_text('{"domain": "\\u001b[32mevil\\u001b[0m.top"}\n')
    for name, threat in (("a.csv", "Mirai"), ("a.json", None), ("b.json", None)):
        items = list(read_list(str(tmp_path / name), print))
        assert [(item.value, item.threat) for item in items if isinstance(item, Indicator)] == [
            ("evil.top", threat)
        ], name


def test_unclosed_escapes_swallow_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\x1b]8;;" * 20_000 + "\nevil.top\n\x1b[31\nlast.top\n\x1b")
    values = [item.value for item in read_list(str(tmp_path / "a.txt"), print) if isinstance(item, Indicator)]
    assert values == ["evil.top", "last.top"]
