"""Indicator lists attached to dispatches, added to a list of the unit."""

from __future__ import annotations

import tempfile
from pathlib import Path

from django.core.files.base import ContentFile

from lamsach.indicators.lists import read_list
from lamsach.model import Indicator, Problem
from lamsach.portal.edxml.attachments import content
from lamsach.portal.edxml.models import Message
from lamsach.portal.lists import documents
from lamsach.portal.lists.models import Document, KeptList
from lamsach.portal.units.models import Unit

NAME = "Danh sách kèm văn bản đến"
"""The list's name, in Vietnamese like all official exchange."""
_ENDINGS = "csv txt json jsonl xml stix xlsx xls docx doc pdf zip html htm ods odt"
ENDINGS = frozenset(_ENDINGS.split())


def add_lists(message: Message) -> int:
    """Add each attached file with an indicator, once; return the number added."""
    count = 0
    for row in message.files:
        if row["name"].lower().rpartition(".")[2] not in ENDINGS:
            continue
        data = content(row)
        if not _lists_something(row["name"], data):
            continue
        unit_list = _list_of(message.unit)
        if not Document.objects.filter(list=unit_list, sha256=row["sha256"], withdrawn=None).exists():
            documents.add(unit_list, ContentFile(data), row["name"], message.user)
            count += 1
    return count


def _list_of(unit: Unit) -> KeptList:
    found, _fresh = KeptList.objects.get_or_create(unit=unit, name=NAME)
    return found


def _lists_something(name: str, data: bytes) -> bool:
    """Return whether a file lists at least one indicator."""
    problems: list[Problem] = []
    with tempfile.TemporaryDirectory(prefix="lamsach-edxml-") as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        return any(isinstance(item, Indicator) for item in read_list(str(path), problems.append))
