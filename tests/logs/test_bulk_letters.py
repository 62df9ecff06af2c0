"""What columns are told from their bytes is what the functions for single values say."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.columns import internal
from lamsach.logs.bulk.letters import DIGITS, PRINTABLE, check_made_of, made_of
from lamsach.logs.direction import is_internal
from lamsach.logs.event_tables import may_be_empty


@pytest.mark.parametrize(
    ("texts", "letters", "told"),
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
def test_what_texts_are_made_of(texts: list[str | None], letters: bytes, told: bool) -> None:
    beside = pa.array(["x y", *texts, "é"], pa.string())
    for column in (pa.array(texts, pa.string()), beside.slice(1, len(texts))):
        assert made_of(column, letters, 1, 5) is told


def test_an_absent_text_is_refused_where_each_has_to_be_there() -> None:
    check_made_of(pa.array(["1", "2"]), DIGITS, 1, 5)
    with pytest.raises(Unusual):
        check_made_of(pa.array(["1", None]), DIGITS, 1, 5)


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
def test_internal_addresses(addresses: list[str | None]) -> None:
    expected = [None if address is None else is_internal(address) for address in addresses]
    assert internal(pa.array(addresses, pa.string())).to_pylist() == expected


@pytest.mark.parametrize(
    ("texts", "told"),
    [(["a", "b"], False), (["a", ""], True), ([""], True), ([None, None], False), ([], False)],
)
def test_whether_a_text_may_be_empty(texts: list[str | None], told: bool) -> None:
    assert may_be_empty(pa.array(texts, pa.string())) is told
