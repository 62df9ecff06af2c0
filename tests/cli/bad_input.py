"""Case of a bad input: its line of the error output, its status, the machine that is still found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lamsach.errors import ExitStatus

from .command_runner import lamsach

GOOD, OTHER = "192.168.1.1", "192.168.1.2"
PARTIAL, USAGE, INPUT = ExitStatus.PARTIAL, ExitStatus.USAGE, ExitStatus.INPUT


@dataclass(frozen=True, slots=True)
class Case:
    """`make` writes the bad input into a folder and returns further options of the command.

    `also`: a machine that is still found in it.
    """

    name: str
    make: Callable[[Path], list[object]]
    where: str
    what: str
    status: ExitStatus = PARTIAL
    also: str = ""


def option(*words: str) -> Callable[[Path], list[object]]:
    """Return a case of options alone."""
    return lambda _folder: list(words)


def check(case: Case, folder: Path) -> None:
    """Hunt with a good log and a good list beside the bad input."""
    words = ["good.log", "-i", "list.txt", *case.make(folder)]
    before = sorted(folder.parent.rglob("outside.log"))
    ran = lamsach("hunt", *words)
    assert ran.status == case.status
    assert len(ran.errors) == 1, ran.errors
    line = ran.errors[0]
    assert case.where in line.split(": ")[0]
    assert case.what in line
    assert line.endswith((".", "See: lamsach logs formats"))
    assert (GOOD in ran.out) == (case.status == PARTIAL)
    assert OTHER in ran.out if case.also else OTHER not in ran.out
    assert sorted(folder.parent.rglob("outside.log")) == before
