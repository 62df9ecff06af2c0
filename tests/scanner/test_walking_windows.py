"""Walks over Windows' special kinds of files.

Junctions, aliases, cloud placeholders, deduplicated files.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from lamsach.scanner.file_walk import Walk
from lamsach.scanner.findings import Skip

REPARSE, OFFLINE, ON_OPEN, ON_ACCESS = 0x400, 0x1000, 0x40000, 0x400000
JUNCTION, SYMLINK, APP_LINK, CLOUD, DEDUPLICATED = 0xA0000003, 0xA000000C, 0x8000001B, 0x9000601A, 0x80000013


class Windows(Walk):
    """A walk over folders as listed by Windows; `tree` maps folders to their entries."""

    tree: dict[str, list[tuple[str, Any]]]

    def _listed(self, folder: str) -> Iterator[tuple[str, Any]]:
        yield from self.tree.get(folder, [])


def entry(attributes: int = 0, tag: int = 0, *, folder: bool = False, inode: int = 0) -> Any:
    kind = stat.S_IFDIR if folder else stat.S_IFREG
    return SimpleNamespace(
        st_mode=kind | 0o644, st_ino=inode, st_dev=1, st_nlink=1, st_size=9, st_mtime=1.0, st_ctime=1.0,
        st_file_attributes=attributes, st_reparse_tag=tag,
    )  # fmt: skip


def walked(tree: dict[str, list[tuple[str, Any]]]) -> tuple[list[str], list[tuple[str, str]]]:
    skips: list[Skip] = []
    walk = Windows(["top"], skips.append)
    walk.tree = tree
    found = [entry.path for entry in walk._folder("top", 0)]
    return found, [(skip.subject, skip.reason) for skip in skips]


@pytest.mark.parametrize(
    ("attributes", "tag", "reason"),
    [
        (0, 0, ""),
        (REPARSE, DEDUPLICATED, ""),
        (REPARSE, CLOUD, ""),  # also stored on this machine
        (REPARSE | ON_ACCESS, CLOUD, "cloud"),
        (ON_ACCESS | OFFLINE, 0, "cloud"),  # as Windows shows them to most programs
        (ON_OPEN, 0, "cloud"),
        (OFFLINE, 0, "cloud"),
        (REPARSE, APP_LINK, "not_regular"),
        (REPARSE, SYMLINK, "not_regular"),
    ],
)
def test_a_file_is_examined_unless_its_attributes_forbid_it(attributes: int, tag: int, reason: str) -> None:
    found, skips = walked({"top": [("top/a", entry(attributes, tag))]})
    assert (found, skips) == (([], [("top/a", reason)]) if reason else (["top/a"], []))


@pytest.mark.parametrize(
    ("attributes", "tag", "entered"),
    [
        (REPARSE, JUNCTION, False),
        (REPARSE, SYMLINK, False),
        (REPARSE, CLOUD, True),  # the folder of OneDrive
        (REPARSE | OFFLINE, CLOUD, True),
        (0, 0, True),
    ],
)
def test_a_folder_is_entered_unless_it_leads_elsewhere(attributes: int, tag: int, entered: bool) -> None:
    tree = {"top": [("top/b", entry(attributes, tag, folder=True, inode=5))], "top/b": [("top/b/c", entry())]}
    found, skips = walked(tree)
    assert found == (["top/b/c"] if entered else [])
    assert skips == ([] if entered else [("top/b", "not_regular")])
