"""Text with page breaks, as `pdftotext` extracts it from a report."""

from __future__ import annotations

from pathlib import Path

from lamsach.indicators.lists import read_list
from lamsach.indicators.values import refusals
from lamsach.model import Indicator, Refusal

MD5 = "5f4dcc3b5aa765d61d8327deb882cf98"
WORDS = "The loader asks its server every minute and keeps what it gets in memory alone."


def _page(number: int, *lines: str) -> str:
    more = ["It was first seen in spring and has not changed much ever since then."] * 3
    body = [WORDS, *more, "", *lines]
    return "\n".join(["Report on a loader", "", *body, "", f"Maker {number}", "", "www.maker-of-it.com", ""])


def read(tmp_path: Path, text: str) -> tuple[list[tuple[str, int | None, int | None]], dict[str, str]]:
    """Return values with page and row, and refused ones with the reason."""
    path = tmp_path / "report.txt"
    path.write_text(text, encoding="utf-8")
    accepted, refused = [], {}
    for item in read_list(str(path), lambda problem: None):
        if isinstance(item, Indicator):
            assert item.reference is not None
            accepted.append((item.value, item.reference.page, item.reference.row))
        else:
            assert isinstance(item, Refusal)
            refused[item.value] = item.reason
    return accepted, refused


def test_headers_and_footers_list_nothing_and_values_have_their_page(tmp_path: Path) -> None:
    pages = [_page(1, "evil-a[.]xyz", f"MD5: {MD5}"), _page(2, "evil-b[.]xyz"), _page(3)]
    accepted, refused = read(tmp_path, "\f".join(pages))
    assert accepted == [("evil-a.xyz", 1, 8), (MD5, 1, 9), ("evil-b.xyz", 2, 8)]
    assert refused == {"www.maker-of-it.com": refusals.MARGIN}


def test_a_value_continues_on_the_next_line_or_page_but_not_over_a_blank_line(tmp_path: Path) -> None:
    long = "hxxp://evil-a[.]xyz/" + "a" * 50
    pages = [
        _page(1, f"{long}/", "gate.php?x=1", "", f"{long}/", "", "b/gate.php?x=1", "", f"c2: {MD5[:20]}"),
        "\n".join([MD5[20:], "", *_page(2).split("\n")]),
        _page(3),
    ]
    plain = long.replace("hxxp", "http").replace("[.]", ".")
    accepted, _ = read(tmp_path, "\f".join(pages))
    assert [value for value, *_ in accepted] == [f"{plain}/gate.php?x=1", plain, MD5]


def test_a_list_with_page_breaks_stays_a_list(tmp_path: Path) -> None:
    accepted, refused = read(tmp_path, "evil-a.xyz\nevil-b.xyz\n\fevil-c.xyz\nno value\n")
    assert [value for value, *_ in accepted] == ["evil-a.xyz", "evil-b.xyz", "evil-c.xyz"]
    assert list(refused) == ["no value"]


def test_many_empty_pages_are_read(tmp_path: Path) -> None:
    assert read(tmp_path, f"{WORDS}\n{WORDS}\n" + "\f" * 20_000) == ([], {})
    assert read(tmp_path, f"{WORDS}\n{WORDS}\n\f" + "x" * 200_000) == ([], {})
