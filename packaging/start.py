# ruff: noqa: PTH100, PTH103, PTH104, PTH111, PTH112, PTH118, PTH123 - as little as possible is loaded before
# it runs
"""The first module of the single-file scanner: unpacks itself once into a private folder, then runs from
there.

Compiled libraries cannot be loaded from within a zip file. Standard library only.
"""

import hashlib
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time
import zipfile

PYTHONS = "@PYTHONS@"
"""Those whose compiled libraries it holds, the oldest first."""


KEPT_S = 30 * 86400
CANNOT_RUN = 5
"""The exit status of the scanner for an input that cannot be used; 1 would say that nothing was found."""


def end(text: str) -> None:
    """Say why it cannot run, and end."""
    sys.stderr.write(text + "\n")
    sys.exit(CANNOT_RUN)


def home() -> str:
    """Folder of the unpacked program: below /var/lib for root, since sudo may keep another's HOME."""
    if os.geteuid() == 0:
        return "/var/lib/lamsach"
    return os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "lamsach")


def private_folder() -> str:
    """That folder, made if need be, which only this user can change."""
    base = home()
    os.makedirs(base, mode=0o700, exist_ok=True)
    check(base)
    return base


def check(folder: str) -> None:
    """End when the folder is not this user's own, or others may write into it."""
    status = os.lstat(folder)
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
        end(f"{folder}: not safe to run from: it belongs to somebody else, or others may write into it.")


def unpacked(archive: str) -> str:
    """The folder with this archive's content, unpacked if it is not there yet."""
    with open(archive, "rb") as stream:
        digest = hashlib.sha256(stream.read()).hexdigest()
    base = private_folder()
    folder = os.path.join(base, f"scanner-{digest[:32]}")
    if not os.path.isdir(folder):
        temporary = tempfile.mkdtemp(prefix=".scanner-", dir=base)
        try:
            with zipfile.ZipFile(archive) as packed:
                packed.extractall(temporary)
            os.rename(temporary, folder)
        except OSError:
            shutil.rmtree(temporary, ignore_errors=True)
            if not os.path.isdir(folder):
                raise
    check(folder)
    os.utime(folder)
    tidy(base)
    return folder


def tidy(base: str) -> None:
    """Remove what earlier versions unpacked here and nobody has started for a month."""
    for entry in os.scandir(base):
        ours = entry.name.startswith(("scanner-", ".scanner-")) and entry.is_dir(follow_symlinks=False)
        if ours and entry.stat(follow_symlinks=False).st_mtime < time.time() - KEPT_S:
            shutil.rmtree(entry.path, ignore_errors=True)


def another() -> str:
    """Another Python of this machine whose libraries this file holds, the newest first.

    Ends the program when there is none.
    """
    for version in reversed(PYTHONS.split()):
        found = shutil.which("python" + version)
        if found and version_of(found) == version:
            return found
    oldest, newest = PYTHONS.split()[0], PYTHONS.split()[-1]
    end(f"This file needs Python {oldest} to {newest}, and this one is {sys.version.split()[0]}.")
    return ""


def version_of(python: str) -> str:
    """The version of a Python, by its own word; nothing for what does not run.

    One without the interpreter lock has a t behind it, since it needs other libraries.
    """
    code = (
        "import sys, sysconfig as s; print(*sys.version_info[:2], bool(s.get_config_var('Py_GIL_DISABLED')))"
    )
    ran = subprocess.run([python, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    found = re.match(r"(\d+) (\d+) (False|True)\s*$", ran.stdout.decode("ascii", "replace"))
    return f"{found[1]}.{found[2]}{'t' if found[3] == 'True' else ''}" if found else ""


def main() -> None:
    """Run the scanner's command line."""
    if version_of(sys.executable) not in PYTHONS.split():
        found = another()
        os.execv(found, [found, *sys.argv])  # noqa: S606 - no shell is wanted
    folder = unpacked(os.path.abspath(sys.argv[0]))
    sys.path[:0] = [os.path.join(folder, "app"), os.path.join(folder, "lib")]
    from lamsach_scanner import main as run

    run()


if __name__ == "__main__":
    main()
