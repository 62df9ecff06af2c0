"""Issued scanners: small programs like the packaging's, in the catalogue, downloaded, read."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from lamsach.portal.base.uploads import store
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.public.models import Tool
from lamsach.scanner.campaign import Carried, read_campaign

ENTRY = b'PUBLIC_KEY = "%s"\n'


def plain(inside: str = "lamsach-scanner-1/", key: bytes = b"", **more: bytes) -> bytes:
    """Make a small bundle like the packaging's."""
    files = {"app/lamsach_scanner.py": ENTRY % key, "Lamsach.exe": b"MZ", "lib/tên.txt": b"x" * 999}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {**files, **more}.items():
            archive.writestr(inside + name, data)
    return stream.getvalue()


def catalogued(data: bytes, name: str = "lamsach-scanner-1-windows.zip") -> Tool:
    """Add a file to the tool catalogue."""
    stored = store(SimpleUploadedFile(name, data), ("zip", "pyz", "pdf"))
    return Tool.objects.create(
        name="Lamsach", publisher="p", licence="l", systems="Windows 10", file_name=stored.name,
        path=stored.path, size=stored.size, sha256=stored.sha256, hidden=True,
    )  # fmt: skip


def take(client: Client, campaign: Campaign, tool: Tool) -> bytes:
    """Download a scanner by the button."""
    answer: Any = client.post(f"/office/fleet/{campaign.pk}/scanner/", {"program": tool.pk})
    assert answer.status_code == 200
    data = b"".join(answer.streaming_content)
    assert int(answer["Content-Length"]) == len(data)
    return data


def unpacked(data: bytes, folder: Path, inside: str = "lamsach-scanner-1/") -> Carried:
    """Read the campaign's files in an issued scanner."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.extractall(folder)
    return read_campaign(folder / inside / "campaign")
