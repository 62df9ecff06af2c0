"""`lamsach indicators check`: which list, document, page and row names a value, and what excepts it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lamsach.cli.console import problem_line, tell, translate
from lamsach.cli.indicators_shared import At, DecisionFile, decisions_of, moment
from lamsach.errors import ExitStatus, InputError
from lamsach.indicators.addresses import host_address
from lamsach.indicators.exceptions import ExceptionSet, covering
from lamsach.indicators.normalise import Value, canonical_values
from lamsach.indicators.opening import expand
from lamsach.indicators.refusals import Refused
from lamsach.indicators.urls import split_url
from lamsach.indicators.writing import as_mapping
from lamsach.model import Indicator, IndicatorType, Problem, Reference

if TYPE_CHECKING:
    from lamsach.hunt.compiled import CompiledSet


def check(
    value: Annotated[
        str, typer.Argument(metavar="VALUE", help="An address, network, name, URL or hash, defanged or not.")
    ],
    lists: Annotated[
        list[str], typer.Option("-i", "--indicators", metavar="LIST", help="A list; may be repeated.")
    ],
    exceptions: Annotated[
        list[str] | None, typer.Option("--exceptions", metavar="FILE", help="Values that do not count.")
    ] = None,
    decisions: DecisionFile = None,
    at: At = None,
) -> None:
    """Tell whether lists cover a value: itself, a parent domain, a network around it, or a URL on its host.

    Example: lamsach indicators check www.evil.example -i annex.xlsx
    """
    try:
        values = canonical_values(value)
    except Refused as refused:
        record = {"value": refused.value or value, "reason": refused.reason}
        print(json.dumps(record, ensure_ascii=False), file=sys.stderr)
        raise typer.Exit(ExitStatus.USAGE) from None
    now = moment(at)
    decided = decisions_of(decisions)
    problems: list[Problem] = []
    excepted = ExceptionSet.read(expand(exceptions or []), problems.append)
    found = _found(lists, values, problems)
    place = next((place for kind, text in values if (place := excepted.covers(kind, text)) is not None), None)
    for item in found:
        mapping = as_mapping(item)
        if item.valid_until is not None and item.valid_until <= now:
            mapping["over"] = True
        if place is not None:
            mapping["excepted"] = _place(place)
        elif (decision := decided.on(item, now)) is not None:
            mapping["decision"] = {
                "decision": decision.choice.value,
                "reason": decision.reason,
                **_place(decision.reference),
            }
        print(json.dumps(mapping, ensure_ascii=False))
    for problem in problems:
        tell(problem_line(problem))
    if not found:
        tell(translate()("No list names this value."))
        raise typer.Exit(ExitStatus.PARTIAL if problems else ExitStatus.NOTHING_FOUND)


def _place(place: Reference) -> dict[str, Any]:
    return {key: part for key, part in (("document", place.document), ("row", place.row)) if part is not None}


def _found(lists: list[str], values: tuple[Value, ...], problems: list[Problem]) -> list[Indicator]:
    """The indicators that cover any of the values, each once with every place that lists it."""
    from lamsach.hunt.lists import load_lists

    try:
        loaded = load_lists(lists)
    except InputError as error:
        problems.append(Problem(error.where, error.what, error.todo))
        return []
    problems.extend(loaded.problems)
    found: dict[Value, Indicator] = {}
    for kind, text in values:
        for item in _covering(loaded.compiled, kind, text):
            found.setdefault((item.type, item.value), item)
    return list(found.values())


def _covering(compiled: CompiledSet, kind: IndicatorType, text: str) -> Iterator[Indicator]:
    """The listed values that cover one, the nearest first."""
    wanted = list(covering(kind, text))
    listed: dict[Value, Indicator] = {}
    for place in _places(kind, text):
        for item in (*compiled.by_names([place]), *compiled.by_address(place), *compiled.by_digest(place)):
            listed[item.type, item.value] = item
    for key in wanted:
        if key in listed:
            yield listed[key]


def _places(kind: IndicatorType, text: str) -> Iterator[str]:
    """The names, addresses and hashes under which what covers a value is kept."""
    if kind is IndicatorType.URL:
        host = split_url(text)[1]
        bare = host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
        address = host_address(bare)
        kind, text = (IndicatorType.DOMAIN, bare) if address is None else (IndicatorType.IP, str(address))
    if kind is IndicatorType.DOMAIN:
        while text:
            yield text
            text = text.partition(".")[2]
    elif kind is IndicatorType.NETWORK:
        yield text.partition("/")[0]
    else:
        yield text
