"""Everything of a consolidated report as one zip, written while it is sent: no report waits in memory for another."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator

from django.core.files.storage import default_storage

from lamsach.file_names import safe_name
from lamsach.letters.model import Document
from lamsach.letters.output import writer_for
from lamsach.portal.reports.consolidation import Consolidation
from lamsach.portal.reports.content import filled_form
from lamsach.portal.reports.documents import about, document_of, written
from lamsach.portal.reports.models import Report

_UNSAFE = re.compile(r"[^A-Za-z0-9.-]")


class _Sink:
    """What a zip is written to when nothing can be sought: the bytes wait here until they are sent."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        """Keep bytes to be sent."""
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to do."""

    def taken(self) -> bytes:
        """Return what has been written since the last time."""
        data = b"".join(self._pieces)
        self._pieces.clear()
        return data


def everything(document: Document, taken: Consolidation) -> Iterator[bytes]:
    """The consolidated report as DOCX, PDF and XLSX, and of each accepted report the PDF, the JSON and what was signed or scanned; as the bytes of a zip."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for kind in ("docx", "pdf", "xlsx"):
            archive.writestr(f"tong-hop.{kind}", writer_for(f".{kind}")(document))
            yield sink.taken()
        for line in taken.lines:
            if line.accepted is None:
                continue
            part = Report.objects.select_related("campaign", "unit__parent", "form", "previous").get(
                pk=line.accepted.pk
            )
            stem = f"don-vi/{_UNSAFE.sub('_', part.unit.code)}-lan-{part.edition}"
            filled, paper = filled_form(part), document_of(part)
            for kind in ("pdf", "json"):
                archive.writestr(f"{stem}.{kind}", written(paper, filled, kind, about(part)))
            if part.scan_path and default_storage.exists(part.scan_path):
                with default_storage.open(part.scan_path, "rb") as file:
                    archive.writestr(f"{stem}-{safe_name(part.scan_name)}", file.read())
            yield sink.taken()
    yield sink.taken()
