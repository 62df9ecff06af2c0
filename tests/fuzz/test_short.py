"""Short slice of the fuzzing; the long one is `make fuzz`."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.fuzz.mutations import MOST, mutated
from tests.fuzz.run import fuzz, report

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs an alarm clock")


def test_no_input_crashes_a_reader(tmp_path: Path) -> None:
    result = fuzz(4000, 11, tmp_path)
    assert result.defects == [], "\n".join(report(result))
    assert min(result.outcomes.values()) > 1
    assert sum(result.inputs.values()) > 3900


def test_changes_are_many_and_bounded() -> None:
    rng = random.Random(1)
    made = {mutated(rng, b"date=2022-09-01 srcip=10.0.0.1", b"other") for _ in range(500)}
    assert len(made) > 400
    assert max(map(len, made)) <= MOST
