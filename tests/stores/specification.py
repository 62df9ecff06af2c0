"""Validation of requests to the stand-in and its answers against Elasticsearch's specification.

`elasticsearch_schema.json` is made from the specification by `scripts/elasticsearch_schema.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

_SPECIFICATION = json.loads(Path(__file__).with_name("elasticsearch_schema.json").read_text(encoding="utf-8"))
_MAX_ELEMENTS = 20
"""Elements of a list that are checked: those of one list are of one kind."""


def check(method: str, path: str, request: Any, answer: Any) -> None:
    """Raise AssertionError where an exchange is not as specified; `answer`: None for a refusal."""
    where, _, query = path.partition("?")
    name, endpoint = next(
        (name, entry)
        for name, entry in _SPECIFICATION["endpoints"].items()
        for pattern, methods in entry["paths"]
        if method in methods and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", pattern), where)
    )
    parameters = {part.partition("=")[0] for part in query.split("&") if part}
    assert parameters <= set(endpoint["parameters"]), f"{name}: {parameters}"
    for side, value in (("request", request), ("response", answer)):
        if value is not None and (wrong := best_match(_validator(name, side).iter_errors(_shortened(value)))):
            raise AssertionError(f"{name}, {side}: {wrong.json_path}: {wrong.message[:500]}")


@lru_cache
def _validator(name: str, side: str) -> Draft202012Validator:
    return Draft202012Validator({**_SPECIFICATION["endpoints"][name][side], "$defs": _SPECIFICATION["$defs"]})


def _shortened(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _shortened(item) for name, item in value.items()}
    return [_shortened(item) for item in value[:_MAX_ELEMENTS]] if isinstance(value, list) else value
