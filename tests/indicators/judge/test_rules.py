"""Rules of judgement: the examples of each, and the order within a priority, which does not matter."""

from __future__ import annotations

import random
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.indicators.judge import loop, verdicts
from lamsach.indicators.judge.explanation import Explained, explanations
from lamsach.indicators.judge.loop import RULES, index
from lamsach.indicators.judge.mentions import Prose
from lamsach.indicators.judge.rule import Rule, Scope
from lamsach.indicators.values import refusals
from lamsach.indicators.values.refusals import Refused
from lamsach.model import Indicator
from tests.rows import each_row

RUNNING = (Scope.WORD, Scope.PATH, Scope.LINE, Scope.WRITTEN)
LETTER = (
    "From: a@unit.example\nSubject: x\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
    "Content-Transfer-Encoding: 8bit\n\n"
)
EXAMPLES = [(rule, text) for rule in RULES for text in (*rule.accepted, *rule.refused)]
LINES = sorted({line for rule, text in EXAMPLES if rule.scope in RUNNING for line in text.split("\n")})


def read(rule: Rule, text: str, folder: Path) -> list[Explained]:
    """Read a list, or the body of a letter for rules of running text."""
    path = folder / "example"
    letter = rule.scope in RUNNING and "\f" not in text
    path.write_text(f"{LETTER if letter else ''}{text}\n", encoding="utf-8")
    problems: list[object] = []
    found = [item for item in explanations(str(path), problems.append) if item.entry.type is not None]
    assert not problems
    return found


@each_row("example", EXAMPLES, lambda example: f"{example[0].id}: {example[1]!r}")
def test_each_rule_decides_its_examples(example: tuple[Rule, str], tmp_path: Path) -> None:
    rule, text = example
    *_, last = read(rule, text, tmp_path)
    if text in rule.accepted:
        assert isinstance(last.entry, Indicator), last
    else:
        assert last.rule == rule.id, last
        assert rule.id in last.fired
        assert not isinstance(last.entry, Indicator)
        assert last.entry.reason == rule.reason


def test_each_rule_has_a_name_and_examples_of_its_own() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    reasons = {text for name, text in vars(refusals).items() if name.isupper()}
    for rule in RULES:
        assert rule.id.isidentifier(), rule.id
        assert rule.refused or not rule.reason, rule.id
        assert rule.accepted or rule.scope in (Scope.CELL, Scope.KEY, Scope.ROW, Scope.UNLISTED), rule.id
        assert not rule.reason or rule.reason in reasons, rule.id
        assert not set(rule.accepted) & set(rule.refused), rule.id


def judge(lines: list[str], *, advisory: bool, defangs: bool) -> list[object]:
    """Judge a text's lines, value by value."""
    verdicts.statement_rule.cache_clear()
    prose = Prose(advisory=advisory, defangs=defangs)
    return [
        (item.value, item.type, item.reason) if isinstance(item, Refused) else item
        for line in lines
        for item in prose.line(line)
    ]


def mixed() -> st.SearchStrategy[str]:
    """Return a line of an example, or two run together, so that several subjects' rules fire on one value."""
    line = st.sampled_from(LINES)
    return st.one_of(line, st.builds("{} {}".format, line, line), st.builds("{}{}".format, line, line))


@given(
    st.lists(mixed(), min_size=1, max_size=25),
    st.randoms(use_true_random=False),
    st.booleans(),
    st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_the_order_within_a_priority_does_not_matter(
    lines: list[str], chance: random.Random, advisory: bool, defangs: bool
) -> None:
    expected = judge(lines, advisory=advisory, defangs=defangs)
    shuffled = list(RULES)
    chance.shuffle(shuffled)
    before = loop._INDEX
    loop._INDEX = index(shuffled)
    try:
        assert judge(lines, advisory=advisory, defangs=defangs) == expected
    finally:
        loop._INDEX = before
        verdicts.statement_rule.cache_clear()


@each_row("rule", [rule for rule in RULES if rule.scope not in RUNNING], lambda rule: rule.id)
def test_the_order_does_not_matter_for_rows_and_records(rule: Rule, tmp_path: Path) -> None:
    before = loop._INDEX
    loop._INDEX = index(reversed(RULES))
    verdicts.statement_rule.cache_clear()
    try:
        for text in rule.refused:
            assert read(rule, text, tmp_path)[-1].rule == rule.id
    finally:
        loop._INDEX = before
        verdicts.statement_rule.cache_clear()
