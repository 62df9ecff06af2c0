"""Decisions: accept, narrow, except; and what is never blocked whatever was decided."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.catalogue_vi import VIETNAMESE
from lamsach.errors import InputError, LamsachError, UnreadableError
from lamsach.indicators.review import decisions, guard
from lamsach.indicators.review.decisions import EXCEPTED, NARROWED, Decisions, read_decisions
from lamsach.indicators.review.guard import (
    GUARD_INTERNAL,
    GUARD_OWN,
    GUARD_STATE,
    GUARD_SUFFIX,
    GUARD_WIDE,
    Own,
    guarded,
)
from lamsach.indicators.review.releasing import passed
from lamsach.model import Indicator, IndicatorType, Problem, Reference

T = IndicatorType
NOW = datetime(2026, 3, 1, tzinfo=UTC)
HEAD = "value,decision,to,until,reason\n"


def written(folder: Path, text: str) -> Decisions:
    path = folder / "decisions.csv"
    path.write_bytes(text.encode())
    return read_decisions(path)


def test_what_becomes_of_values(tmp_path: Path) -> None:
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
    assert [(item.type, item.value, reason) for item, reason in known.apply(items, NOW)] == [
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
    narrowed = next(item for item, _ in known.apply(items, NOW) if item.type is T.URL)
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
def test_a_mistake_is_named_with_its_row(row: str, what: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        written(tmp_path, HEAD + "good.example,accept,,,fine\n" + row + "\n")
    assert caught.value.what == what
    assert caught.value.where.endswith("decisions.csv:3")


def test_a_file_that_is_none(tmp_path: Path) -> None:
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

    said = []
    with tempfile.TemporaryDirectory() as folder:
        for head in ("", HEAD):
            try:
                written(Path(folder), head + text.encode("utf-8", "replace").decode())
            except LamsachError as error:
                said.append(error.what)
    assert set(said) <= set(VIETNAMESE)


OWN = Own.read(["198.51.100.0/24", "unit.example", "*.branch.example"])


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        (T.DOMAIN, "gov.vn", GUARD_STATE),
        (T.DOMAIN, "a.b.gov.vn", GUARD_STATE),
        (T.DOMAIN, "mygov.vn", None),
        (T.DOMAIN, "gov.vn.evil.top", None),
        (T.DOMAIN, "vn", GUARD_SUFFIX),
        (T.DOMAIN, "com.vn", GUARD_SUFFIX),
        (T.DOMAIN, "bot.com.vn", None),
        (T.DOMAIN, "printer.local", GUARD_INTERNAL),
        (T.DOMAIN, "unit.example", GUARD_OWN),
        (T.DOMAIN, "x.branch.example", GUARD_OWN),
        (T.DOMAIN, "example", GUARD_OWN),
        (T.URL, "http://tinh.gov.vn", GUARD_STATE),
        (T.URL, "http://tinh.gov.vn/", GUARD_STATE),
        (T.URL, "http://tinh.gov.vn/upload/x.exe", None),
        (T.URL, "http://unit.example/x", GUARD_OWN),
        (T.URL, "http://10.0.0.1/x", GUARD_INTERNAL),
        (T.URL, "http://198.51.100.3:81/x", GUARD_OWN),
        (T.URL, "http://bot-c2.xyz", None),
        (T.IP, "198.51.100.9", GUARD_OWN),
        (T.IP, "10.0.0.1", GUARD_INTERNAL),
        (T.IP, "fe80::1", GUARD_INTERNAL),
        (T.IP, "203.0.113.9", None),
        (T.NETWORK, "198.51.0.0/16", GUARD_OWN),
        (T.NETWORK, "45.0.0.0/8", GUARD_WIDE),
        (T.NETWORK, "45.0.0.0/9", None),
        (T.NETWORK, "0.0.0.0/0", GUARD_OWN),
        (T.NETWORK, "::/0", GUARD_INTERNAL),
        (T.MD5, "0" * 32, None),
    ],
)
def test_what_is_never_blocked(kind: IndicatorType, value: str, reason: str | None) -> None:
    assert guarded(Indicator(kind, value), OWN) == reason


def test_force_lets_guarded_values_pass_but_not_excepted_ones(tmp_path: Path) -> None:
    known = written(tmp_path, HEAD + "b.gov.vn,exception,,2027-01-01,ours\na.gov.vn,accept,,,looked at\n")
    items = [Indicator(T.DOMAIN, name) for name in ("a.gov.vn", "b.gov.vn", "bot-c2.xyz")]
    held = passed(items, known, Own(), NOW)
    assert [item.value for item in held.items] == ["bot-c2.xyz"]
    assert [(item.value, reason) for item, reason in held.guarded] == [("a.gov.vn", GUARD_STATE)]
    forced = passed(items, known, Own(), NOW, force=True)
    assert [item.value for item in forced.items] == ["a.gov.vn", "bot-c2.xyz"]
    assert [item.value for item, _ in forced.forced] == ["a.gov.vn"]
    assert [(item.value, reason) for item, reason in forced.left_out] == [("b.gov.vn", EXCEPTED)]


def test_what_is_own_has_to_be_understood() -> None:
    problems: list[Problem] = []
    own = Own.read(["198.51.100.0/24", "my network", "unit.example.", "localhost"], problems.append)
    assert [problem.where for problem in problems] == ["my network", "localhost"]
    assert own.names == {"unit.example"}


def test_every_sentence_has_its_vietnamese() -> None:
    said = [value for name, value in vars(guard).items() if name.startswith("GUARD_")]
    assert len(said) == 5
    assert not [text for text in [*said, decisions.EXCEPTED, decisions.NARROWED] if text not in VIETNAMESE]
