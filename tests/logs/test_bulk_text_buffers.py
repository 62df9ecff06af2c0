"""Functions on column bytes equal those for single values."""

from __future__ import annotations

from ipaddress import IPv4Address

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lamsach.logs.bulk.columns import internal, trimmed
from lamsach.logs.bulk.text_buffers import (
    DIGITS,
    Unusual,
    all_ipv4,
    consists_of,
    offsets_of,
    partition,
    slice_until,
    split_once,
)
from lamsach.logs.events.ends import is_internal
from lamsach.logs.events.tables import may_be_empty
from lamsach.logs.opening.marks import marks_of

PRINTABLE = bytes(range(0x21, 0x7F))


@pytest.mark.parametrize(
    ("texts", "letters", "expected"),
    [
        (["1", "65535"], DIGITS, True),
        (["1", ""], DIGITS, False),
        (["1", "123456"], DIGITS, False),
        (["1", "6a"], DIGITS, False),
        (["1", "６"], DIGITS, False),
        (["1", None, "22"], DIGITS, True),
        ([None, None], DIGITS, True),
        ([], DIGITS, True),
        (["a.b", "~!"], PRINTABLE, True),
        (["a b"], PRINTABLE, False),
        (["a\x7f"], PRINTABLE, False),
    ],
)
def test_characters_of_texts(texts: list[str | None], letters: bytes, expected: bool) -> None:
    longer = pa.array(["x y", *texts, "é"], pa.string())
    for column in (pa.array(texts, pa.string()), longer.slice(1, len(texts))):
        assert consists_of(column, letters, 1, 5) is expected


_ADDRESSES = st.one_of(
    st.ip_addresses().map(str),
    st.builds(
        "{}.{}.0.1".format,
        st.sampled_from([10, 100, 127, 169, 172, 192, 11]),
        st.one_of(st.sampled_from([15, 16, 31, 32, 63, 64, 127, 128, 168, 254]), st.integers(0, 255)),
    ),
    st.none(),
)


@given(st.lists(_ADDRESSES, max_size=20))
def test_internal_addresses_of_a_column(addresses: list[str | None]) -> None:
    expected = [None if address is None else is_internal(address) for address in addresses]
    assert internal(pa.array(addresses, pa.string())).to_pylist() == expected


@pytest.mark.parametrize(
    ("texts", "expected"),
    [(["a", "b"], False), (["a", ""], True), ([""], True), ([None, None], False), ([], False)],
)
def test_possibly_empty_texts(texts: list[str | None], expected: bool) -> None:
    assert may_be_empty(pa.array(texts, pa.string())) is expected


_NEARLY = st.one_of(
    st.ip_addresses(v=4).map(str),
    st.builds("{}.{}.{}.{}".format,
        *[st.sampled_from(["0", "00", "01", "9", "99", "199", "249", "255", "256", "260", "300", "1000", "",
            "a"])] * 4),
    st.sampled_from(["1.2.3", "1.2.3.4.5", "1.2.3.4.", ".1.2.3.4", "1..2.3", "10.1.1.5 ", "٣.1.1.1", ""]),
)  # fmt: skip


def _is_ipv4(text: str) -> bool:
    try:
        return str(IPv4Address(text)) == text
    except ValueError:
        return False


@given(st.lists(_NEARLY, min_size=1, max_size=3))
@example(["1.2.3", "4.5.6.7.8"])
@example(["255.255.255.255", "0.0.0.0"])
@example(["255.255.255.256"])
def test_column_of_canonical_addresses(texts: list[str]) -> None:
    column = pa.array(["9.9", *texts, "9.9"]).slice(1, len(texts))
    assert all_ipv4(column) is all(map(_is_ipv4, texts))
    assert not all_ipv4(pa.array([*texts, None], pa.string()))


_MARKED = st.text(alphabet="ab:/é->", max_size=9)


@given(st.lists(_MARKED, min_size=1, max_size=9), st.sampled_from([":", "/", "->", "b"]))
def test_split_at_a_mark(texts: list[str], mark: str) -> None:
    column = pa.array([mark, *texts, mark]).slice(1, len(texts))
    if all(mark in text for text in texts):
        found = [half.to_pylist() for half in split_once(column, mark)]
        assert found == [[text.partition(mark)[at] for text in texts] for at in (0, 2)]
    else:
        with pytest.raises(Unusual):
            split_once(column, mark)


@given(st.lists(_MARKED, min_size=1, max_size=9), st.integers(0, 3))
def test_slice_until_a_mark(texts: list[str], start: int) -> None:
    rests = [text.encode()[start:] for text in texts]
    column = pa.array(["/", *texts, "/"]).slice(1, len(texts))
    sizes = np.array([min(start, len(text.encode())) for text in texts])
    found, in_all = slice_until(column, offsets_of(column)[:-1] + sizes, "/")
    assert found.cast(pa.binary()).to_pylist() == [rest.partition(b"/")[0] for rest in rests]
    assert in_all == all(b"/" in rest for rest in rests)
    halved = [half.to_pylist() for half in partition(column, "/")]
    assert halved == [[text.partition("/")[at] for text in texts] for at in (0, 2)]


@pytest.mark.parametrize(
    "texts", [["a", "b c"], [" a", "b"], ["a", "b\t"], ["\u00a0a"], ["é "], ["", None, "a"], []]
)
def test_white_space_around_texts(texts: list[str | None]) -> None:
    stripped = [None if text is None else text.strip() for text in texts]
    assert trimmed(pa.array(texts, pa.string())).to_pylist() == stripped


@given(st.text(alphabet="ab", max_size=400), st.integers(1, 3))
def test_count_and_position_of_marks(text: str, size: int) -> None:
    data = text.encode()
    marks = marks_of(np.frombuffer(data, np.uint8), b"aba"[:size], tuple(range(size)))
    places = [at for at in range(len(text)) if text.startswith("aba"[:size], at)]
    assert (marks.total, marks.places.tolist()) == (len(places), places)
    assert marks.nth(np.arange(len(places))).tolist() == places
    everywhere = np.arange(len(data) + 1)
    assert marks.before(everywhere).tolist() == [sum(place < at for place in places) for at in everywhere]
