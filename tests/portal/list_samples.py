"""Lists for the tests: the centre's list with a document, a released version, a source, an outlet.

All values are made up.
"""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from lamsach.portal.lists import documents, outlets, releases, versions
from lamsach.portal.lists.models import Document, KeptList, Origin, Outlet, Tlp, Version

TEXT = "bot-c2.xyz\n45.155.37.7\nhttps://evil-b.xyz/a\n" + "5f" * 16 + "\n"


def kept(cast: Any, name: str = "Danh sách chung") -> KeptList:
    """The centre's list."""
    found, _ = KeptList.objects.get_or_create(
        unit=cast.centre, name=name, defaults={"created_by": cast.people["coordinator"], "days": 0}
    )
    return found


def add(cast: Any, text: str, name: str = "phu-luc.txt", of: KeptList | None = None) -> Document:
    """A document that was read."""
    file = SimpleUploadedFile(name, text.encode())
    made = documents.add(of or kept(cast), file, name, cast.people["coordinator"])
    documents.read(made.pk)
    made.refresh_from_db()
    return made


def document(cast: Any) -> Document:
    """The list's document."""
    return Document.objects.filter(list=kept(cast)).first() or add(cast, TEXT)


def released(cast: Any) -> Version:
    """The list's first version."""
    found = versions.latest(kept(cast))
    if found is None:
        document(cast)
        releases.release(kept(cast).pk, "Bản đầu", cast.people["coordinator"])
        found = versions.latest(kept(cast))
    assert found is not None
    return found


def again(cast: Any, note: str = "Bản mới") -> Version:
    """Another version, with what has changed since."""
    releases.release(kept(cast).pk, note, cast.people["coordinator"])
    found = versions.latest(kept(cast))
    assert found is not None
    return found


def origin(cast: Any, url: str = "https://feeds.example.vn/list.txt") -> Origin:
    """A source of the list."""
    found, _ = Origin.objects.get_or_create(list=kept(cast), name="Nguồn", defaults={"url": url})
    return found


def outlet(cast: Any, writer: str = "edl", **fields: Any) -> tuple[Outlet, str]:
    """An outlet of the list and its token."""
    said = {"name": "fw01", "writer": writer, "tlp": Tlp.AMBER, "confidence": 0, "part": 1000, **fields}
    return outlets.issue(kept(cast), cast.people["coordinator"], **said)
