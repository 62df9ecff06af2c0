"""Options shared by several commands: each declared once, with the meaning of its values."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from lamsach.cli.command_line import Option
from lamsach.errors import UsageError
from lamsach.i18n import LANGUAGE_CODES, LANGUAGES, language_from_environment

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from lamsach.results.sealed.files import Keys, Seal


Paths = list[str]

Lists = Annotated[
    Paths,
    Option("-i", "--indicators", metavar="LIST", help="A list of malicious addresses; repeat for more."),
]
Outputs = Annotated[
    list[Path] | None,
    Option(
        "-o", "--output", metavar="FILE", help="Write results: .html .xlsx .csv .jsonl .zip; repeat for more."
    ),
]
Leases = Annotated[
    Paths | None,
    Option(
        "--leases",
        metavar="FILES",
        help="DHCP logs or lease files besides those among the logs; repeat for more.",
    ),
]
Nat = Annotated[
    Paths | None,
    Option(
        "--nat",
        metavar="FILES",
        help="Logs with NAT records: machines behind a gateway's address are named by them.",
    ),
]
Inventory = Annotated[
    str | None, Option("--inventory", metavar="FILE", help="XLSX or CSV of machines, users and departments.")
]
Exceptions = Annotated[
    Paths | None,
    Option(
        "--exceptions", metavar="FILE", help="A list of values that are known to be good; repeat for more."
    ),
]
Decisions = Annotated[
    str | None,
    Option(
        "--decisions",
        metavar="FILE",
        help="Decisions of the lists' review: accepted values count, doubtful or not.",
    ),
]
Infrastructure = Annotated[
    Paths | None,
    Option(
        "--infrastructure",
        metavar="WHAT",
        help="A DNS server, proxy or NAT gateway that speaks for others: address, network or host "
        "name; repeat for more.",
    ),
]
Until = Annotated[
    str | None,
    Option("--until", metavar="DATE", help="Only events to this day (included) or before this time."),
]
Zone = Annotated[str, Option("--timezone", metavar="ZONE", help="Time zone of lines that state none.")]
Language = Annotated[str | None, Option("--language", metavar=LANGUAGE_CODES, help="Language of results.")]
Password = Annotated[
    str | None,
    Option(
        "--password-env",
        metavar="VARIABLE",
        help="Environment variable with the password of locked archives.",
    ),
]
Threads = Annotated[
    int | None, Option("--threads", min=1, max=256, help="Worker threads; default: one a processor.")
]
SealTo = Annotated[
    Paths | None,
    Option(
        "--seal-to",
        metavar="KEY",
        help="Seal the results whose names end in .age to this public key (age1...), or to those in "
        "a file; repeat for more.",
    ),
]
Identities = Annotated[
    list[Path] | None,
    Option("--identity", metavar="FILE", help="A file with the private key that opens it; repeat for more."),
]
PassphraseFile = Annotated[
    Path | None,
    Option("--passphrase-file", metavar="FILE", help="A file whose first line is the passphrase."),
]
Stats = Annotated[bool, Option("--stats", help="Print figures of the run as JSON on standard error.")]
AsJson = Annotated[bool, Option("--json", help="Print JSON on a terminal too, as in a pipe.")]
Ocr = Annotated[bool, Option("--ocr", help="Read pages that are pictures (needs tesseract); low confidence.")]
Yes = Annotated[bool, Option("--yes", help="Do it; without this, only say what would be done.")]
DataFolder = Annotated[
    Path, Option("--data", metavar="DIR", help="The folder that keeps everything the portal knows.")
]
ARCHIVE = Option("--archive", metavar="DIR", help="The archive: a folder or a URL (s3://...).")
TokenVariable = Annotated[
    str, Option("--token-env", metavar="VARIABLE", help="Environment variable with the unit's token.")
]


def window(since: str | None, until: str | None, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """Return the period to search, from the words of the command line. Raises UsageError."""
    begin, end = moment(since, zone, end=False), moment(until, zone, end=True)
    if begin is not None and end is not None and begin >= end:
        raise UsageError(
            "The search would end before it begins.", f"{since} - {until}", "Exchange the two dates."
        )
    return begin, end


def moment(text: str | None, zone: ZoneInfo, *, end: bool) -> datetime | None:
    """Parse a day or time from the command line; a day as `--until` includes the whole day."""
    if text is None:
        return None
    for pattern in ("%d/%m/%Y", "%Y-%m-%d"):
        try:
            day = datetime.strptime(text, pattern).replace(tzinfo=zone)
        except ValueError:
            continue
        return day + timedelta(days=1) if end else day
    try:
        time_stated = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            "This is no date or time.", text, "Write 2022-09-26, 26/09/2022 or 2022-09-26T08:00."
        ) from None
    return time_stated if time_stated.tzinfo else time_stated.replace(tzinfo=zone)


def zone_of(name: str) -> ZoneInfo:
    """Return the time zone of this name. Raises UsageError."""
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        raise UsageError(
            "There is no time zone of this name.", name, "Give a name such as Asia/Ho_Chi_Minh or UTC."
        ) from None


def language_of(language: str | None) -> str:
    """Return the requested language, or the environment's. Raises UsageError."""
    if language is None:
        return language_from_environment()
    if language not in LANGUAGES:
        raise UsageError("There is no such language.", language, "Give a language that --help names.")
    return language


def password_of(variable: str | None) -> bytes | None:
    """Return the password in an environment variable. Raises UsageError when it is not set."""
    if variable is None:
        return None
    value = os.environ.get(variable)
    if value is None:
        raise UsageError(
            "The environment variable with the password is not set.", variable, "Set it and run again."
        )
    return value.encode()


def seal_of(words: Sequence[str] | None, outputs: Sequence[Path] | None) -> Seal:
    """Return the recipients of sealed results. Raises UsageError when names and keys do not match."""
    from lamsach.results.sealed.files import Seal, check_names

    if words:
        from lamsach.results.sealed.keys import recipients

        seal = Seal(recipients(words))
    else:
        seal = Seal()
    check_names(outputs or (), seal)
    return seal


def keys_for(path: Path, identities: Sequence[Path] | None, passphrase: Path | None) -> Keys:
    """Return the key to a sealed file: stated, or typed on a terminal. Raises UsageError without one."""
    from lamsach.results.sealed.files import Keys, needs_passphrase, path_is_sealed
    from lamsach.results.sealed.keys import identities as read_identities
    from lamsach.results.sealed.keys import read_passphrase

    if not path_is_sealed(path):
        return Keys()
    if needs_passphrase(path):
        return Keys(passphrase=read_passphrase(passphrase) if passphrase else ask_passphrase(path))
    return Keys(read_identities(identities or [ask_identity(path)]))


def ask_passphrase(path: Path, *, twice: bool = False) -> str:
    """Ask for a passphrase on the terminal without echo; for a new one twice.

    Raises UsageError without a terminal, or for an empty one.
    """
    from getpass import getpass

    from lamsach.cli.console import translate

    _ = translate()
    if not sys.stdin.isatty():
        raise UsageError("A passphrase is needed.", str(path), "Give it by --passphrase-file.")
    typed = getpass(_("Passphrase: "))
    if not typed or (twice and getpass(_("The same again: ")) != typed):
        raise UsageError("The passphrase was not typed, or the two differ.", "", "Run it again.")
    return typed


def ask_identity(path: Path) -> Path:
    """Ask for the path of an identity file on the terminal. Raises UsageError without one."""
    from lamsach.cli.console import translate

    if not sys.stdin.isatty():
        raise UsageError("The file is sealed to a key.", str(path), "Give the file of the key by --identity.")
    return Path(input(translate()("File of the private key: ")).strip())
