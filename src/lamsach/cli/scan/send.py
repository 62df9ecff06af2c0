"""Sending a scan's result to the portal.

What cannot be sent now is kept and goes with the next one; the portal takes each bundle once, by its digest.
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

KEPT = 20
"""Results that wait at most; the oldest gives way."""


def unsent_folder() -> Path:
    """Return the folder of waiting results: beside the quarantine, which only its owner may enter."""
    return quarantine_folder().parent / "unsent"


def waiting_folder() -> Path:
    """The same folder, made if need be. Raises OutputError when it cannot be made, or is somebody else's."""
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
    """Send this result and those that wait, the oldest first.

    Raises OutputError; what was not taken waits on.
    """
    folder = waiting_folder()
    stamp = result.started.strftime("%Y%m%d-%H%M%S")
    write_result(result, folder / f"{stamp}-{secrets.token_hex(4)}.zip", language, records)
    send_waiting(portal, sender)


def send_waiting(portal: tuple[str, str], sender: Sender | None = None) -> None:
    """Send what waits from earlier looks, the oldest first. Raises OutputError; the rest waits on."""
    waiting = sorted(unsent_folder().glob("*.zip"))
    for old in waiting[:-KEPT]:
        old.unlink(missing_ok=True)
    to = sender or Sender(*portal)
    for path in waiting[-KEPT:]:
        answer = to.send(path)
        with suppress(OSError):
            path.unlink()
        if answer.state == "refused":
            raise OutputError("The portal refused the bundle.", answer.problem)
