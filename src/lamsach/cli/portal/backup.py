"""`lamsach backup` and `lamsach restore`: all data of the portal, in one file."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from lamsach.cli.command_line import Argument, Option
from lamsach.cli.console import emit, translate
from lamsach.cli.options import DataFolder, Identities, PassphraseFile, ask_passphrase, keys_for
from lamsach.errors import UnreadableError, UsageError

if TYPE_CHECKING:
    from lamsach.results.sealed.files import Seal

_DEFAULT = Path("lamsach-data")


def backup(
    file: Annotated[Path, Argument(help="The backup to write.")],
    data: DataFolder = _DEFAULT,
    to: Annotated[
        list[str] | None,
        Option(
            "--to",
            metavar="KEY",
            help="Seal it to this public key (age1...), or to those in a file; repeat for more.",
        ),
    ] = None,
    passphrase: Annotated[
        bool, Option("--passphrase", help="Seal it with a passphrase; the program asks for it.")
    ] = False,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Write a backup of the portal, also while it runs. Who has an unsealed one can open all that the portal
    keeps locked.

    Example: lamsach backup lamsach-2022-09-26.zip.age --to age1...
    """
    from lamsach.portal.backup import backup as write
    from lamsach.portal.server import start

    seal = _seal(file, to, passphrase_file, passphrase)
    start(data)
    count = write(file, seal)
    _ = translate()
    emit(_("The backup: {path}, {count} files").format(path=file, count=count))
    if not seal:
        emit(
            _(
                "The backup is not sealed: it holds the data and the key that opens them. Keep "
                "it locked away, or seal it with --to or --passphrase."
            )
        )


def _seal(file: Path, to: list[str] | None, passphrase_file: Path | None, passphrase: bool) -> Seal:
    from lamsach.results.sealed.files import Seal
    from lamsach.results.sealed.keys import read_passphrase, recipients

    if bool(to) + passphrase + (passphrase_file is not None) > 1:
        raise UsageError(
            "A backup is sealed to keys or with one passphrase.", "--to, --passphrase", "Give one of them."
        )
    if to:
        return Seal(recipients(to))
    if passphrase:
        return Seal(passphrase=ask_passphrase(file, twice=True))
    return Seal(passphrase=read_passphrase(passphrase_file)) if passphrase_file else Seal()


def restore(
    file: Annotated[Path, Argument(help="The backup to put in place.")],
    data: DataFolder = _DEFAULT,
    erased: Annotated[
        Path | None,
        Option(
            "--erased",
            metavar="FILE",
            help="A copy of erased.jsonl: what it says was erased since the backup is erased again.",
        ),
    ] = None,
    identity: Identities = None,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Replace the portal's data by a backup; the old data are kept next to it. Stop the portal first.

    Example: lamsach restore lamsach-2022-09-26.zip --data /var/lib/lamsach
    """
    if erased is not None and not erased.is_file():
        raise UnreadableError(
            "The list of what was erased cannot be read.", str(erased), "Nothing was put in place."
        )
    from lamsach.portal.backup import restore as put
    from lamsach.portal.database import database
    from lamsach.portal.options import Options

    keys = keys_for(file, identity, passphrase_file)
    options = Options()
    described = database(options.text("DATABASE_URL"), data)
    before = put(file, data, described, keys, options.text("LAMSACH_UPLOADS"))
    _ = translate()
    emit(_("Restored: {path}").format(path=data))
    again = _erase_again(data, erased)
    if again:
        emit(_("Erased again, because it was erased after the backup was made: {count}").format(count=again))
    if before is not None:
        emit(_("The old data are kept: {path}").format(path=before))


def _erase_again(data: Path, erased: Path | None) -> int:
    """Erase again what was erased since the backup, by the lists of both folders; return the count."""
    from lamsach.portal.base import ledger
    from lamsach.portal.server import start

    if erased is not None:
        ledger.merge_copy(data, erased)
    start(data)
    from lamsach.portal.privacy.erasure import pending
    from lamsach.portal.schema import bring_up_to_date

    bring_up_to_date()
    return (pending() or Counter()).total()
