"""Names of DNS queries: label lengths, escapes, and bytes that no host name has."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamsach.logs.text.dns_names import from_labels, from_presentation, question_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("WWW.Example.", "www.example"),
        (".", None),
        ("", None),
        (r"a\032b.example", r"a\032b.example"),
        (r"a\095b.example", "a_b.example"),
        (r"a\.b.example", r"a\.b.example"),
        (r"a\(b\).example", "a(b).example"),
        ("bücher.example", "xn--bcher-kva.example"),
    ],
)
def test_a_printed_name_becomes_a_domain(text, name):
    assert from_presentation(text) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("(3)www(7)example(0)", "www.example"),
        ("(0)", None),
        ("(3)www(7)exam", "www.exam"),
        ("[C00C](3)www[C010](7)example(0)", "www.example"),
        ("(9)www(7)example(0)", "www.example"),
        (".www.example.", "www.example"),
    ],
)
def test_labels_become_a_domain(text, name):
    assert from_labels(text) == name


@given(st.lists(st.from_regex(r"[a-z0-9()]{1,20}", fullmatch=True), min_size=1, max_size=5))
def test_label_lengths_separate_labels(labels):
    text = "".join(f"({len(label)}){label}" for label in labels) + "(0)"
    assert from_labels(text) == ".".join(labels)


@given(st.text(max_size=50))
def test_parents_of_an_odd_label_are_visible(label):
    name = question_name(f"x{label}.evil.example")
    assert name is not None
    assert name.endswith(".evil.example")
