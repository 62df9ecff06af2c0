"""Values that a layout broke over lines and pages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamsach.indicators.text.broken_lines import Line, hash_lengths, join_broken, rejoin
from lamsach.indicators.text.documents import full_width, read_lines, with_surroundings, without_margins
from lamsach.model import Indicator

HASH = "0123456789abcdef" * 4


def test_a_document_that_names_one_kind_of_hash_has_no_other() -> None:
    lines = [Line(None, row, text) for row, text in enumerate(["1 " + HASH[:32], HASH[32:] + " a.exe"], 1)]
    assert [line.text for line in join_broken(lines)] == [line.text for line in lines]
    assert [line.text for line in join_broken(lines, digits=hash_lengths(["STT SHA-256", "a"]))] == [
        f"1 {HASH} a.exe"
    ]
    quarters = [Line(None, row, HASH[place : place + 16]) for row, place in enumerate((0, 16, 32, 48), 1)]
    assert [line.text for line in join_broken(quarters, digits=hash_lengths(["SHA256"]))] == [HASH]
    assert hash_lengths(["SHA-256", "MD5"]) == hash_lengths(["no kind"]) == (32, 40, 64)
    assert hash_lengths(["SHA-1"]) == (40,)


@pytest.mark.parametrize(
    ("lines", "values"),
    [
        ([HASH[:40], HASH[40:] + " a.exe"], [HASH]),
        ([HASH[:20], HASH[20:40], HASH[40:]], [HASH]),
        ([HASH[:32] + "-", HASH[32:]], [HASH]),
        (["a" * 32, "b" * 32], ["a" * 32, "b" * 32]),
        (["4000123412341234", "4000123412341235"], []),
        (["a" * 32, "5a0ed8a5-46fc-4a2b-8000-0123456789ab"], ["a" * 32]),
        (["từ hxxp://", "evil-a[.]top/a về máy"], ["http://evil-a.top/a"]),
        (["C2: evil-a[.]", "top và khác"], ["evil-a.top"]),
        (["C2: evil-a", "[.]top"], ["evil-a.top"]),
        (["203.0.113[.]", "9"], ["203.0.113.9"]),
        (["máy chủ long-", "name-a[.]top"], ["long-name-a.top"]),
        (["evil\u00ad", "er.top"], ["eviler.top"]),
        (["hxxp://evil-a[.]top/aaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "bbb/gate.php?x=1"], ["http://evil-a.top/aaaaaaaaaaaaaaaaaaaaaaaaaaaaabbb/gate.php?x=1"]),
        (["hxxp://evil-a[.]top/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/", "Tags"], ["http://evil-a.top/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]),
        (["hxxp://evil-a[.]top/a", "hxxp://evil-b[.]top/b"], ["http://evil-a.top/a", "http://evil-b.top/b"]),
        (["hxxp://evil-a[.]top/a", "evil-b[.]top"], ["http://evil-a.top/a", "evil-b.top"]),
        (["evil-a.top", "evil-b.top"], ["evil-a.top", "evil-b.top"]),
        (["203.0.113.1", "203.0.113.2"], ["203.0.113.1", "203.0.113.2"]),
        (["tên miền evil-a.top", "Các đơn vị báo cáo"], ["evil-a.top"]),
    ],
)  # fmt: skip
def test_values_broken_by_the_margin_are_joined(lines: list[str], values: list[str]) -> None:
    found = read_lines("a", (Line(1, row, text) for row, text in enumerate(lines, 1)), width=50)
    assert [item.value for item in found if isinstance(item, Indicator)] == values


def test_a_value_broken_over_pages_is_placed_at_its_beginning() -> None:
    pages = [
        ["CỤC AN TOÀN", *(f"dòng {n} của trang một" for n in range(8)), HASH[:40], "Trang 1/3"],
        ["CỤC AN TOÀN", HASH[40:], *(f"dòng {n} khác" for n in range(8)), "Trang 2/3"],
        ["CỤC AN TOÀN", *(f"dòng {n} nữa" for n in range(8)), "evil-a[.]top", "Trang 3/3"],
    ]
    without_margins(pages)
    lines = [
        Line(page, row, text) for page, texts in enumerate(pages, 1) for row, text in enumerate(texts, 1)
    ]
    found = [item for item in read_lines("a", lines) if isinstance(item, Indicator)]
    assert [(item.value, item.reference.page, item.reference.row) for item in found if item.reference] == [
        (HASH, 1, 10),
        ("evil-a.top", 3, 10),
    ]


def test_a_column_of_addresses_is_no_running_header() -> None:
    pages = [[f"203.0.113.{10 * page + row}" for row in range(9)] for page in range(4)]
    without_margins(pages)
    assert all(all(lines) for lines in pages)


def test_a_digest_broken_in_a_cell_is_joined() -> None:
    assert rejoin(f"{HASH[:30]}\n{HASH[30:]}\nevil-a.top") == f"{HASH}\nevil-a.top"
    assert rejoin("a\nb") == "a\nb"
    assert full_width([]) == 0


@given(st.lists(st.text(alphabet="abf019.:/[]- hxptop", max_size=70), max_size=12))
def test_no_character_is_lost(lines: list[str]) -> None:
    def letters(texts: list[str]) -> str:
        return "".join("".join(texts).replace("-", "").split())

    joined_lines = [line.text for line in join_broken([Line(1, 1, text) for text in lines], width=40)]
    assert letters(joined_lines) == letters(lines)


@pytest.mark.parametrize(
    ("lines", "values"),
    [
        (
            [
                "the name is very-long-command-",
                "and-control-server[.]dynamic-dns-",
                "bot[.]xyz, and others follow",
            ],
            {"very-long-command-and-control-server.dynamic-dns-bot.xyz"},
        ),
        (["sent by phish@bad-", "mail[.]xyz. Please delete it"], set()),
        (
            ["hxxps://cdn[.]bot-c2[.]xyz/a/b/payload.bin?id=", "0123456789abcdef&campaign=vn. It then"],
            {"https://cdn.bot-c2.xyz/a/b/payload.bin?id=0123456789abcdef&campaign=vn"},
        ),
        (["hxxps://cdn[.]bot-c2[.]xyz/a/remover.", "zip. It then"], {"https://cdn.bot-c2.xyz/a/remover.zip"}),
        (["hxxps://cdn[.]bot-c2[.]xyz/a?id=", "Afterwards it runs"], {"https://cdn.bot-c2.xyz/a?id="}),
    ],
)
def test_values_that_a_narrow_column_breaks_in_a_sentence(lines: list[str], values: set[str]) -> None:
    found = read_lines("a.pdf", with_surroundings(1, lines), width=90)
    assert {item.value for item in found if isinstance(item, Indicator)} == values


def test_a_footer_with_a_value_is_mentioned_once_and_not_listed() -> None:
    body = [f"line {place} of the text" for place in range(8)]
    pages = [[*body, f"Page {number} - https://news.bot-info.net"] for number in (1, 2)]
    (line,) = without_margins(pages)
    assert line.text.endswith("bot-info.net")
    assert [page[-1] for page in pages] == ["", ""]


def test_first_lines_that_differ_in_their_addresses_are_no_margin() -> None:
    pages = [[f"45.155.{number}.7", *("text" for _ in range(8))] for number in range(4)]
    assert without_margins(pages) == []
    assert pages[3][0] == "45.155.3.7"
