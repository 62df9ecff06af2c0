"""`lamsach indicators check`: the list, document, page and row of a value, and its exceptions."""

from __future__ import annotations

from typing import Annotated

from lamsach.cli.command_line import Argument, Exit, Option
from lamsach.cli.indicators.shared import At, DecisionFile, decisions_of, moment
from lamsach.cli.options import AsJson
from lamsach.errors import ExitStatus


def check(
    value: Annotated[
        str, Argument(metavar="VALUE", help="An address, network, name, URL or hash, defanged or not.")
    ],
    lists: Annotated[
        list[str], Option("-i", "--indicators", metavar="LIST", help="A list; may be repeated.")
    ],
    exceptions: Annotated[
        list[str] | None, Option("--exceptions", metavar="FILE", help="Values that do not count.")
    ] = None,
    decisions: DecisionFile = None,
    at: At = None,
    as_json: AsJson = False,
) -> None:
    """Tell whether lists cover a value: itself, a parent domain, a network around it, or a URL on its host.

    Example: lamsach indicators check www.evil.example -i annex.xlsx
    """
    from lamsach.cli.indicators.quick_check import answer, compiled_lists
    from lamsach.indicators.files.source import expand
    from lamsach.indicators.values.exceptions import ExceptionSet
    from lamsach.model import Problem

    problems: list[Problem] = []
    status = answer(
        value,
        lambda met: compiled_lists(lists, met),
        excepted=ExceptionSet.read(expand(exceptions), problems.append) if exceptions else None,
        decided=decisions_of(decisions) if decisions else None,
        now=moment(at),
        problems=problems,
        as_json=as_json,
    )
    if status != ExitStatus.FOUND:
        raise Exit(status)
