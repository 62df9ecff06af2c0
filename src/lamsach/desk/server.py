"""Server of the desk's page for the person at this machine; guards: `lamsach.runtime.local_page`."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from lamsach.desk import pages
from lamsach.desk.form_upload import receive
from lamsach.desk.job import HuntInput, Job
from lamsach.errors import InputError, LamsachError
from lamsach.i18n import mark
from lamsach.runtime.local_page import HTML, LocalHandler, LocalServer

SPARE_BYTES = 1 << 30
"""Disk space that must remain free."""
_REPORT = "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:"
_KINDS = {
    ".html": HTML,
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".zip": "application/zip",
}


class Desk(LocalServer):
    """The server and its job."""

    def __init__(self, job: Job) -> None:
        super().__init__(_Handler, pages.STYLE)
        self.job = job


class _Handler(LocalHandler):
    server: Desk
    timeout = 120

    def get(self, name: str) -> None:
        job, token = self.server.job, self.server.token
        if (path := job.result(name)) is not None:
            self._file(path)
        elif job.state in ("receiving", "hunting"):
            self._page(pages.busy_page(job))
        elif job.state == "done" and name != "again":
            self._page(pages.done_page(job, token))
        else:
            self._page(pages.start_page(job, token))

    def post(self, name: str) -> None:
        if name == "hunt" and self.server.job.claim():
            self._hunt()
        elif name == "end" and self.server.job.state not in ("receiving", "hunting"):
            self.end(pages.ended_page(self.server.job.language))
        else:
            self.close_connection = True
            self.redirect()

    def _hunt(self) -> None:
        job = self.server.job
        try:
            length = int(self.headers.get("Content-Length") or 0)
            if length > shutil.disk_usage(job.folder).free - SPARE_BYTES:
                raise InputError(
                    mark("The disk has no room for these files."),
                    "",
                    mark("Give the folder of the logs instead."),
                )
            job.total_bytes = length
            kind = self.headers.get("Content-Type", "")
            folder = job.folder / "given"
            form = receive(self.rfile, length, kind, folder, job.arrived)  # type: ignore[arg-type]
            files = {name: [str(path) for path in paths] for name, paths in form.files.items()}
            logs, nat = files.get("logs", []), files.get("nat", [])
            for paths, place in ((logs, "log_folder"), (nat, "nat_folder")):
                if named := form.texts.get(place, "").strip('"'):
                    paths.append(named)
            if not files.get("lists") or not logs:
                raise InputError(
                    mark("A search needs lists and logs."), "", mark("Choose both, then search.")
                )
            inventory = next(iter(files.get("inventory", [])), None)
            job.start(HuntInput(files["lists"], logs, files.get("leases", []), inventory, nat))
        except LamsachError as error:
            self.close_connection = True
            job.fail(error)
        except (OSError, ValueError) as error:
            self.close_connection = True
            where = getattr(error, "strerror", None) or str(error)
            job.fail(
                InputError(
                    mark("The files did not arrive whole."),
                    where,
                    mark("Choose them again; for large logs give their folder."),
                )
            )
        self.redirect()

    def _page(self, html: str) -> None:
        self.answer(html.encode("utf-8", "backslashreplace"))

    def _file(self, path: Path) -> None:
        more = (
            {} if path.suffix == ".html" else {"Content-Disposition": f'attachment; filename="{path.name}"'}
        )
        with path.open("rb") as stream:
            self.head(path.stat().st_size, _KINDS[path.suffix], _REPORT, more)
            shutil.copyfileobj(stream, self.wfile)


def serve(language: str, on_ready: Callable[[str], None]) -> None:
    """Serve until the person ends it. `on_ready` gets the address; a browser is opened if available."""
    job = Job(language)
    try:
        with Desk(job) as desk:
            desk.serve_person(on_ready)
    finally:
        job.close()
