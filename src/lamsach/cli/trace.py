"""`lamsach trace`: a list of public addresses in, their machines and the answer letter out."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated

from lamsach.cli.command_line import Argument, Exit, Option
from lamsach.cli.options import (
    Inventory,
    Language,
    Leases,
    Password,
    Paths,
    SealTo,
    Zone,
    language_of,
    password_of,
    seal_of,
    zone_of,
)
from lamsach.errors import UsageError

_SKEW = re.compile(r"([+-]?)(\d{1,7}(?:\.\d{1,6})?)(s|m|h|)")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}
_MAX_SKEW = timedelta(days=2)


def trace(
    reports: Annotated[
        Paths,
        Argument(
            metavar="REPORTS...",
            help="The authority's lists: CSV, XLSX, TXT, PDF, DOCX or JSON; files or folders.",
        ),
    ],
    logs: Annotated[
        Paths,
        Option(
            "--logs",
            metavar="LOGS",
            help="Logs of firewall, DHCP and VPN: files, folders, archives; repeat for more.",
        ),
    ],
    output: Annotated[
        list[Path] | None,
        Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Write results: .html .xlsx .csv .jsonl, .zip for a portal, or the answer to the "
            "authority: .docx .pdf; repeat for more.",
        ),
    ] = None,
    leases: Leases = None,
    nat: Annotated[
        Paths | None,
        Option("--nat", metavar="FILES", help="Logs with NAT records besides those among the logs."),
    ] = None,
    inventory: Inventory = None,
    timezone: Zone = "Asia/Ho_Chi_Minh",
    list_timezone: Annotated[
        str | None,
        Option(
            "--list-timezone",
            metavar="ZONE",
            help="Time zone of times in the lists that state none; default: as the kind of list has it.",
        ),
    ] = None,
    skew: Annotated[
        str | None,
        Option(
            "--skew",
            metavar="TIME",
            help="How far the clocks of the logs are ahead of the list's: 90s, -2m, 7h; default: estimated.",
        ),
    ] = None,
    language: Language = None,
    password: Password = None,
    seal_to: SealTo = None,
    letter_parent: Annotated[
        str, Option("--letter-parent", metavar="NAME", help="Letter: the body above the sender.")
    ] = "",
    letter_body: Annotated[str, Option("--letter-body", metavar="NAME", help="Letter: the sender.")] = "",
    letter_number: Annotated[
        str,
        Option(
            "--letter-number", metavar="NUMBER", help="Letter: its number and symbol, such as 5/TTCNTT-ATTT."
        ),
    ] = "",
    letter_place: Annotated[
        str, Option("--letter-place", metavar="PLACE", help="Letter: the place before the date.")
    ] = "",
    letter_date: Annotated[
        str | None, Option("--letter-date", metavar="DATE", help="Letter: its day, 26/09/2022 or 2022-09-26.")
    ] = None,
    letter_to: Annotated[
        Paths | None, Option("--letter-to", metavar="NAME", help="Letter: an addressee; repeat for more.")
    ] = None,
    letter_answers: Annotated[
        str,
        Option(
            "--letter-answers",
            metavar="TEXT",
            help="Letter: the document that it answers, with number and date.",
        ),
    ] = "",
    letter_position: Annotated[
        str, Option("--letter-position", metavar="TEXT", help="Letter: the signer's position.")
    ] = "",
    letter_signer: Annotated[
        str, Option("--letter-signer", metavar="NAME", help="Letter: the signer's name.")
    ] = "",
    letter_unit: Annotated[
        str, Option("--letter-unit", metavar="CODE", help="Letter: the drafting unit's code, for the copies.")
    ] = "",
) -> None:
    """Trace reported public addresses, ports and times back to machines.

    Example: lamsach trace list.xlsx --logs logs/ --inventory machines.xlsx -o trace.html -o answer.docx
    """
    from lamsach.cli.trace_run import run
    from lamsach.trace.letter import Letter
    from lamsach.trace.model import Request
    from lamsach.trace.output import check

    spoken = language_of(language)
    seal = seal_of(seal_to, output)
    for path in output or []:
        check(path)
    request = Request(
        reports=reports,
        logs=logs,
        nat=nat or [],
        leases=leases or [],
        inventory=inventory,
        timezone=zone_of(timezone),
        list_timezone=zone_of(list_timezone) if list_timezone else None,
        skew=None if skew is None else _skew(skew),
        password=password_of(password),
    )
    letter = Letter(
        letter_parent,
        letter_body,
        letter_number,
        letter_place,
        _day(letter_date),
        letter_to or [],
        letter_answers,
        letter_position,
        letter_signer,
        letter_unit,
    )
    raise Exit(run(request, output or [], spoken, letter, seal))


def _skew(text: str) -> timedelta:
    match = _SKEW.fullmatch(text.strip().lower())
    shift = timedelta(seconds=float(match[2]) * _UNITS[match[3]]) if match else None
    if match is None or shift is None or shift > _MAX_SKEW:
        raise UsageError("This is no difference of clocks.", text, "Write 90s, -2m or 7h; at most 48 hours.")
    return -shift if match[1] == "-" else shift


def _day(text: str | None) -> date | None:
    for pattern in ("%d/%m/%Y", "%Y-%m-%d"):
        try:
            return None if text is None else datetime.strptime(text, pattern).date()
        except ValueError:
            continue
    raise UsageError("This is no date.", text or "", "Write 26/09/2022 or 2022-09-26.")
