"""Values of a line without a format: the fast path for ASCII finds the same as that for any text."""

from __future__ import annotations

from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.hunt import tokens as module
from lamsach.hunt.tokens import tokens
from lamsach.model.indicator_types import TokenKind

DIGEST = "0123456789abcdefABCDEF0123456789"
WORDS = st.sampled_from(
    [
        "www.evil.example", "a.b", ".", "..", ".evil.example.", "203.0.113.9", "203.0.113.9:443",
        "2001:db8::1", "x" * 300 + ".example", "(4)evil(7)example(0)", DIGEST, DIGEST + "01234567",
        DIGEST * 2, "g" + DIGEST, "-" + DIGEST, "sha=" + DIGEST, "%2e", "\\x2e", "ftp://a_b.example/c?d=e.f",
        "[x.y]", "\x1f", "\x7f", "\t", "k=v", "1.2.3", "a..b",
    ]
)  # fmt: skip
LINES = st.lists(st.one_of(WORDS, st.text(st.characters(max_codepoint=127), max_size=8)), max_size=8)


class _NeverAscii(str):
    """A text that is not known to be ASCII."""

    def isascii(self) -> bool:
        return False


@given(LINES, st.sampled_from(["", " ", ",", '"']))
@settings(max_examples=500, deadline=None)
def test_both_ways_find_the_same(words: list[str], between: str) -> None:
    line = between.join(words)
    with mock.patch.object(module, "unescaped", lambda text: text):
        assert list(tokens(line)) == list(tokens(_NeverAscii(line)))


def test_each_kind_is_found() -> None:
    line = f"203.0.113.9 2001:DB8::1 www.Evil.example (4)evil(3)org(0) {DIGEST}"
    found = [(token.kind, token.value) for token in tokens(line)]
    assert found == [
        (TokenKind.ADDRESS, "203.0.113.9"),
        (TokenKind.ADDRESS, "2001:db8::1"),
        (TokenKind.NAME, "www.evil.example"),
        (TokenKind.NAME, "evil.org"),
        (TokenKind.DIGEST, DIGEST.lower()),
    ]


def test_an_address_s_position_is_returned() -> None:
    assert [token.place for token in tokens("x 203.0.113.9 y 198.51.100.7")] == [2, 16]
