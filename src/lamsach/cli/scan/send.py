"""Sending of a scan's result to the portal.

An unsent result is stored and sent with the next one; the portal accepts each bundle once, by its digest.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from lamsach.errors import OutputError
from lamsach.results.upload import Sender
from lamsach.scanner.actions.quarantine_folder import quarantine_folder
from lamsach.scanner.findings import Result
from lamsach.scanner.report.output import write_result

MAX_WAITING = 20
"""Maximum waiting results; the oldest is dropped."""


def unsent_folder() -> Path:
    """Return the folder of waiting results, next to the quarantine."""
    return quarantine_folder().parent / "unsent"


def waiting_folder() -> Path:
    """Create that folder if necessary. Raises OutputError when impossible, or owned by another user."""
    folder = unsent_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        status = folder.lstat()
        if folder.is_symlink() or (os.name == "posix" and status.st_uid != os.geteuid()):
            raise PermissionError(1, "owned by somebody else")
    except OSError as error:
        raise OutputError(
            "The result cannot be stored for sending.",
            f"{folder} ({error.strerror})",
            "Check the rights on its folder.",
        ) from None
    return folder


def send_result(
    result: Result,
    portal: tuple[str, str],
    language: str,
    records: list[dict[str, object]],
    sender: Sender | None = None,
) -> None:
    """Send this result and the waiting ones, the oldest first.

    Raises OutputError; refused results wait.
    """
    folder = waiting_folder()
    stamp = result.started.strftime("%Y%m%d-%H%M%S")
    write_result(result, folder / f"{stamp}-{secrets.token_hex(4)}.zip", language, records)
    send_waiting(portal, sender)


def send_waiting(portal: tuple[str, str], sender: Sender | None = None) -> None:
    """Send waiting results of earlier scans, the oldest first. Raises OutputError; the rest waits."""
    waiting = sorted(unsent_folder().glob("*.zip"))
    for old in waiting[:-MAX_WAITING]:
        old.unlink(missing_ok=True)
    to = sender or Sender(*portal)
    for path in waiting[-MAX_WAITING:]:
        answer = to.send(path)
        with suppress(OSError):
            path.unlink()
        if answer.state == "refused":
            raise OutputError("The portal refused the bundle.", answer.problem)
