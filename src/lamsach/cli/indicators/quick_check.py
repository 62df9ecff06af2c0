"""Answer of `lamsach indicators check` without the command line's library, for frequent use by scripts."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lamsach.cli.console import emit, problem_line, translate
from lamsach.errors import ExitStatus, InputError
from lamsach.indicators.values.addresses import host_address
from lamsach.indicators.values.exceptions import ExceptionSet, covering
from lamsach.indicators.values.mappings import as_mapping
from lamsach.indicators.values.names import split_url
from lamsach.indicators.values.normalise import Value, canonical_values, stated_values
from lamsach.indicators.values.refusals import Refused
from lamsach.model import Indicator, IndicatorType, Problem, Reference

if TYPE_CHECKING:
    from lamsach.hunt.sets.compiled import CompiledSet
    from lamsach.hunt.sets.plain_set import PlainSet
    from lamsach.indicators.review.decisions import Decisions

_OPTIONS = ("-i", "--indicators")


def quick(words: Sequence[str]) -> int | None:
    """Run a plain `check VALUE -i LIST...` with compiled lists; return its status, None when unsuitable."""
    arguments = _value_and_lists(words)
    if arguments is None:
        return None
    from lamsach.hunt.sets.plain_set import plain_set

    value, lists = arguments
    compiled = plain_set(lists)
    return None if compiled is None else answer(value, lambda problems: compiled)


def _value_and_lists(words: Sequence[str]) -> tuple[str, list[str]] | None:
    """Parse the value and the lists; None for other words."""
    values, lists, rest = [], [], list(words)
    while rest:
        word = rest.pop(0)
        if word in _OPTIONS and rest and not rest[0].startswith("-"):
            lists.append(rest.pop(0))
        elif word.startswith("-"):
            return None
        else:
            values.append(word)
    return (values[0], lists) if len(values) == 1 and lists else None


def compiled_lists(lists: list[str], problems: list[Problem]) -> CompiledSet | PlainSet | None:
    """Return the compiled lists: from the cache without numpy and the kernel, or read now."""
    from lamsach.hunt.sets.plain_set import plain_set

    compiled = plain_set(lists)
    if compiled is not None:
        return compiled
    from lamsach.hunt.sets.lists import load_lists

    try:
        loaded = load_lists(lists)
    except InputError as error:
        problems.append(Problem(error.where, error.what, error.todo))
        return None
    problems.extend(loaded.problems)
    return loaded.compiled


def answer(
    value: str,
    listed: Callable[[list[Problem]], CompiledSet | PlainSet | None],
    *,
    excepted: ExceptionSet | None = None,
    decided: Decisions | None = None,
    now: datetime | None = None,
    problems: list[Problem] | None = None,
    as_json: bool = False,
) -> int:
    """Print coverage of a value, as a table or one JSON object a line; return the exit status."""
    terminal = sys.stdout.isatty() and not as_json
    values = stated_values(value)
    try:
        values += canonical_values(value)
    except Refused as refused:
        if not values:
            return _refused(value, refused, terminal=terminal)
    now = now or datetime.now(UTC)
    problems = [] if problems is None else problems
    found = _found(listed(problems), values)
    covers = (excepted.covers(kind, text) for kind, text in values) if excepted else ()
    place = next((where for where in covers if where is not None), None)
    rows = [(item, _verdict(item, place, decided, now)) for item in found]
    if terminal:
        from lamsach.cli.indicators.tables import show

        show(rows, len(rows))
    else:
        for item, mapping in rows:
            print(json.dumps(as_mapping(item) | mapping, ensure_ascii=False))
    for problem in problems:
        emit(problem_line(problem))
    if found:
        return ExitStatus.FOUND
    emit(translate()("No list names this value."))
    return ExitStatus.PARTIAL if problems else ExitStatus.NOTHING_FOUND


def _verdict(
    item: Indicator, excepted: Reference | None, decided: Decisions | None, now: datetime
) -> dict[str, Any]:
    """Return facts about a listed value in addition to its row: expired, excepted, decided."""
    known: dict[str, Any] = {}
    if item.valid_until is not None and item.valid_until <= now:
        known["over"] = True
    if excepted is not None:
        known["excepted"] = _place(excepted)
    elif decided is not None and (decision := decided.on(item, now)) is not None:
        place = _place(decision.reference)
        known["decision"] = {"decision": decision.choice.value, "reason": decision.reason, **place}
    return known


def _refused(value: str, refused: Refused, *, terminal: bool) -> int:
    """Report why a text is no value."""
    record = {"value": refused.value or value, "reason": refused.reason}
    emit(f"{value}: {translate()(refused.reason)}" if terminal else json.dumps(record, ensure_ascii=False))
    return ExitStatus.USAGE


def _place(place: Reference) -> dict[str, Any]:
    return {key: part for key, part in (("document", place.document), ("row", place.row)) if part is not None}


def _found(compiled: CompiledSet | PlainSet | None, values: tuple[Value, ...]) -> list[Indicator]:
    """Return the indicators that cover any of the values, each once with all its references."""
    found: dict[Value, Indicator] = {}
    if compiled is not None:
        for kind, text in values:
            for item in _covering(compiled, kind, text):
                found.setdefault((item.type, item.value), item)
    return list(found.values())


def _covering(compiled: CompiledSet | PlainSet, kind: IndicatorType, text: str) -> Iterator[Indicator]:
    """Yield the listed values that cover one, the nearest first."""
    wanted = list(covering(kind, text))
    listed: dict[Value, Indicator] = {}
    for place in _places(kind, text):
        under = (*compiled.by_names([place]), *compiled.by_address(place), *compiled.by_digest(place))
        for item in (*under, *compiled.by_mailbox(place.rpartition("@")[2]), *compiled.by_file_name(place)):
            listed[item.type, item.value] = item
    for key in wanted:
        if key in listed:
            yield listed[key]


def _places(kind: IndicatorType, text: str) -> Iterator[str]:
    """Yield the names, addresses and hashes under which covering values are indexed."""
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
