"""Run of inputs through targets: no crash, no hang, no memory over the limit."""

from __future__ import annotations

import faulthandler
import random
import resource
import signal
import traceback
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from lamsach.errors import LamsachError
from tests.fuzz.mutations import mutated
from tests.fuzz.targets import MAKERS, Target

HANG_S = 10.0
MEMORY_BYTES = 3 << 30
CORPUS = 4000
"""Maximum number of inputs stored per target."""


class HangError(Exception):
    """Input that took too long."""


@dataclass
class Result:
    """Inputs read, kinds of outcome, defects: the error, with the input."""

    inputs: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    defects: list[tuple[str, str, bytes]] = field(default_factory=list)


def _ring(_number: int, _frame: FrameType | None) -> None:
    raise HangError


def fuzz(total: int, seed: int, scratch: Path, *, limit_memory: bool = False) -> Result:
    """Run so many inputs in total."""
    if limit_memory:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        faulthandler.enable()
    targets = []
    for make in MAKERS:
        folder = scratch / make.__name__
        folder.mkdir()
        targets.append(make(folder))
    result = Result()
    before = signal.signal(signal.SIGPROF, _ring)
    try:
        for target in targets:
            share = max(20, total * target.share // sum(item.share for item in targets))
            _run_target(target, share, random.Random(f"{seed} {target.name}"), result)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    return result


def _run_target(target: Target, count: int, rng: random.Random, result: Result) -> None:
    corpus, seen, reported = list(target.seeds), set[str](), set[str]()
    for number in range(count):
        data = (
            target.seeds[number]
            if number < min(len(target.seeds), count // 4)
            else mutated(rng, rng.choice(corpus), rng.choice(corpus))
        )
        outcome = _outcome(target, data, result, reported)
        if outcome not in seen:
            seen.add(outcome)
            if len(corpus) < CORPUS:
                corpus.append(data)
    signal.setitimer(signal.ITIMER_PROF, 0)
    result.inputs[target.name] = count
    result.outcomes[target.name] = len(seen)


def _outcome(target: Target, data: bytes, result: Result, reported: set[str]) -> str:
    signal.setitimer(signal.ITIMER_PROF, HANG_S)
    try:
        return target.read(data)
    except LamsachError as error:
        return f"! {error.what}"
    except (Exception, HangError) as error:
        place = "".join(traceback.format_tb(error.__traceback__)[-1:])
        what = f"{type(error).__name__} {place}"
        if what not in reported:
            reported.add(what)
            result.defects.append((target.name, "".join(traceback.format_exception(error))[-3000:], data))
        return f"defect {what}"


def report(result: Result) -> Sequence[str]:
    """Format the result in lines."""
    lines = [
        f"{name}: {count} inputs, {result.outcomes[name]} kinds of outcome"
        for name, count in result.inputs.items()
    ]
    for name, defect, data in result.defects:
        lines.append(f"--- {name}: {data[:500]!r}\n{defect}")
    return lines
