"""The strip of days on a machine's page: kinds of days, and the period shown."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from lamsach.portal.cases.models import CaseState
from lamsach.portal.cases.proof import KINDS, MOST_DAYS, strip
from lamsach.portal.cases.verdict import Decision, Facts, Hit

TODAY = date(2026, 9, 30)
NOW = datetime(2026, 9, 30, 8, 0)


def day(back: int) -> date:
    return TODAY - timedelta(days=back)


def test_each_kind_of_day() -> None:
    hits = [Hit("x.example", "fw", day(back), NOW) for back in (5, 4)]
    found = strip(
        [Decision(NOW, day(3), CaseState.CLEANED)],
        Facts(hits, {"fw": frozenset({day(5), day(4), day(3), day(1)})}),
        {("fw", day(4))},
        TODAY,
    )
    assert found is not None
    assert [cell.kind for cell in found.rows[0].cells] == ["hit", "blocked", "covered", "missing", "covered"]
    assert found.rows[0].counts == [("hit", 1), ("blocked", 1), ("covered", 2), ("missing", 1)]
    assert (found.first, found.last, found.since, found.cleaned_x) == (day(5), day(1), None, 47)


def test_what_was_seen_long_ago_is_drawn_and_the_silence_since_is_stated() -> None:
    hits = [Hit("x.example", "fw", day(400), NOW)]
    found = strip(
        [Decision(NOW, TODAY, CaseState.NEW)], Facts(hits, {"fw": frozenset({day(395)})}), (), TODAY
    )
    assert found is not None
    assert (found.first, found.last, found.since) == (day(400), day(395), day(394))
    assert dict(found.rows[0].counts) == {"hit": 1, "blocked": 0, "covered": 1, "missing": 4}


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 300), st.booleans()), min_size=1, max_size=20),
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 300)), max_size=30),
)
def test_every_day_has_one_kind_and_the_newest_evidence_is_shown(
    seen: list[tuple[str, int, bool]], covered: list[tuple[str, int]]
) -> None:
    hits = [Hit("x.example", observer, day(back), NOW) for observer, back, _blocked in seen]
    days = {name: frozenset(day(back) for observer, back in covered if observer == name) for name in "ab"}
    blocked = {(observer, day(back)) for observer, back, is_blocked in seen if is_blocked}
    found = strip([Decision(NOW, TODAY, CaseState.NEW)], Facts(hits, days), blocked, TODAY)
    assert found is not None
    length = (found.last - found.first).days + 1
    assert 1 <= length <= MOST_DAYS
    for row in found.rows:
        assert [count for _kind, count in row.counts if count < 0] == []
        assert sum(count for _kind, count in row.counts) == length == len(row.cells)
        assert {cell.kind for cell in row.cells} <= set(KINDS)
        for cell in row.cells:
            hit = any((row.observer, cell.day) == (one.observer, one.day) for one in hits)
            assert hit is (cell.kind in ("hit", "blocked")), cell
            assert (cell.kind == "missing") is not (hit or cell.day in days[row.observer]), cell
    known = [one.day for one in hits] + [one for row in found.rows for one in days[row.observer]]
    assert found.last >= max(one.day for one in hits) or found.since is not None
    assert found.since is None or max(known) < found.since
