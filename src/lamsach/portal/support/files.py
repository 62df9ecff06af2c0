"""Files that come with questions: few, small, of a kind that a desk can look at without harm."""

from __future__ import annotations

import zipfile
from typing import Any

from django.core import signing
from django.core.files.storage import default_storage

from lamsach.documents.archive import ZIP_ERRORS
from lamsach.errors import InputError, LamsachError, LimitError
from lamsach.i18n import mark
from lamsach.portal.base.uploads import Kept, keep

KINDS = ("pdf", "docx", "xlsx", "png", "jpg", "jpeg", "txt", "csv")
LARGEST_BYTES = 10_000_000
MOST = 5
_SALT = "lamsach.question-files"


def kept(files: list[Any]) -> list[Kept]:
    """Store the files of a form. LamsachError for the first that may not be kept; then none counts."""
    if len(files) > MOST:
        raise LimitError(mark("At most five files can be sent with a question."))
    found = []
    for file in files:
        if file.size > LARGEST_BYTES:
            raise LimitError(mark("A file is larger than 10 MB."), file.name[:100])
        _check_office(file)
        found.append(keep(file, KINDS))
    return found


def _check_office(file: Any) -> None:
    """An office document has to be one, and to hold no macros (ECMA-376 part 2: its parts are members of a ZIP archive)."""
    if not file.name.lower().endswith((".docx", ".xlsx")):
        return
    try:
        with zipfile.ZipFile(file) as archive:
            names = {name.lower() for name in archive.namelist()[:10_000]}
    except ZIP_ERRORS as problem:
        raise InputError(mark("The file's content does not fit its name."), file.name[:100]) from problem
    finally:
        file.seek(0)
    if "[content_types].xml" not in names:
        raise InputError(mark("The file's content does not fit its name."), file.name[:100])
    if any(name.endswith("vbaproject.bin") for name in names):
        raise InputError(mark("Documents with macros are not taken."), file.name[:100])


def carried(files: list[Kept]) -> str:
    """The files as a signed word for a hidden field, so that nobody has to choose them again after looking at the articles."""
    return signing.dumps([[file.name, file.path, file.size, file.sha256] for file in files], salt=_SALT)


def from_carried(word: str) -> list[Kept]:
    """The files of such a word; none when it is not ours or older than a day."""
    try:
        rows = signing.loads(word, salt=_SALT, max_age=86_400)
        return [Kept(*row) for row in rows if default_storage.exists(row[1])]
    except (signing.BadSignature, LamsachError, TypeError, ValueError):
        return []
