"""Which releases a set of lists is made of, as they say of themselves: so that a hunt with several lists names the version of each."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable
from pathlib import Path

from lamsach.documents.archive import ZIP_ERRORS
from lamsach.indicators.files.opening import RELEASE_MEMBERS
from lamsach.model import ListVersion

_MOST = 1024 * 1024
_TEXT = 200


def stated_version(document: str) -> ListVersion | None:
    """Return what a signed release says of itself; None for any other list. The signature is not looked at: `lamsach indicators verify` does."""
    try:
        path = Path(document)
        with path.open("rb") as stream:
            if stream.read(4) != b"PK\x03\x04":
                return None
        with zipfile.ZipFile(path) as archive:
            if set(archive.namelist()) != RELEASE_MEMBERS:
                return None
            with archive.open("manifest.json") as member:
                said = json.loads(member.read(_MOST))
        return ListVersion(
            document, str(said["name"])[:_TEXT], int(said["version"]), str(said["digest"])[:64]
        )
    except (*ZIP_ERRORS, TypeError):
        return None


def stated_versions(documents: Iterable[str]) -> tuple[ListVersion, ...]:
    """Those of the documents that are signed releases, in order."""
    return tuple(found for document in documents if (found := stated_version(document)) is not None)
