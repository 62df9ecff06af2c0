"""The scan and the actions behind the page: one at a time, in a thread, with observable state."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lamsach.errors import LamsachError
from lamsach.scanner.actions.guard import Guard
from lamsach.scanner.actions.plan import Done, Step, carry_out, make_plan
from lamsach.scanner.actions.quarantine_folder import quarantine_folder
from lamsach.scanner.actions.recover import recover
from lamsach.scanner.actions.undo import restore
from lamsach.scanner.actions.vault import Item, Vault
from lamsach.scanner.control import Control, Progress
from lamsach.scanner.findings import Result
from lamsach.scanner.full_scan import scan
from lamsach.scanner.options import QUICK_SECONDS, Mode, Options

Records = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Receiver:
    """Receiver of the result: name, and sender (raises LamsachError)."""

    name: str
    send: Callable[[Result, Records], None]


class Job:
    """State and actions of the page. Methods may be called from any thread."""

    def __init__(self, options: Options, receiver: Receiver | None = None) -> None:
        self._options = options
        self.receiver = receiver
        self.sent = False
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._control: Control | None = None
        self.result: Result | None = None
        self.error: LamsachError | None = None
        self.done: list[Done] = []
        self.undone: list[tuple[Item, LamsachError | None]] = []
        self.busy = ""

    def start_scan(self, mode: Mode) -> bool:
        """Begin a scan; return False when busy."""
        return self._start("look", lambda: self._scan(mode))

    def start_clean(self, named: Collection[str] = ()) -> bool:
        """Carry out the plan; return False when busy.

        `named`: keys of findings whose file a person selected.
        """
        return self._start("clean", lambda: self._clean(named))

    def start_undo(self) -> bool:
        """Restore everything; return False when busy."""
        return self._start("undo", self._undo)

    def start_send(self) -> bool:
        """Send the result to the unit; return False when busy, or without a result or receiver."""
        if self.result is None or self.receiver is None:
            return False
        return self._start("send", self._send)

    def pause(self) -> None:
        """Pause the scan."""
        if self._control is not None:
            self._control.pause()

    def resume(self) -> None:
        """Resume the scan."""
        if self._control is not None:
            self._control.resume()

    def stop(self) -> None:
        """End the scan; findings are retained."""
        if self._control is not None:
            self._control.stop()

    def progress(self) -> Progress | None:
        """Return the progress of the scan; None when there is none."""
        return self._control.progress() if self._control is not None and self.busy == "look" else None

    def plan(self, named: Collection[str] = ()) -> list[Step]:
        """Return the steps that cleaning would perform."""
        if self.result is None:
            return []
        paths = [item.target.path for item in self.result.findings if item.target and item.key in named]
        return make_plan(self.result, Guard(), named=paths)

    def items(self) -> list[Item]:
        """Return the items in the quarantine."""
        return (
            [item for item in Vault(quarantine_folder()).items() if item.meta]
            if Path(quarantine_folder()).exists()
            else []
        )

    def wait(self, seconds: float | None = None) -> None:
        """Wait for the running work."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _start(self, name: str, work: Callable[[], None]) -> bool:
        with self._lock:
            if self.busy:
                return False
            self.busy, self.error = name, None
        self._thread = threading.Thread(target=self._run, args=(work,), daemon=True)
        self._thread.start()
        return True

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except LamsachError as error:
            self.error = error
        finally:
            self.busy = ""

    def _scan(self, mode: Mode) -> None:
        options = replace(self._options, mode=mode)
        seconds = options.limits.total_seconds or (QUICK_SECONDS if mode is Mode.QUICK else None)
        self._control = Control(seconds=seconds)
        self.done, self.undone, self.sent = [], [], False
        self.result = scan(options, self._control)

    def _send(self) -> None:
        if self.result is not None and self.receiver is not None:
            self.receiver.send(self.result, self.records())
            self.sent = True

    def _clean(self, named: Collection[str]) -> None:
        self.sent = False
        self.done = carry_out(self.plan(named), self._vault(), Guard())

    def _undo(self) -> None:
        vault = self._vault()
        self.undone = []
        for item in [item for item in vault.items() if item.meta]:
            error: LamsachError | None = None
            try:
                restore(vault, item)
            except LamsachError as failed:
                error = failed
            self.undone.append((item, error))

    def _vault(self) -> Vault:
        vault = Vault(quarantine_folder())
        recover(vault)
        return vault

    def records(self) -> Records:
        """Return the actions performed, for the result bundle."""
        return [
            {
                "action": done.step.what,
                "outcome": "left_alone" if done.step.refusal else "failed" if done.error else "done",
                "finding": done.step.finding.key,
                "subject": done.step.target.path or f"pid {done.step.target.pid}",
                "item": done.item,
                "verified": done.gone,
            }
            for done in self.done
        ]
