"""`lamsach send`: send a findings bundle to a portal, or sign it for transport by USB stick."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from lamsach.cli.command_line import Argument, Option
from lamsach.cli.console import emit, translate
from lamsach.cli.options import SealTo, TokenVariable, seal_of
from lamsach.errors import OutputError, UsageError

if TYPE_CHECKING:
    from lamsach.model import Findings

VARIABLE = "LAMSACH_TOKEN"


def send(
    bundle: Annotated[Path, Argument(metavar="BUNDLE", help="The .zip that a hunt or a scan wrote.")],
    url: Annotated[
        str | None, Argument(metavar="[URL]", help="The address that the portal's page of findings shows.")
    ] = None,
    sign: Annotated[
        Path | None,
        Option("--sign", metavar="FILE", help="Write a signed file to carry there instead of sending it."),
    ] = None,
    seal_to: SealTo = None,
    token: TokenVariable = VARIABLE,
) -> None:
    """Send a findings bundle to a portal. What was sent before changes nothing; what broke off goes on.

    Example: lamsach send findings.zip https://portal.example/api/campaigns/3/findings
    """
    if (url is None) == (sign is None):
        raise UsageError(
            "Give either an address or a file to sign.", "", "See lamsach send --help for an example."
        )
    seal = seal_of(seal_to, [sign] if sign else [])
    word = token_from(token)
    if sign is not None:
        from lamsach.results.upload import sign as write_signed

        write_signed(bundle, word, sign, seal)
        emit(translate()("Written: {path}").format(path=sign))
        return
    deliver(bundle, url or "", word)


def token_from(variable: str) -> str:
    """Return the unit's token. Raises UsageError when the variable is not set."""
    value = os.environ.get(variable, "").strip()
    if not value:
        raise UsageError(
            "The environment variable with the unit's token is not set.", variable, "Set it and run again."
        )
    return value


def deliver(bundle: Path, url: str, token: str) -> None:
    """Send, and report the outcome. Raises OutputError when the portal refuses the bundle."""
    from lamsach.results.upload import Sender

    answer = Sender(url, token).send(bundle)
    _ = translate()
    if answer.state == "refused":
        raise OutputError("The portal refused the bundle.", _(answer.problem))
    if answer.state == "received":
        emit(_("Sent. The portal is still reading the bundle."))
    else:
        emit(_("Sent: {count} machines.").format(count=answer.counts.get("devices", 0)))


def deliver_findings(findings: Findings, url: str, token: str) -> bool:
    """Send a hunt's findings; return whether it failed. The bundle then remains in this folder."""
    from lamsach.cli.console import error_line
    from lamsach.devices.reasons import REASONS
    from lamsach.errors import LamsachError
    from lamsach.results import write

    path = Path(f"lamsach-findings-{datetime.now():%Y%m%d-%H%M%S}-{os.getpid()}.zip")
    write(findings, path, "vi", REASONS)
    try:
        deliver(path, url, token)
    except LamsachError as error:
        emit(error_line(error))
        emit(translate()("The bundle is kept: {path}").format(path=path))
        return True
    path.unlink(missing_ok=True)
    return False
