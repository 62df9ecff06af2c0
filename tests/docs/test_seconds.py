"""Order of the tests by their durations."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.seconds import LONG_TEST_S, ordered

FILES = "abcdefgh"


def parts(order: list[int], workers: int) -> list[list[int]]:
    """Split as pytest-xdist's work stealing begins: each process takes an equal part of the rest."""
    result = []
    for number in range(workers):
        size = len(order) // (workers - number)
        result.append(order[:size])
        order = order[size:]
    return result


def test_each_part_begins_with_its_share_of_what_is_long() -> None:
    paths = [name for name in FILES for _ in range(4)]
    table = {
        name: (4 * longest, longest) for name, longest in zip(FILES, (1, 50, 1, 40, 1, 9, 1, 30), strict=True)
    }
    paths_by_part = [[paths[number] for number in part] for part in parts(ordered(paths, table, 3), 3)]
    assert paths_by_part == [
        [*"bbbb", *"aaaa", *"cc"],
        [*"dddd", *"cc", *"eeee", "g"],
        [*"hhhh", *"ffff", *"ggg"],
    ]


@given(
    st.lists(st.sampled_from(FILES), max_size=60),
    st.dictionaries(st.sampled_from(FILES), st.floats(0, 200).map(lambda longest: (longest * 2, longest))),
    st.integers(1, 5),
)
def test_no_test_is_lost_and_what_is_long_comes_first_in_its_part(
    paths: list[str], table: dict[str, tuple[float, float]], workers: int
) -> None:
    order = ordered(paths, table, workers)
    assert sorted(order) == list(range(len(paths)))
    lengths = [table.get(paths[number], (0.0, 0.0))[1] for number in order]
    rest = [number for number, longest in zip(order, lengths, strict=True) if longest < LONG_TEST_S]
    assert rest == sorted(rest)
