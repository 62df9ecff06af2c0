"""Acts on an archive in use by a collector: requested from it, and done between two segments.

requests/ID.json      request: `act` and its values
requests/ID.done      result; deleted by the requester

An archive has one writer at a time, and a collector runs for months. Only for archives in a folder of this
machine: elsewhere nothing locks.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from lamsach.archive.archive import Archive, Writer, writing
from lamsach.archive.retention import ActResult, Hold, erase, expire, hold, release
from lamsach.errors import LamsachError, OutputError, UsageError
from lamsach.i18n import mark

FOLDER = "requests"
SPOOL, SPOOLED = "spool", ".wal"
"""Default spool folder of a collector, and the suffix of its files."""
PATIENCE_S = 600.0
NOBODY_S = 60.0
"""Seconds until a request that no collector accepts fails."""
_BUSY = mark("Another program is writing to the archive.")


def do(archive: Archive, act: str, **values: Any) -> ActResult:
    """Perform an act (`expire`, `erase`, `hold`, `release`), or have the active collector perform it.

    Raises LamsachError.
    """
    try:
        with writing(archive) as writer:
            if act == "erase":
                _refuse_while_spooled(archive)
            return _ACTS[act](writer, values)
    except OutputError as error:
        if error.what != _BUSY:
            raise
    return _request(archive, act, values)


def _refuse_while_spooled(archive: Archive) -> None:
    """Refuse while a killed collector's spool has lines, which would be archived after the erasure."""
    folder = archive.store.folder
    left = sorted((folder / SPOOL).glob(f"*{SPOOLED}")) if folder is not None else []
    if left:
        raise UsageError(
            mark("Lines that were collected are not yet in the archive."),
            str(left[0]),
            mark("Start the collector, and erase while it runs."),
        )


def _request(archive: Archive, act: str, values: dict[str, Any]) -> ActResult:
    number = secrets.token_hex(8)
    request, answer = f"{FOLDER}/{number}.json", f"{FOLDER}/{number}.done"
    archive.store.write(request, json.dumps({"act": act, "values": values}).encode())
    begun = time.monotonic()
    try:
        while time.monotonic() - begun < PATIENCE_S:
            if archive.store.has(answer):
                return _parse_answer(json.loads(archive.store.read(answer)))
            if archive.store.has(request) and time.monotonic() - begun > NOBODY_S:
                break
            time.sleep(0.1)
        raise OutputError(_BUSY, archive.store.url, mark("Wait until it has ended."))
    finally:
        archive.store.delete(request)
        archive.store.delete(answer)


def _parse_answer(found: dict[str, Any]) -> ActResult:
    if "problem" in found:
        raise OutputError(*found["problem"])
    return ActResult(**found["done"])


def serve(writer: Writer) -> int:
    """Perform the requested acts, in the writer's process; returns their count."""
    count = 0
    for name in waiting(writer.archive):
        store = writer.archive.store
        try:
            request = json.loads(store.read(name))
            store.delete(name)  # accepted
            answer: dict[str, Any] = {"done": asdict(_ACTS[request["act"]](writer, request["values"]))}
        except LamsachError as error:
            answer = {"problem": [error.what, error.where, error.todo]}
        except (ValueError, KeyError, TypeError):
            store.delete(name)
            continue
        store.write(name.replace(".json", ".done"), json.dumps(answer).encode())
        count += 1
    return count


def waiting(archive: Archive) -> list[str]:
    """Return the pending requests.

    Remote archives have none, and listing would cost a request a second.
    """
    if archive.store.folder is None:
        return []
    with contextlib.suppress(LamsachError):
        return [name for name in archive.store.names(FOLDER) if name.endswith(".json")]
    return []


def _hold(writer: Writer, values: dict[str, Any]) -> ActResult:
    hold(writer, Hold(**values))
    return ActResult()


def _release(writer: Writer, values: dict[str, Any]) -> ActResult:
    release(writer, values["name"])
    return ActResult()


_ACTS: dict[str, Callable[[Writer, dict[str, Any]], ActResult]] = {
    "expire": lambda writer, values: expire(writer, values["days"]),
    "erase": lambda writer, values: erase(writer, values["values"], values["reason"]),
    "hold": _hold,
    "release": _release,
}
