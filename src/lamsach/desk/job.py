"""One hunt in the background, and how far it is."""

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
class Given:
    """Input of the person: paths of lists and logs, and of files that name devices."""

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
        self.said = ""
        self.done_bytes = self.total_bytes = 0
        self.findings: Findings | None = None
        self.error: LamsachError | None = None
        self.folder = Path(tempfile.mkdtemp(prefix="lamsach-desk-"))
        self._search = search
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def claim(self) -> bool:
        """Take the page for files that are about to arrive; False while something else goes on."""
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
        """Remember what went wrong."""
        self.error, self.state = error, "idle"

    def start(self, given: Given) -> None:
        """Hunt in the background."""
        self.state, self.done_bytes, self.total_bytes = "hunting", 0, 0
        self._thread = threading.Thread(target=self._run, args=(given,), daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Wait until the hunt has ended."""
        if self._thread is not None:
            self._thread.join()

    def result(self, name: str) -> Path | None:
        """A written result; None when there is none of this name."""
        path = self.folder / name
        return path if self.state == "done" and name in RESULTS and path.is_file() else None

    def close(self) -> None:
        """Delete what was given and made."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, given: Given) -> None:
        try:
            request = Request(
                logs=given.logs,
                lists=given.lists,
                leases=given.leases,
                inventory=given.inventory,
                nat=given.nat,
            )
            findings, _ = self._search(request, Watch(self._say, self._progress, self._total))
            for name in RESULTS:
                write(findings, self.folder / name, self.language, REASONS)
        except LamsachError as error:
            self.fail(error)
        except Exception as error:  # noqa: BLE001 - the page has to say that it ended
            self.fail(
                InputError(mark("The search stopped on an unexpected problem."), type(error).__name__, "")
            )
        else:
            self.findings, self.state = findings, "done"

    def _say(self, text: str) -> None:
        self.said = text

    def _progress(self, consumed: int, _searched: int) -> None:
        self.done_bytes = consumed

    def _total(self, size: int) -> None:
        self.total_bytes = size
