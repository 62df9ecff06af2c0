"""Scanners in the catalogue: recognized by content, accepted, shown; files added to their zip."""

from __future__ import annotations

import io
import os
import subprocess
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from lamsach.errors import UnreadableError
from lamsach.portal.fleet.filled_zip import add_files
from lamsach.portal.fleet.scanners import program_of, programs
from lamsach.portal.public.models import Tool

from .conftest import Browser, Cast
from .scanner_samples import catalogued, plain

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("before", [b"", b"#!/usr/bin/env python3\n"])
def test_only_new_members_are_written(before: bytes, tmp_path: Path) -> None:
    base = before + plain()
    filled = add_files(io.BytesIO(base), [("campaign/một", 3, io.BytesIO(b"abc")), ("b", 0, io.BytesIO())])
    size, data = filled.size, b"".join(filled.pieces())
    assert size == len(data)
    with zipfile.ZipFile(io.BytesIO(base)) as old, zipfile.ZipFile(io.BytesIO(data)) as new:
        assert data[: old.start_dir] == base[: old.start_dir]
        assert new.testzip() is None
        assert new.namelist() == [*old.namelist(), "campaign/một", "b"]
        assert {name: new.read(name) for name in old.namelist()} == {n: old.read(n) for n in old.namelist()}
        assert [info.external_attr for info in new.infolist()[-2:]] == [0o644 << 16] * 2
    (tmp_path / "a.zip").write_bytes(data)
    if before == b"":
        ran = subprocess.run(["unzip", "-tq", str(tmp_path / "a.zip")], capture_output=True, check=False)
        assert ran.returncode == 0, ran.stdout
    second = add_files(io.BytesIO(base), [("campaign/một", 3, io.BytesIO(b"abc")), ("b", 0, io.BytesIO())])
    assert b"".join(second.pieces()) == data


def test_a_large_bundle_needs_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.zip"
    with zipfile.ZipFile(path, "w") as archive, archive.open("lib/large", "w") as member:
        for _ in range(40):
            member.write(bytes(1 << 20))
    (tmp_path / "list").write_bytes(os.urandom(3 << 20))
    tracemalloc.start()
    try:
        filled = add_files(path.open("rb"), [("list", 3 << 20, (tmp_path / "list").open("rb"))])
        assert sum(len(piece) for piece in filled.pieces()) == filled_size(path, tmp_path / "list")
        assert tracemalloc.get_traced_memory()[1] < 9 << 20
    finally:
        tracemalloc.stop()


def filled_size(path: Path, listed: Path) -> int:
    """Return the size of the same zip, written conventionally."""
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.write(listed, "list")
    return path.stat().st_size


@pytest.mark.parametrize("data", [b"", b"PK\x05\x06", b"text" * 100, plain()[:-30]])
def test_a_damaged_bundle_is_refused(data: bytes) -> None:
    base = io.BytesIO(data)
    with pytest.raises(UnreadableError):
        add_files(base, [])
    assert base.closed


def test_an_aborted_download_closes_everything() -> None:
    base = io.BytesIO(plain())
    pieces = add_files(base, [("a", 1, io.BytesIO(b"a"))]).pieces()
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    assert base.closed


@pytest.mark.parametrize(
    ("data", "name", "found"),
    [
        (plain(), "a.zip", ("lamsach-scanner-1/", True)),
        (b"#!/usr/bin/env python3.13\n" + plain(""), "a.pyz", ("", True)),
        (plain(key=b"ab" * 32), "a.zip", ("lamsach-scanner-1/", True)),
        (plain(key=b"@PUBLIC_KEY@"), "a.zip", None),
        (plain("a/b/"), "a.zip", None),
        (plain(**{"campaign/key": b""}), "a.zip", None),
        (b"PK\x03\x04" + b"x" * 99, "a.zip", None),
        (b"%PDF-1.7", "a.pdf", None),
    ],
)
def test_a_scanner_is_recognized_by_content(data: bytes, name: str, found: Any) -> None:
    program = program_of(catalogued(data, name))
    assert (program and (program.inside, program.windows)) == found


def test_the_catalogue_accepts_the_single_file(browser: Browser) -> None:
    fields = {"name": "Lamsach", "publisher": "p", "licence": "l", "systems": "Linux", "purpose": ""}
    for data in (b"#!/usr/bin/env python3.13\n" + plain(""), b"MZ"):
        file = SimpleUploadedFile("lamsach.pyz", data)
        browser("administrator").post("/office/tools/", {**fields, "file": file, "size": "", "sha256": ""})
    assert [program.tool.file_name for program in programs()] == ["lamsach.pyz"]
    assert Tool.objects.count() == 1


def test_the_public_page_marks_scanners_without_lists(cast: Cast) -> None:
    client = cast.client("officer")
    for data, text in ((plain(), True), (b"PK\x03\x04 another program", False)):
        tool = catalogued(data)
        Tool.objects.filter(pk=tool.pk).update(hidden=False)
        page = client.get("/clean/").content.decode()
        assert tool.sha256 in page
        assert ("none of the campaign" in page) is text
        tool.delete()
