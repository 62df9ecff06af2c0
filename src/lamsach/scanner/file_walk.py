"""Every regular file under some folders, once, in bounded memory. Links are never followed."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from lamsach.scanner.findings import Skip
from lamsach.scanner.options import Limits
from lamsach.scanner.safe_open import reason_of

PSEUDO = frozenset(
    [
        "proc",
        "sysfs",
        "devtmpfs",
        "devpts",
        "cgroup",
        "cgroup2",
        "securityfs",
        "debugfs",
        "tracefs",
        "configfs",
        "fusectl",
        "pstore",
        "bpf",
        "mqueue",
        "hugetlbfs",
        "efivarfs",
        "binfmt_misc",
        "autofs",
        "rpc_pipefs",
        "nsfs",
        "selinuxfs",
        "ramfs_proc",
        "fuse.gvfsd-fuse",
        "fuse.portal",
        "fuse.lxcfs",
    ]
)
"""File systems without files on a disk."""
REMOTE = frozenset(
    [
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "9p",
        "ceph",
        "fuse.sshfs",
        "fuse.rclone",
        "fuse.s3fs",
        "afs",
        "glusterfs",
        "lustre",
    ]
)
"""File systems of other machines."""


@dataclass(frozen=True, slots=True)
class Mounts:
    """The kind of each mounted file system, by device number."""

    kinds: dict[int, str]

    def refusal(self, device: int) -> str | None:
        """Return the reason not to walk a file system (a code of `labels.SKIPS`), or None."""
        kind = self.kinds.get(device, "")
        if kind in PSEUDO:
            return "pseudo"
        return "remote" if kind in REMOTE else None


def read_mounts(path: str = "/proc/self/mountinfo") -> Mounts:
    """Read the mounted file systems; none where the system has no such list."""
    kinds: dict[int, str] = {}
    if sys.platform == "win32":
        return Mounts(kinds)
    try:
        text = Path(path).read_text("utf-8", "surrogateescape")
    except OSError:
        return Mounts(kinds)
    # 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
    for line in text.splitlines():
        left, separator, right = line.partition(" - ")
        fields = left.split()
        if not separator or len(fields) < 5:
            continue
        major, _, minor = fields[2].partition(":")
        if major.isdigit() and minor.isdigit():
            kinds[os.makedev(int(major), int(minor))] = right.split(" ", 1)[0]
    return Mounts(kinds)


HARD_LINKS_MAX = 200_000
_REPARSE_POINT = 0x400
"""FILE_ATTRIBUTE_REPARSE_POINT: junctions and links, but also deduplicated or cloud files."""
_NAME_SURROGATE, _APP_LINK = 0x20000000, 0x8000001B
"""Bit of a reparse tag for another place (IsReparseTagNameSurrogate); IO_REPARSE_TAG_APPEXECLINK."""
_REMOTE_CONTENT = 0x1000 | 0x40000 | 0x400000
"""FILE_ATTRIBUTE_OFFLINE, RECALL_ON_OPEN, RECALL_ON_DATA_ACCESS: reading makes Windows fetch it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file to examine: path, size in bytes and time of change according to the folder."""

    path: str
    size: int
    changed: float


@dataclass(slots=True)
class Walk:
    """A walk over folders.

    `names` collects the further names of hard-linked files, which are examined once.
    """

    roots: Sequence[str]
    on_skip: Callable[[Skip], None]
    limits: Limits = field(default_factory=Limits)
    exclude: Sequence[str] = ()
    since: float | None = None
    mounts: Mounts = field(default_factory=read_mounts)
    names: dict[str, list[str]] = field(default_factory=dict)
    _first: dict[tuple[int, int], str] = field(default_factory=dict)
    _folders: set[tuple[int, int]] = field(default_factory=set)
    _entries: int = 0

    def __iter__(self) -> Iterator[Entry]:
        for root in self.roots:
            yield from self._root(root)

    def _root(self, root: str) -> Iterator[Entry]:
        try:
            status = os.lstat(root)
        except (OSError, ValueError) as error:
            self._skip(root, reason_of(error) if isinstance(error, OSError) else "unreadable")
            return
        if stat.S_ISDIR(status.st_mode):
            yield from self._folder(root, status.st_dev)
        else:
            yield from self._entry(root, status)

    def _folder(self, top: str, device: int) -> Iterator[Entry]:
        if reason := self.mounts.refusal(device):
            self._skip(top, reason)
            return
        waiting = [(top, 0)]
        while waiting:
            folder, depth = waiting.pop()
            inner: list[tuple[str, int]] = []
            for path, status in self._listed(folder):
                self._entries += 1
                if self._entries > self.limits.entries:
                    self._skip(folder, "too_many")
                    return
                if stat.S_ISDIR(status.st_mode) and not _is_redirect(status):
                    if self._enters(path, status, depth):
                        inner.append((path, depth + 1))
                else:
                    yield from self._entry(path, status)
            waiting += reversed(inner)

    def _listed(self, folder: str) -> Iterator[tuple[str, os.stat_result]]:
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    try:
                        yield entry.path, entry.stat(follow_symlinks=False)
                    except OSError as error:
                        self._skip(entry.path, reason_of(error))
        except (OSError, ValueError) as error:
            self._skip(folder, reason_of(error) if isinstance(error, OSError) else "unreadable")

    def _enters(self, path: str, status: os.stat_result, depth: int) -> bool:
        if self._excluded(path):
            self._skip(path, "excluded")
            return False
        if depth >= self.limits.depth:
            self._skip(path, "too_deep")
            return False
        if reason := self.mounts.refusal(status.st_dev):
            self._skip(path, reason)
            return False
        if status.st_ino:
            place = (status.st_dev, status.st_ino)
            if place in self._folders:
                return False  # the same folder mounted at a second place
            self._folders.add(place)
        return True

    def _entry(self, path: str, status: os.stat_result) -> Iterator[Entry]:
        if stat.S_ISLNK(status.st_mode):
            return  # its target is examined at its own path
        if not stat.S_ISREG(status.st_mode) or _is_redirect(status):
            self._skip(path, "not_regular")
            return
        if _attributes(status) & _REMOTE_CONTENT:
            self._skip(path, "cloud")
            return
        if self._excluded(path):
            self._skip(path, "excluded")
            return
        changed = max(status.st_mtime, status.st_ctime)
        if self.since is not None and changed < self.since:
            self._skip(path, "older")
            return
        if status.st_nlink > 1 and len(self._first) < HARD_LINKS_MAX:
            first = self._first.setdefault((status.st_dev, status.st_ino), path)
            if first != path:
                self.names.setdefault(first, []).append(path)
                return
        yield Entry(path, status.st_size, changed)

    def _excluded(self, path: str) -> bool:
        return any(path == pattern or fnmatch(path, pattern) for pattern in self.exclude)

    def _skip(self, path: str, reason: str) -> None:
        self.on_skip(Skip(path, reason))


def _attributes(status: os.stat_result) -> int:
    """Return Windows' attributes of a file; 0 elsewhere."""
    return int(getattr(status, "st_file_attributes", 0))


def _is_redirect(status: os.stat_result) -> bool:
    """Return whether it is a junction, link or alias: its target is examined at its own path."""
    tag = int(getattr(status, "st_reparse_tag", 0))
    return bool(_attributes(status) & _REPARSE_POINT) and (bool(tag & _NAME_SURROGATE) or tag == _APP_LINK)
