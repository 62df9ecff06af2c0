"""Tables of PDFs whose narrow columns break names, and rows by a page's layout."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamsach.documents.pdf.rows import CellLine
from lamsach.indicators.tables.cell_text import cell_text
from lamsach.indicators.values import refusals
from lamsach.model import Indicator, IndicatorType
from tests.indicators.document_samples import pdf

from .list_reader import read_sound

SHA1 = "0123456789abcdef0123456789abcdef01234567"
COLUMNS = (40, 80, 180, 330, 430)


def drawn(rows: list[list[str]]) -> bytes:
    r"""Return a page's program that draws a table cell by cell, as word processors do.

    `\\n` separates the lines of a cell.
    """
    program, top = "", 780
    for row in rows:
        for x, cell in zip(COLUMNS, row, strict=True):
            for place, line in enumerate(cell.split("\n")):
                text = line.replace("(", "\\(").replace(")", "\\)")
                program += f"BT /F1 9 Tf 1 0 0 1 {x} {top - 11 * place} Tm ({text}) Tj ET\n"
        top -= 11 * max(cell.count("\n") + 1 for cell in row)
    return program.encode("latin-1")


def read(tmp_path: Path, data: bytes) -> tuple[dict[str, Indicator], dict[str, str]]:
    found, refused = read_sound(tmp_path / "annex.pdf", data)
    return {item.value: item for item in found}, {item.value: item.reason for item in refused}


def test_names_broken_by_a_column_are_joined_and_threats_stay_in_their_column(tmp_path: Path) -> None:
    rows = [
        ["STT", "Dia chi IP", "Ten mien", "Ma doc", "IP may bi nhiem"],
        ["1", "203.0.113.4", "long-subdomain-\nname1.evil-\nsite1[.]co\nm", "Lumma\nStealer", "198.51.100.7"],
        ["2", "203.0.113.5\n203.0.113.6", "", "Mirai", ""],
        ["3", "", "long-subdomain-\nname2.evil-\nsite2[.]c\nom", "Cobalt\nStrike", ""],
        ["4", "203.0.113.7", "one.evil-x[.]top\ntwo.evil-x[.]top", "Mozi", ""],
    ]
    accepted, refused = read(tmp_path, pdf([["x"]], drawn(rows)))
    assert {value: item.threat for value, item in accepted.items()} == {
        "203.0.113.4": "Lumma Stealer",
        "long-subdomain-name1.evil-site1.com": "Lumma Stealer",
        "203.0.113.5": "Mirai",
        "203.0.113.6": "Mirai",
        "long-subdomain-name2.evil-site2.com": "Cobalt Strike",
        "203.0.113.7": "Mozi",
    }
    assert refused == {
        "198.51.100.7": refusals.VICTIM,
        "one.evil-x[.]toptwo.evil-x[.]top": refusals.CUT,  # two names, or one
    }
    reference = accepted["203.0.113.4"].reference
    assert reference is not None
    assert (reference.page, reference.table) == (1, 1)


def test_pages_drawn_line_by_line(tmp_path: Path) -> None:
    """A line that begins with digits is no numbered row; a number beside a row's middle is uncertain."""
    head = "STT  SHA-1                  Ten mien"
    rows = [
        head,
        f"1    {SHA1[:20]}   long-evil-",
        f"     {SHA1[20:36]}       name1.co",
        f"     {SHA1[36:]}                   m",
        f"2    {SHA1[::-1][:20]}   other.evil-",
        f"     {SHA1[::-1][20:]}   name2.top",
    ]
    accepted, refused = read(tmp_path, pdf([rows]))
    assert set(accepted) == {SHA1, SHA1[::-1], "long-evil-name1.com", "other.evil-name2.top"}
    assert refused == {}
    accepted, refused = read(
        tmp_path, pdf([[head, rows[1].replace("1", " ", 1), rows[2].replace(" ", "1", 1), *rows[3:]]])
    )
    assert accepted == {}
    assert set(refused.values()) == {refusals.CUT}


def test_a_row_continues_over_a_page_break(tmp_path: Path) -> None:
    first = ["No   Domain          Threat", "1    long-evil-      Mozi", "     name[.]c"]
    second = ["     om", "2    other[.]top     Mirai"]
    accepted, refused = read(tmp_path, pdf([first, second]))
    assert {value: item.threat for value, item in accepted.items()} == {
        "long-evil-name.com": "Mozi",
        "other.top": "Mirai",
    }
    assert refused == {}


def test_an_indented_line_of_text_is_no_part_of_a_row(tmp_path: Path) -> None:
    lines = ["No   Domain          Threat", "1    evil[.]top      Mozi", "", "", "     see below"]
    accepted, _ = read(tmp_path, pdf([lines]))
    assert [(item.value, item.threat) for item in accepted.values()] == [("evil.top", "Mozi")]


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (["evil-", "site[.]top"], "evil-site[.]top"),
        (["hxxp://evil-x[.]top/", "a/b.exe"], "hxxp://evil-x[.]top/a/b.exe"),
        (["averylongsubdomainof", "thing.evil-x[.]top"], "averylongsubdomainofthing.evil-x[.]top"),
        (["one.evil-x[.]top", "two.evil-x[.]top"], "one.evil-x[.]top\ntwo.evil-x[.]top"),
        (["Lumma", "evil-x.top"], "Lumma\nevil-x.top"),
        (["203.0.113.4", "evil-x.top"], "203.0.113.4\nevil-x.top"),
        (["https://evil-x.top/a/", "https://evil-y.top/b"], "https://evil-x.top/a/\nhttps://evil-y.top/b"),
        (["hxxp://evil-x[.]top/?a=1", "0" * 16, "1" * 15 + "a"],
         "hxxp://evil-x[.]top/?a=1\n" + "0" * 16 + "1" * 15 + "a"),
        (["May chu", "C&C"], "May chu\nC&C"),
    ],
)  # fmt: skip
def test_a_cells_lines_as_one_text(parts: list[str], text: str) -> None:
    """Join lines with unknown room after them."""
    result = cell_text([CellLine(part) for part in parts])
    assert (result.text, result.cut) == (text, [])


def lines(*texts: str, width: float = 12) -> list[CellLine]:
    """Return lines of a column with room for a number of characters of equal width."""
    return [CellLine(text, width - len(text), 1, len(text.split()[0])) for text in texts]


SHA256 = "0f4c" * 16


@pytest.mark.parametrize(
    ("cell", "text", "cut"),
    [
        (lines("146[.]135[.]", "196[.]1", "96"), "146[.]135[.]196[.]1\n96", []),
        (lines("203.0.113.14", "6"), "203.0.113.146", []),
        (lines("203.0.113.4", "203.0.113.6"), "203.0.113.4\n203.0.113.6", []),
        (lines("evil-site.co", "m"), "evil-site.com", []),
        (lines("mail.evil.in", "fo.bad.top"), "", ["mail.evil.info.bad.top"]),
        (lines("mail.evil.in", "fo.bad.top", width=14), "mail.evil.in fo.bad.top", []),
        (lines("http://e.com", "Mozi"), "", ["http://e.comMozi"]),
        (lines("http://e.co/", "a.exe"), "http://e.co/a.exe", []),
        (lines("Cobalt", "Strike"), "Cobalt Strike", []),
        (lines("evil-site.co", "được gỡ"), "evil-site.co được gỡ", []),
        (lines(SHA256[:32], SHA256[32:], width=32), "", [SHA256]),
        (lines(SHA256[:30], SHA256[30:60], SHA256[60:], width=30), SHA256, []),
    ],
)  # fmt: skip
def test_a_cells_lines_in_a_column_of_known_width(cell: list[CellLine], text: str, cut: list[str]) -> None:
    result = cell_text(cell)
    assert (result.text, result.cut) == (text, cut)


def test_a_promised_type_decides() -> None:
    halves = lines(SHA256[:32], SHA256[32:], width=32)
    assert cell_text(halves, IndicatorType.SHA256).text == SHA256
    assert cell_text(halves, IndicatorType.MD5).text == f"{SHA256[:32]}\n{SHA256[32:]}"
    assert cell_text(halves, digits=(64,)).text == SHA256


def wrapped(value: str, widths: dict[str, float], limit: float) -> list[CellLine]:
    """Break a word into a column's lines, after a mark if the rest fits on a line, else anywhere."""
    found: list[str] = []
    rest = value
    while rest:
        count = width = 0
        while count < len(rest) and (width := width + widths[rest[count]]) <= limit:
            count += 1
        well = max((place + 1 for place, mark in enumerate(rest[:count]) if mark in "-/?"), default=0)
        end = well if well and count < len(rest) else max(1, count)
        found.append(rest[:end])
        rest = rest[end:]
    sizes = [sum(widths[character] for character in line) for line in found]
    return [
        CellLine(line, limit - size, widths[line[0]], size) for line, size in zip(found, sizes, strict=True)
    ]


names = st.lists(
    st.text("abcdefgho-", min_size=1, max_size=12).map(lambda label: f"x{label}x"), min_size=1, max_size=3
)
hosts = st.tuples(names, st.sampled_from(["com", "co", "in", "info", "com.vn", "top"])).map(
    lambda parts: ".".join([*parts[0], parts[1]])
)
values = st.one_of(
    hosts,
    st.tuples(hosts, st.text("abc/-?=1", max_size=30)).map(lambda parts: f"http://{parts[0]}/{parts[1]}1"),
    st.ip_addresses(v=4).map(str),
    st.sampled_from([32, 40, 64])
        .flatmap(lambda count: st.text("0123456789abcdef", min_size=count, max_size=count)),
)  # fmt: skip


@given(values, st.integers(20, 60), st.booleans(), st.randoms(use_true_random=False))
def test_broken_values_are_joined_or_reported(value: str, width: int, defanged: bool, random: Random) -> None:
    written = value.replace(".", "[.]") if defanged else value
    widths = {character: random.uniform(2.5, 9) for character in sorted(set(written))}
    result = cell_text(wrapped(written, widths, width))
    assert (result.text, result.cut) in ((written, []), ("", [written]))
