"""One hunt in the background, with its progress."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lamsach.devices.reasons import REASONS
from lamsach.errors import InputError, LamsachError
from lamsach.i18n import mark
from lamsach.investigate import Request, Watch, investigate
from lamsach.model import Findings
from lamsach.results import write

RESULTS = ("report.html", "report.xlsx", "findings.zip")


@dataclass(frozen=True, slots=True)
class HuntInput:
    """Input of the hunt: paths of lists and logs, and of files that name devices."""

    lists: Sequence[str]
    logs: Sequence[str]
    leases: Sequence[str] = ()
    inventory: str | None = None
    nat: Sequence[str] = ()


class Job:
    """The work of one page. `state` is `idle`, `receiving`, `hunting`, `done`."""

    def __init__(
        self, language: str, search: Callable[[Request, Watch], tuple[Findings, object]] = investigate
    ) -> None:
        self.language = language
        self.state = "idle"
        self.stage = ""
        self.done_bytes = self.total_bytes = 0
        self.findings: Findings | None = None
        self.error: LamsachError | None = None
        self.folder = Path(tempfile.mkdtemp(prefix="lamsach-desk-"))
        self._search = search
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def claim(self) -> bool:
        """Claim the page for files about to arrive; False when busy."""
        with self._lock:
            if self.state in ("receiving", "hunting"):
                return False
            self.state, self.error, self.findings = "receiving", None, None
            self.done_bytes = self.total_bytes = 0
            shutil.rmtree(self.folder / "given", ignore_errors=True)
            return True

    def arrived(self, size: int) -> None:
        """Count bytes that arrived."""
        self.done_bytes += size

    def fail(self, error: LamsachError) -> None:
        """Record a failure."""
        self.error, self.state = error, "idle"

    def start(self, given: HuntInput) -> None:
        """Hunt in the background."""
        self.state, self.done_bytes, self.total_bytes = "hunting", 0, 0
        self._thread = threading.Thread(target=self._run, args=(given,), daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Wait until the hunt has ended."""
        if self._thread is not None:
            self._thread.join()

    def result(self, name: str) -> Path | None:
        """Return the path of a written result; None when there is none of this name."""
        path = self.folder / name
        return path if self.state == "done" and name in RESULTS and path.is_file() else None

    def close(self) -> None:
        """Delete the received and written files."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, given: HuntInput) -> None:
        try:
            request = Request(
                logs=given.logs,
                lists=given.lists,
                leases=given.leases,
                inventory=given.inventory,
                nat=given.nat,
            )
            findings, _ = self._search(request, Watch(self._set_stage, self._progress, self._total))
            for name in RESULTS:
                write(findings, self.folder / name, self.language, REASONS)
        except LamsachError as error:
            self.fail(error)
        except Exception as error:  # noqa: BLE001 - the page must show the end
            self.fail(
                InputError(mark("The search stopped on an unexpected problem."), type(error).__name__, "")
            )
        else:
            self.findings, self.state = findings, "done"

    def _set_stage(self, text: str) -> None:
        self.stage = text

    def _progress(self, consumed: int, _searched: int) -> None:
        self.done_bytes = consumed

    def _total(self, size: int) -> None:
        self.total_bytes = size
