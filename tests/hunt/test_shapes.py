"""Sightings of a line alone are found in every shape in which the line may occur."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lamsach.hunt.matcher import Matcher
from lamsach.hunt.rules import Rules
from lamsach.hunt.run import HuntResult, hunt
from lamsach.hunt.sets.builder import Builder
from lamsach.hunt.sets.compiled import CompiledSet
from lamsach.model import Identity, Indicator, IndicatorType
from tests.logs.builders import logs

from .shapes import SHAPES, Planted, mixed, planted

SHAPES_OF_A_LINE = 6
"""Shapes of a line in the quick run; the long run has all."""


def kind_of(value: str) -> IndicatorType:
    if value.endswith(".example"):
        return IndicatorType.DOMAIN
    lengths = {32: IndicatorType.MD5, 40: IndicatorType.SHA1, 64: IndicatorType.SHA256}
    return IndicatorType.IP if "." in value or ":" in value else lengths[len(value)]


def compiled_of(items: Sequence[Planted]) -> CompiledSet:
    builder = Builder()
    for value in {item.value for item in items}:
        builder.add(Indicator(kind_of(value), value))
    return builder.compiled()


def hunted(compiled: CompiledSet, path: Path) -> HuntResult:
    found, _ = logs(path)
    rules = Rules(lambda _event: Identity(), lambda _event: None, ZoneInfo("Asia/Ho_Chi_Minh"))
    return hunt(compiled, found, Matcher(compiled), rules, threads=1)


def reported(result: HuntResult) -> set[str]:
    return {key.indicator for key in result.found}


def missed(compiled: CompiledSet, shape: str, items: Sequence[Planted], folder: Path) -> list[Planted]:
    """Return the items whose value is reported alone, but not in the shape.

    No value is lost without an account.
    """
    name, write = SHAPES[shape]
    path = folder / name
    path.write_bytes(write(items))
    result = hunted(compiled, path)
    aside = {place.indicator for place in result.account.places.values()}
    found = reported(result)
    lost = [item for item in items if item.value not in found]
    assert [
        item for item in lost if item.value not in aside and not alone_is_silent(compiled, item, folder)
    ] == []
    return [item for item in lost if reported_alone(compiled, item, folder)]


def alone(compiled: CompiledSet, item: Planted, folder: Path) -> HuntResult:
    path = folder / "alone.log"
    path.write_bytes(mixed([item]))
    return hunted(compiled, path)


def reported_alone(compiled: CompiledSet, item: Planted, folder: Path) -> bool:
    return item.value in reported(alone(compiled, item, folder))


def alone_is_silent(compiled: CompiledSet, item: Planted, folder: Path) -> bool:
    """Report whether no reader finds the value in the line alone: it was part of something longer."""
    result = alone(compiled, item, folder)
    return result.account.seen == 0


@pytest.fixture(scope="module")
def items() -> list[Planted]:
    return planted()


@pytest.fixture(scope="module")
def compiled(items: list[Planted]) -> CompiledSet:
    return compiled_of(items)


@pytest.mark.parametrize("shape", SHAPES)
def test_nothing_is_missing_in_a_shape(
    shape: str, items: list[Planted], compiled: CompiledSet, tmp_path: Path
) -> None:
    place = list(SHAPES).index(shape)
    part = [
        item
        for n, item in enumerate(items)
        if (n + place) * SHAPES_OF_A_LINE % len(SHAPES) < SHAPES_OF_A_LINE
    ]
    assert len(part) > 500
    assert missed(compiled, shape, part, tmp_path) == []


@pytest.mark.soak
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(4))
def test_every_line_in_every_shape(shape: str, seed: int, tmp_path: Path) -> None:
    every = planted(seed)
    compiled = compiled_of(every)
    assert missed(compiled, shape, every, tmp_path) == []


@pytest.mark.soak
def test_every_line_alone_is_accounted_for(
    items: list[Planted], compiled: CompiledSet, tmp_path: Path
) -> None:
    for item in items:
        result = alone(compiled, item, tmp_path)
        assert result.account.seen, item


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 1 << 32), shape=st.sampled_from(sorted(SHAPES)))
def test_a_few_lines_in_any_shape(
    seed: int, shape: str, items: list[Planted], compiled: CompiledSet, tmp_path: Path
) -> None:
    """Few lines make a different file than many: any of them may determine its format."""
    rng = random.Random(seed)
    assert missed(compiled, shape, rng.sample(items, rng.randrange(1, 4)), tmp_path) == []
