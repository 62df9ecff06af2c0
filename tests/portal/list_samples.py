"""Samples of lists: the centre's list with a document, a released version, a source, an outlet; invented."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from lamsach.portal.lists import documents, outlets, releases, versions
from lamsach.portal.lists.models import Document, KeptList, Origin, Outlet, Tlp, Version

TEXT = "bot-c2.xyz\n45.155.37.7\nhttps://evil-b.xyz/a\n" + "5f" * 16 + "\n"


def kept_list(cast: Any, name: str = "Danh sách chung", **fields: Any) -> KeptList:
    """Return the centre's list, with these fields changed."""
    found, _ = KeptList.objects.update_or_create(
        unit=cast.centre,
        name=name,
        defaults=fields,
        create_defaults={"created_by": cast.people["coordinator"], "days": 0, **fields},
    )
    return found


def add(cast: Any, text: str, name: str = "phu-luc.txt", of: KeptList | None = None) -> Document:
    """Add and read a document."""
    file = SimpleUploadedFile(name, text.encode())
    made = documents.add(of or kept_list(cast), file, name, cast.people["coordinator"])
    documents.read(made.pk)
    made.refresh_from_db()
    return made


def document(cast: Any) -> Document:
    """Return the list's document."""
    return Document.objects.filter(list=kept_list(cast)).first() or add(cast, TEXT)


def released(cast: Any) -> Version:
    """Return the list's newest version, releasing a first one if needed."""
    found = versions.latest(kept_list(cast))
    if found is None:
        document(cast)
        releases.release(kept_list(cast).pk, "Bản đầu", cast.people["coordinator"])
        found = versions.latest(kept_list(cast))
    assert found is not None
    return found


def next_version(cast: Any, note: str = "Bản mới") -> Version:
    """Release another version."""
    releases.release(kept_list(cast).pk, note, cast.people["coordinator"])
    found = versions.latest(kept_list(cast))
    assert found is not None
    return found


def values(version: Version) -> set[str]:
    """Return the values of a version."""
    return {item.value for item in versions.values(version)}


def origin(cast: Any, url: str = "https://feeds.example.vn/list.txt") -> Origin:
    """Return a source of the list."""
    found, _ = Origin.objects.get_or_create(list=kept_list(cast), name="Nguồn", defaults={"url": url})
    return found


def outlet(cast: Any, writer: str = "edl", **fields: Any) -> tuple[Outlet, str]:
    """Issue an outlet of the list; return it and its token."""
    settings = {"name": "fw01", "writer": writer, "tlp": Tlp.AMBER, "confidence": 0, "part": 1000, **fields}
    return outlets.issue(kept_list(cast), cast.people["coordinator"], **settings)
