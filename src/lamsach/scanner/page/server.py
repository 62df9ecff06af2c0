"""Server of the scanner's page, for the person at this machine; guards: `lamsach.runtime.local_page`."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import parse_qs

from lamsach.runtime.local_page import LocalHandler, LocalServer
from lamsach.scanner.host import elevated
from lamsach.scanner.options import Mode, Options
from lamsach.scanner.page import elevation, views
from lamsach.scanner.page.job import Job, Receiver
from lamsach.scanner.report.bundle import write_bundle

BODY_BYTES = 1 << 16


class Page(LocalServer):
    """The server, its job and language."""

    def __init__(self, options: Options, language: str, receiver: Receiver | None = None) -> None:
        super().__init__(_Handler, views.ALL_STYLE)
        self.job = Job(options, receiver)
        self.language = language


class _Handler(LocalHandler):
    server: Page

    def get(self, name: str) -> None:
        job, language = self.server.job, self.server.language
        if name == "result.zip" and job.result is not None and not job.busy:
            stream = io.BytesIO()
            write_bundle(job.result, stream, language, job.records())
            stamp = job.result.started.strftime("%Y%m%d-%H%M")
            more = {"Content-Disposition": f'attachment; filename="lamsach-{stamp}.zip"'}
            self.answer(stream.getvalue(), "application/zip", more)
            return
        pages: dict[str, Callable[[], str]] = {
            "found": lambda: views.found_page(job, language),
            "clean": lambda: views.clean_page(job, language),
            "undo": lambda: views.undo_page(job, language),
        }
        page = pages.get(name) if not job.busy else None
        if name and page is None:
            self.redirect()
            return
        html = page() if page else views.start_page(job, language, elevated(), elevation.can_elevate())
        self.answer(html.encode("utf-8", "backslashreplace"))

    def post(self, name: str) -> None:
        body = b""
        with suppress(ValueError):
            body = self.rfile.read(max(0, min(int(self.headers.get("Content-Length", 0)), BODY_BYTES)))
        named = parse_qs(body.decode("ascii", "replace")).get("take", [])
        job = self.server.job
        does: dict[str, Callable[[], object]] = {
            "look": lambda: job.start_scan(Mode.QUICK),
            "look-full": lambda: job.start_scan(Mode.FULL),
            "clean": lambda: job.start_clean(named),
            "undo": job.start_undo,
            "send": job.start_send,
            "pause": job.pause,
            "resume": job.resume,
            "stop": job.stop,
        }
        if name == "end" and not job.busy:
            self.end(views.ended_page(self.server.language))
            return
        if name == "elevate" and not job.busy and elevation.can_elevate() and elevation.start_elevated():
            self.end(views.ended_page(self.server.language, again=True))
            return
        if name in does:
            does[name]()
        self.redirect()


def serve(
    options: Options, language: str, on_ready: Callable[[str], None], receiver: Receiver | None = None
) -> None:
    """Serve until the person ends it. `on_ready` gets the address; a browser is opened if available.

    `receiver`: gets the result by a button.
    """
    with Page(options, language, receiver) as page:
        page.serve_person(on_ready)
        page.job.stop()
        page.job.wait(10)
