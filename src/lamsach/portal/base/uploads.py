"""Uploaded files: checked for kind and size, stored under their digest, served as downloads only."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpResponse

from lamsach.errors import InputError, LimitError
from lamsach.i18n import mark
from lamsach.runtime.file_names import safe_name

_ZIP = b"PK\x03\x04"
KINDS: dict[str, tuple[bytes, ...]] = {
    "pdf": (b"%PDF-",),
    "docx": (_ZIP,),
    "xlsx": (_ZIP,),
    "zip": (_ZIP,),
    "png": (b"\x89PNG\r\n\x1a\n",),
    "jpg": (b"\xff\xd8\xff",),
    "jpeg": (b"\xff\xd8\xff",),
    "txt": (b"",),
    "csv": (b"",),
    "json": (b"{", b"\xef\xbb\xbf{"),
}
"""Allowed kinds: file name ending, and the possible first bytes."""
PROGRAMS = {"pyz": (b"#!/usr/bin/env python",)}
"""Kinds allowed only where named explicitly."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """Stored upload: name as given (sanitized), path in the storage, size in bytes, SHA-256."""

    name: str
    path: str
    size: int
    sha256: str


def store(file: Any, kinds: tuple[str, ...] = tuple(KINDS)) -> StoredFile:
    """Store an upload, identical content once. InputError for another kind, LimitError if too large."""
    name = safe_name(file.name)
    ending = name.rpartition(".")[2].lower()
    if ending not in kinds:
        raise InputError(mark("Files of this kind cannot be uploaded here."), name)
    if file.size > settings.UPLOAD_LIMIT_BYTES:
        raise LimitError(mark("The file is larger than allowed."), name)
    digest = hashlib.sha256()
    head = b""
    for chunk in file.chunks():
        head = head or chunk[:32]
        digest.update(chunk)
    if not any(head.startswith(start) for start in {**KINDS, **PROGRAMS}[ending]):
        raise InputError(mark("The file's content does not fit its name."), name)
    if ending in ("txt", "csv") and b"\x00" in head and head[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        raise InputError(mark("The file's content does not fit its name."), name)
    sha256 = digest.hexdigest()
    return StoredFile(name, save_once(file, sha256), file.size, sha256)


def save_once(file: Any, sha256: str, folder: str = "files") -> str:
    """Store a file under its digest unless its content is there; return the path."""
    path = f"{folder}/{sha256[:2]}/{sha256}"
    if not default_storage.exists(path):
        file.seek(0)
        path = default_storage.save(path, file)
    return path


def spool(file: Any, path: Path) -> Path:
    """Write an uploaded file to a local path."""
    with path.open("wb") as target:
        for chunk in file.chunks():
            target.write(chunk)
    return path


def attachment(content: bytes | str, name: str, kind: str = "application/octet-stream") -> HttpResponse:
    """Serve generated content as a download."""
    disposition = f'attachment; filename="{safe_name(name)}"'
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": disposition})


DOCUMENTS = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html; charset=utf-8",
    "json": "application/json",
}
"""Media types of generated documents."""


def document(content: bytes, kind: str, name: str) -> HttpResponse:
    """Serve a generated document: HTML is shown (in a sandbox), others are downloads."""
    if kind != "html":
        return attachment(content, name, DOCUMENTS[kind])
    policy = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return HttpResponse(content, DOCUMENTS[kind], headers={"Content-Security-Policy": policy})


def download(name: str, path: str) -> HttpResponse:
    """Serve a stored file as a download that browsers neither display nor run."""
    if not default_storage.exists(path):
        raise Http404
    response = FileResponse(default_storage.open(path, "rb"), as_attachment=True, filename=name)
    response["Content-Type"] = "application/octet-stream"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response  # type: ignore[return-value]
