"""STIX bundles against OASIS's validator: JSON schemas, further rules, pattern grammar.

`LAMSACH_STIX_VALIDATOR` names the validator's folder, see `stix_validator.txt`; without it these tests are
skipped.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from lamsach.indicators.writers import BY_NAME
from tests.programs import missing

from .long_lists import listed
from .sample import exported, text_of

FOLDER = os.environ.get("LAMSACH_STIX_VALIDATOR")
pytestmark = pytest.mark.programs
Errors = Callable[[dict[str, Any]], list[str]]


@pytest.fixture
def errors_of(monkeypatch: pytest.MonkeyPatch) -> Errors:
    """Return a function that lists the validator's errors about an object."""
    if FOLDER is None:
        missing("OASIS's validator of STIX")
    monkeypatch.syspath_prepend(FOLDER)
    monkeypatch.setitem(sys.modules, "cpe", ModuleType("cpe"))
    sys.modules["cpe"].CPE = None  # type: ignore[attr-defined]  # for names of software, which no list has
    validator = pytest.importorskip("stix2validator")
    options = validator.ValidationOptions(version="2.1")
    return lambda item: [str(error) for error in validator.validate_instance(item, options).errors]


def bundle(count: int) -> dict[str, Any]:
    """Return a bundle with so many names and as many addresses."""
    read: dict[str, Any] = json.loads(text_of(exported(BY_NAME["stix"], listed(count))))
    return read


@pytest.mark.parametrize("count", [250, pytest.param(50_000, marks=pytest.mark.soak)])
def test_every_object_is_valid(errors_of: Errors, count: int) -> None:
    objects = bundle(count)["objects"]
    assert sum(item["type"] == "indicator" for item in objects) > count
    assert [error for item in objects for error in errors_of(item)] == []


def test_the_bundle_is_valid_and_a_broken_one_is_not(errors_of: Errors) -> None:
    whole = bundle(20)
    assert errors_of(whole) == []
    indicator = next(item for item in whole["objects"] if item["type"] == "indicator")
    assert errors_of({**indicator, "pattern": "[domain-name:value = ]"})
    assert errors_of({key: value for key, value in indicator.items() if key != "valid_from"})
