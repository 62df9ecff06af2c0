from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamsach.documents.html import SafeParser
from lamsach.indicators.lists import read_list
from lamsach.model import Indicator


class Words(SafeParser):
    """Collector of texts that counts the library's tag starts."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.begun = 0

    def handle_data(self, data: str) -> None:
        self.said.append(data)

    def parse_starttag(self, i: int) -> int:
        self.begun += 1
        return super().parse_starttag(i)


def words(page: str) -> str:
    reader = Words()
    reader.read(page)
    return "".join(reader.said)


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("one &amp; two", "one & two"),
        ("one &am", "one &am"),
        ("<p>one</p> two", "one two"),
        ("one < two", "one < two"),
        ("one <", "one <"),
        ("one <a", "one <a"),
        ("one <a two > three", "one  three"),
        ("one <a x='two> three</a> four", "one <a x='two> three four"),
        ("one <!-- two <p>three", "one <!-- two <p>three"),
        ("one <![ two <p>three", "one three"),
        ("one <![ two", "one <![ two"),
        ("<![if !lists]>one<![endif]>", "one"),
        ("one <![CDATA[two]]> three", "one  three"),
        ("one <? two", "one <? two"),
        ("one </p", "one </p"),
        ("<script>1 < 2 </p> 3", "1 < 2 </p> 3"),
    ],
)
def test_words_of_a_page(page: str, text: str) -> None:
    assert words(page) == text


@pytest.mark.parametrize(
    "broken", ["<a ", "<a x='", '<a x=">"', "<a\n", "<!-- <a", "<![ <a", "<? <a", "</ <a"]
)
def test_unclosed_marks_are_parsed_in_linear_time(broken: str) -> None:
    reader = Words()
    reader.read("one " + broken * 1000 + " two")
    assert reader.begun <= 20
    text = "".join(reader.said)
    assert text.startswith("one ")
    assert text.endswith(" two")


@given(
    st.lists(
        st.sampled_from(
            ["<", ">", "a", "!", "[", "]", "-", "--", "/", "'", '"', "=", " ", "?", "script", "&", "x"]
        )
    )
)
def test_no_page_breaks_the_reader(parts: list[str]) -> None:
    words("".join(parts))


def test_a_list_continues_after_a_section_without_a_name(tmp_path: Path) -> None:
    path = tmp_path / "list.html"
    path.write_text(
        "<html><body><p>hxxp://evil.example.org/a</p><![ x ><p>hxxp://evil.example.net/b</p>"
        "<p title='x>hxxp://evil.example.com/c</p>"
    )
    found = [item.value for item in read_list(str(path), lambda problem: None) if isinstance(item, Indicator)]
    assert found == ["http://evil.example.org/a", "http://evil.example.net/b", "http://evil.example.com/c"]
