"""File systems that are disks: those made by the kernel or located on another machine are not walked.

proc(5), "/proc/pid/mountinfo".
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

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
"""File systems that hold no files of a disk."""
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
        """Return why a file system is not walked (a code of `words.SKIPS`), or None."""
        kind = self.kinds.get(device, "")
        if kind in PSEUDO:
            return "pseudo"
        return "remote" if kind in REMOTE else None


def read_mounts(path: str = "/proc/self/mountinfo") -> Mounts:
    """The mounted file systems; none where the system has no such list."""
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
