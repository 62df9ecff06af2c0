"""Filters made anew: after a change of the hash functions, the old ones cannot be asked, and every retro-hunt opens their segments."""

from __future__ import annotations

from lamsach.archive.archive import Entry, Writer
from lamsach.archive.keeping import Kept, rewrite
from lamsach.archive.keys import hash_check
from lamsach.archive.records import REINDEXED
from lamsach.archive.segment import Description, decompress
from lamsach.errors import UnreadableError

BATCH = 64
"""Segments that are rewritten with one record: so many lie in memory at once."""


def reindex(writer: Writer) -> Kept:
    """Make the filters anew of segments whose hashes are others than this version's. The lines stay what they are; damaged segments are left alone."""
    archive, result, hashes = writer.archive, Kept(), hash_check()
    changes: list[tuple[Entry, str, bytes, Description, str]] = []
    for entry in archive.segments():
        try:
            head = archive.head(entry)
            about = head.description
            if about.hashes == hashes or about.filter_count is None:
                continue
            raw = decompress(archive.frame(entry, head), entry.name)
        except UnreadableError:
            continue
        changes.append((entry, head.digest, raw, about, "text"))
        result.segments += 1
        result.lines += about.lines
        if len(changes) == BATCH:
            rewrite(writer, REINDEXED, changes)
            changes = []
    rewrite(writer, REINDEXED, changes)
    return result
