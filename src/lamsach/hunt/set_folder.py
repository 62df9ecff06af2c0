"""Folder of a list's compiled set in the cache. Loads neither numpy nor the compiler, so that a look-up of one value is quick."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from lamsach import __version__
from lamsach.hunt.cache import cache_folder, sources_digest
from lamsach.hunt.list_digest import digest_of

LAYOUT = 3
"""Counts the layouts of the folder's files: `lists` writes them, `lists` and `plain_set` read them."""


def set_folder(documents: Sequence[str]) -> Path | None:
    """The folder of these documents' set, which need not be there: named by a digest of their bytes and names, of this version and of the kernel.

    None when one of them is no plain file, so that nothing of it can be kept.
    """
    digest = hashlib.sha256(f"{LAYOUT} {__version__} {sources_digest()}".encode())
    for document in documents:
        path = Path(document)
        if not path.is_file():
            return None
        try:
            digest.update(f"\0{document}\0".encode("utf-8", "surrogatepass"))
            digest.update(digest_of(path))
        except OSError:
            return None
    return cache_folder() / "lists" / digest.hexdigest()[:32]
