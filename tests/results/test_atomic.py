"""A result is complete, or the old one remains."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lamsach.errors import OutputError
from lamsach.results.atomic import atomic_file, open_own, own_folder, write_for_owner_only

_LIMITED = """
import resource, signal, sys
from pathlib import Path
from lamsach.errors import OutputError
from lamsach.results.atomic import atomic_file
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    with atomic_file(Path(sys.argv[1])) as stream:
        stream.write(b"x" * 5000)
except OutputError as error:
    sys.exit(0 if error.where == sys.argv[1] and error.what and error.todo else 3)
sys.exit(4)
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def fail_while_writing(path: Path, error: BaseException) -> None:
    with atomic_file(path) as stream:
        stream.write(b"half")
        raise error


@pytest.fixture
def usual_umask() -> Iterator[None]:
    """Set the usual umask, independent of the test run's."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.usefixtures("usual_umask")
def test_writes_a_new_file_and_replaces_an_old_one_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_bytes(b"old")
    path.chmod(0o644)
    with atomic_file(path) as stream:
        stream.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert mode(path) == 0o600
    assert names(tmp_path) == ["report.html"]


@pytest.mark.usefixtures("usual_umask")
def test_files_and_folders_are_their_owners_only_and_a_stricter_umask_holds(tmp_path: Path) -> None:
    own_folder(tmp_path / "a" / "b")
    with open_own(tmp_path / "a" / "b" / "segment") as stream:
        stream.write(b"x")
    assert [mode(tmp_path / "a"), mode(tmp_path / "a" / "b")] == [0o700, 0o700]
    assert mode(tmp_path / "a" / "b" / "segment") == 0o600
    (tmp_path / "shared").mkdir(mode=0o755)
    own_folder(tmp_path / "shared")
    assert mode(tmp_path / "shared") == 0o755, "a folder that somebody else set up is left as it is"
    os.umask(0o277)
    with atomic_file(tmp_path / "strict.html"):
        pass
    assert mode(tmp_path / "strict.html") == 0o400


@pytest.mark.usefixtures("usual_umask")
def test_a_process_can_write_for_its_owner_only(tmp_path: Path) -> None:
    os.umask(0o027)
    write_for_owner_only()
    (tmp_path / "database").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    assert [mode(tmp_path / "database"), mode(tmp_path / "folder")] == [0o600, 0o700]
    os.umask(0o177)
    write_for_owner_only()
    assert os.umask(0o022) == 0o177, "what was stricter stays"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_failed_write_leaves_only_the_old_file(tmp_path: Path, number: int) -> None:
    path = tmp_path / "report.html"
    path.write_bytes(b"old")
    with pytest.raises(OutputError) as caught:
        fail_while_writing(path, OSError(number, os.strerror(number)))
    assert (caught.value.where, bool(caught.value.what), bool(caught.value.todo)) == (str(path), True, True)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["report.html"]


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_bytes(b"old")
    done = subprocess.run([sys.executable, "-c", _LIMITED, str(path)], check=False)
    assert done.returncode == 0
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["report.html"]


def test_an_interruption_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        fail_while_writing(tmp_path / "report.html", KeyboardInterrupt())
    assert names(tmp_path) == []


def test_a_link_is_followed_and_preserved(tmp_path: Path) -> None:
    (tmp_path / "real.html").write_bytes(b"old")
    (tmp_path / "link.html").symlink_to("real.html")
    with atomic_file(tmp_path / "link.html") as stream:
        stream.write(b"new")
    assert (tmp_path / "link.html").is_symlink()
    assert (tmp_path / "real.html").read_bytes() == b"new"


@pytest.mark.parametrize(
    "name",
    ["missing/report.html", "folder", "report\x00.html", "x" * 300 + ".html", "file/report.html", "pipe"],
)
def test_impossible_names_are_one_clear_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OutputError) as caught, atomic_file(tmp_path / name):
        pass
    assert caught.value.what
    assert caught.value.todo


def test_leftovers_of_a_killed_process_are_removed_by_the_next(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from lamsach.results.atomic import atomic_file\n"
        "with atomic_file(Path(sys.argv[1])) as stream: stream.write(b'half'); stream.flush(); "
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "report.html")], check=False)
    (left,) = names(tmp_path)
    assert left.endswith(".tmp")
    alive = left.replace(left.split("-")[2], str(os.getpid()))
    foreign = left.replace(left.split("-")[1], "00000000")
    for name in (alive, foreign):
        (tmp_path / name).write_bytes(b"")
    with atomic_file(tmp_path / "report.html") as stream:
        stream.write(b"whole")
    assert names(tmp_path) == sorted([alive, foreign, "report.html"])
