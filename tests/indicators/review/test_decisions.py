"""Decisions: accept, narrow, except; dangerous values need one to be released."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.catalogue_vi import VIETNAMESE
from lamsach.errors import InputError, LamsachError, UnreadableError, UsageError
from lamsach.indicators.review import decisions
from lamsach.indicators.review.decisions import EXCEPTED, NARROWED, Decisions, accept_values, read_decisions
from lamsach.indicators.review.examination import Judged, judge_values
from lamsach.indicators.review.examiner import Examiner
from lamsach.indicators.review.facts import Kind, own_facts
from lamsach.indicators.review.knowledge import Knowledge, Own
from lamsach.model import Indicator, IndicatorType, Problem, Reference

T = IndicatorType
KNOWN = Knowledge(own_facts())
NOW = datetime(2026, 3, 1, tzinfo=UTC)
HEAD = "value,decision,to,until,reason\n"


def written(folder: Path, text: str) -> Decisions:
    path = folder / "decisions.csv"
    path.write_bytes(text.encode())
    return read_decisions(path)


def test_decisions_on_values(tmp_path: Path) -> None:
    known = written(
        tmp_path,
        HEAD + "keep[.]example,accept,,,looked at\n"
        "drive.example,narrow,https://drive.example/a hxxps://drive.example/b,,shared\n"
        "cdn.example,exception,,2026-03-01,ours\n"
        "203.0.113.0/24,exception,,31/12/2026,ours\n"
        "old.example,exception,,2026-02-28,was ours\n",
    )
    assert len(known) == 5
    items = [
        Indicator(T.DOMAIN, "keep.example"),
        Indicator(T.DOMAIN, "drive.example", "Mozi", reference=Reference("a.txt", None, 2)),
        Indicator(T.DOMAIN, "deep.cdn.example"),
        Indicator(T.URL, "http://cdn.example/x"),
        Indicator(T.IP, "203.0.113.9"),
        Indicator(T.DOMAIN, "old.example"),
        Indicator(T.DOMAIN, "other.example"),
    ]
    found = judged_by(known, items)
    assert [(item.item.type, item.item.value, item.left_out) for item in found] == [
        (T.DOMAIN, "keep.example", None),
        (T.DOMAIN, "drive.example", NARROWED),
        (T.URL, "https://drive.example/a", None),
        (T.URL, "https://drive.example/b", None),
        (T.DOMAIN, "deep.cdn.example", EXCEPTED),
        (T.URL, "http://cdn.example/x", EXCEPTED),
        (T.IP, "203.0.113.9", EXCEPTED),
        (T.DOMAIN, "old.example", None),
        (T.DOMAIN, "other.example", None),
    ]
    assert not any(item.withheld or item.accepted for item in found)
    narrowed = next(item.item for item in found if item.item.type is T.URL)
    assert (narrowed.threat, narrowed.reference) == ("Mozi", Reference("a.txt", None, 2))


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffvalue;decision;to;until;reason\ncdn.example;exception;;2026-12-31;ours\n",
        "Value,Decision,Reason,Until,rank\r\ncdn.example,Exception,ours,2026-12-31,doubtful\r\n\r\n",
    ],
)
def test_spreadsheets_write_csv_in_several_ways(text: str, tmp_path: Path) -> None:
    assert len(written(tmp_path, text)) == 1


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("a.example,maybe,,,why", "The decision is not known."),
        ("a.example,accept,,,", "The decision states no reason."),
        ("a.example,exception,,,why", "The exception states no end."),
        ("a.example,exception,,soon,why", "The day in the column until cannot be read."),
        ("a.example,exception,,2026-02-30,why", "The day in the column until cannot be read."),
        ("not a value,accept,,,why", "The decision is about no value."),
        ("a.example,narrow,,,why", "The decision to narrow states no narrower value."),
        (
            "a.example,narrow,http://b.example/x,,why",
            "What is to be narrowed does not hold the narrower value.",
        ),
        ("a.example,narrow,a.example,,why", "What is to be narrowed does not hold the narrower value."),
        ("x.a.example,narrow,a.example,,why", "What is to be narrowed does not hold the narrower value."),
    ],
)
def test_a_mistake_is_reported_with_its_row(row: str, what: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        written(tmp_path, HEAD + "good.example,accept,,,fine\n" + row + "\n")
    assert caught.value.what == what
    assert caught.value.where.endswith("decisions.csv:3")


def test_files_that_hold_no_decisions(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError):
        read_decisions(tmp_path / "none.csv")
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UnreadableError):
        read_decisions(tmp_path / "b.csv")
    with pytest.raises(InputError, match="lacks its columns"):
        written(tmp_path, "a,b\n1,2\n")


@given(st.text(max_size=200))
@settings(max_examples=60, deadline=None)
def test_hostile_files_end_with_a_clear_error(text: str) -> None:
    import tempfile

    problems = []
    with tempfile.TemporaryDirectory() as folder:
        for head in ("", HEAD):
            try:
                written(Path(folder), head + text.encode("utf-8", "replace").decode())
            except LamsachError as error:
                problems.append(error.what)
    assert set(problems) <= set(VIETNAMESE)


def judged_by(known: Decisions, items: list[Indicator], own: Own | None = None) -> list[Judged]:
    return list(judge_values(items, known, Examiner(own or Own(), KNOWN), NOW))


def test_a_dangerous_value_is_released_only_by_a_decision(tmp_path: Path) -> None:
    own = Own.read(["198.51.100.0/24", "unit.example"])
    known = written(
        tmp_path,
        HEAD
        + "b.gov.vn,exception,,2027-01-01,ours\na.gov.vn,accept,,,order 12\nbot-c2.xyz,accept,,,looked at\n"
        "google.com,accept,,2026-02-28,over\ndrive.google.com,narrow,https://drive.google.com/x,,shared\n",
    )
    names = (
        "a.gov.vn",
        "b.gov.vn",
        "c.gov.vn",
        "bot-c2.xyz",
        "google.com",
        "x.unit.example",
        "bot.duckdns.org",
    )
    found = judged_by(known, [Indicator(T.DOMAIN, name) for name in (*names, "drive.google.com")], own)
    assert [item.item.value for item in found if item.is_released] == [
        "a.gov.vn",
        "bot-c2.xyz",
        "bot.duckdns.org",
        "https://drive.google.com/x",
    ]
    assert {item.item.value: item.withheld.kind for item in found if item.withheld} == {
        "c.gov.vn": Kind.GOVERNMENT,
        "google.com": Kind.TOP_SITE,
        "x.unit.example": Kind.OWN,
    }
    assert {item.item.value: item.left_out for item in found if item.left_out} == {
        "b.gov.vn": EXCEPTED,
        "drive.google.com": NARROWED,
    }
    assert {item.item.value: item.accepted.reason for item in found if item.accepted} == {
        "a.gov.vn": "order 12"
    }


def test_values_are_accepted_without_a_file(tmp_path: Path) -> None:
    filed = written(
        tmp_path, HEAD + "google.com,exception,,2027-01-01,ours\nkeep.example,accept,,,looked at\n"
    )
    both = filed | accept_values(["hxxp://google[.]com", "google.com", "8.8.8.8"], "order 12", "--include")
    found = judged_by(
        both,
        [
            Indicator(T.DOMAIN, "google.com"),
            Indicator(T.URL, "http://google.com"),
            Indicator(T.IP, "8.8.8.8"),
        ],
    )
    assert [item.accepted.reason for item in found if item.accepted] == ["order 12"] * 3
    assert both.on(Indicator(T.DOMAIN, "keep.example"), NOW) is not None
    with pytest.raises(UsageError):
        accept_values(["google.com"], " x ", "--include")
    with pytest.raises(UsageError):
        accept_values(["not a value"], "order 12", "--include")


def test_own_addresses_must_be_valid() -> None:
    problems: list[Problem] = []
    own = Own.read(["198.51.100.0/24", "my network", "unit.example.", "localhost"], problems.append)
    assert [problem.where for problem in problems] == ["my network", "localhost"]
    assert own.names == {"unit.example"}


def test_every_sentence_has_its_vietnamese() -> None:
    assert not [text for text in (decisions.EXCEPTED, decisions.NARROWED) if text not in VIETNAMESE]
