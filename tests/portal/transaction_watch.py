"""Watch over files of others: none is read while a transaction is open."""

from __future__ import annotations

import csv
import hashlib
import sys
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import UploadedFile

from lamsach.indicators.files import source as opening
from lamsach.portal.base.storage import Folder
from lamsach.portal.mail import inbox

WATCHED = {
    "test_awareness", "test_campaign_answers", "test_campaigns", "test_cases_evidence",
    "test_cases_past_days", "test_exchange", "test_exchange_hostile", "test_exchange_payloads",
    "test_exchange_upward", "test_findings", "test_findings_devices", "test_findings_programs",
    "test_fleet_programs", "test_fleet_scanner", "test_inbox", "test_inbox_parser", "test_lists",
    "test_lists_review", "test_lists_versions", "test_mailbox", "test_reports_carried",
    "test_reports_received", "test_support", "test_units", "test_uploads",
}  # fmt: skip
"""Modules whose tests hand in files of every kind, and open no transaction of their own around it."""


def watch(monkeypatch: pytest.MonkeyPatch, is_open: Callable[[], bool]) -> None:
    """Have everything that reads files of others fail while a transaction is open."""

    def watched(read: Callable[..., Any]) -> Callable[..., Any]:
        def reading(*args: Any, **options: Any) -> Any:
            mode = options.get("mode", args[2] if len(args) > 2 else "r") if read is opened else "r"
            assert mode != "r" or not is_open() or _is_ours(), "a file is read while a transaction is open"
            return read(*args, **options)

        return reading

    opened: Any = zipfile.ZipFile.__init__
    monkeypatch.setattr(zipfile.ZipFile, "__init__", watched(opened))
    monkeypatch.setattr(csv, "reader", watched(csv.reader))
    monkeypatch.setattr(opening.ListSource, "__init__", watched(opening.ListSource.__init__))
    monkeypatch.setattr(inbox, "parse", watched(inbox.parse))
    monkeypatch.setattr(hashlib, "file_digest", watched(hashlib.file_digest))
    monkeypatch.setattr(Folder, "_save", watched(Folder._save))
    monkeypatch.setattr(UploadedFile, "chunks", watched(UploadedFile.chunks))
    monkeypatch.setattr(UploadedFile, "read", property(lambda file: watched(file.file.read)))


_OURS = ("letters/docx_.py", "portal/fleet/filling.py", "docx/opc/phys_pkg.py")
"""Modules that open files of our own: templates, programs."""


def _is_ours() -> bool:
    frame = sys._getframe(2)
    while frame.f_back is not None:
        if frame.f_code.co_filename.endswith(_OURS):
            return True
        frame = frame.f_back
    return False
