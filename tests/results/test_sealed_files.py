"""Sealed files: only the right key opens them, and a changed file reveals nothing."""

from __future__ import annotations

import base64
import io
import subprocess
from pathlib import Path

import pyrage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.errors import InputError, LamsachError, OutputError, UnreadableError, UsageError
from lamsach.results.sealed import keys, passphrase
from lamsach.results.sealed.files import (
    Keys,
    Seal,
    check_names,
    is_sealed,
    open_plain,
    open_sealed,
    result_suffix,
    sealing,
)
from tests.programs import require_program
from tests.rows import each_row

CHUNK = passphrase.CHUNK_BYTES
SIZES = (0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 5)
OURS, OTHER = keys.new_identity(), keys.new_identity()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make passphrases cheaper than in production."""
    monkeypatch.setattr(passphrase, "WORK_FACTOR", 10)


def sealed(data: bytes, seal: Seal) -> bytes:
    target = io.BytesIO()
    with sealing(target, seal) as stream:
        for start in range(0, len(data), 50_000):
            stream.write(data[start : start + 50_000])
    return target.getvalue()


def plain(data: bytes, held: Keys) -> bytes:
    target = io.BytesIO()
    open_sealed(io.BytesIO(data), target, held, "file.age")
    return target.getvalue()


WAYS = [
    (Seal((OURS[1],)), Keys([OURS[0]]), Keys([OTHER[0]])),
    (Seal((OTHER[1], OURS[1])), Keys([OURS[0]]), Keys()),
    (Seal(passphrase="mật khẩu dài"), Keys(passphrase="mật khẩu dài"), Keys(passphrase="mat khau dai")),
]


@each_row("way", WAYS)
def test_a_sealed_file_is_opened_by_its_key_alone(way: tuple[Seal, Keys, Keys]) -> None:
    seal, right, wrong = way
    for size in SIZES:
        data = bytes(number % 251 for number in range(size))
        file = sealed(data, seal)
        assert is_sealed(io.BytesIO(file))
        assert data not in file or not data[1:]
        assert plain(file, right) == data
    with pytest.raises(InputError, match=r"None of the keys|does not open"):
        plain(file, wrong)


@settings(max_examples=60)
@given(
    way=st.sampled_from(WAYS),
    place=st.floats(0, 1, exclude_max=True),
    bit=st.integers(0, 7),
    cut=st.booleans(),
)
def test_a_changed_or_shortened_file_gives_one_clear_error(
    way: tuple[Seal, Keys, Keys], place: float, bit: int, cut: bool
) -> None:
    seal, right, _ = way
    file = bytearray(KEPT[seal])
    at = int(place * len(file))
    if cut:
        del file[at:]
    else:
        file[at] ^= 1 << bit
    with pytest.raises(InputError) as caught:
        plain(bytes(file), right)
    assert caught.value.where == "file.age"


LIBRARYS = (
    "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHNjcnlwdCBnQVVBcFNVQkJ4V2FhNlEvcUZ2SDZnIDE3CjRSSlBET0NUelRQR1FIWU9KRzJ"
    "WMmxaUUZuWUVxVzEvRzlxdTFPSHdqaTAKLS0tIGR3K24yMGRPcHRScWRjdFpTTzdMNnlXYlV0Y3J5NjhjSnlxdGtnbWFkWm8KPYAG37"
    "Ar0Xh8S3AqAUB7miVCn0Vc8ziTz9Mk/iK80yaDAL4SEfw6HA=="
)
"""Output of pyrage.passphrase.encrypt(b"xin chao", "một hai")."""
KEPT: dict[Seal, bytes] = {}


@pytest.fixture(autouse=True, scope="module")
def seal_files() -> None:
    """Seal a file in each way, once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passphrase, "WORK_FACTOR", 4)
        for seal, _, _ in WAYS:
            KEPT[seal] = sealed(b"lines of a list\n" * 6000, seal)


def test_passphrases_are_those_of_the_library() -> None:
    data = bytes(range(256)) * 700
    assert pyrage.passphrase.decrypt(sealed(data, Seal(passphrase="một hai")), "một hai") == data
    assert plain(base64.b64decode(LIBRARYS), Keys(passphrase="một hai")) == b"xin chao"


def test_the_age_program_opens_them(tmp_path: Path) -> None:
    require_program("age")
    (tmp_path / "key").write_text(OURS[0] + "\n")
    (tmp_path / "file.age").write_bytes(sealed(b"xin chao", WAYS[0][0]))
    ran = subprocess.run(
        ["age", "-d", "-i", tmp_path / "key", tmp_path / "file.age"], capture_output=True, check=True
    )
    assert ran.stdout == b"xin chao"


def test_a_file_that_needs_a_gigabyte_or_more_is_refused_immediately() -> None:
    file = sealed(b"a", Seal(passphrase="a")).replace(b" 10\n", b" 30\n", 1)
    with pytest.raises(UnreadableError, match="damaged"):
        plain(file, Keys(passphrase="a"))


class Full(io.BytesIO):
    """Disk that is full."""

    def write(self, data: object) -> int:
        raise OSError(28, "No space left on device")


@each_row("way", WAYS)
def test_an_error_on_either_side_is_raised_as_it_is(way: tuple[Seal, Keys, Keys]) -> None:
    seal, right, _ = way
    with pytest.raises(OSError, match="No space"), sealing(Full(), seal) as stream:
        stream.write(bytes(2_000_000))
    with pytest.raises(ValueError, match="ours"), sealing(io.BytesIO(), seal):
        raise ValueError("ours")
    with pytest.raises(OSError, match="No space"):
        open_sealed(io.BytesIO(KEPT[seal]), Full(), right)


def test_nothing_of_a_damaged_file_remains(tmp_path: Path) -> None:
    path = tmp_path / "backup.zip.age"
    path.write_bytes(KEPT[WAYS[0][0]][:-1])
    with pytest.raises(UnreadableError), open_plain(path, WAYS[0][1], tmp_path):
        raise AssertionError("it was opened")
    assert list(tmp_path.iterdir()) == [path]
    path.write_bytes(KEPT[WAYS[0][0]])
    with open_plain(path, WAYS[0][1], tmp_path) as found:
        assert (found.name, found.stat().st_mode & 0o077 & found.parent.stat().st_mode) == ("backup.zip", 0)
        assert found.read_bytes().startswith(b"lines of a list\n")
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_not_sealed_is_opened_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "old.zip"
    path.write_bytes(b"PK")
    with open_plain(path, Keys()) as found:
        assert found == path


def test_keys_are_written_once_and_for_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "backup.key"
    public = keys.write_identity(path)
    assert path.stat().st_mode & 0o777 == 0o600
    (identity,) = keys.identities([path])
    assert keys.public_of(identity) == public
    with pytest.raises(OutputError, match="there already"):
        keys.write_identity(path)
    assert keys.identities([path]) == (identity,)


def test_whom_a_file_is_sealed_to(tmp_path: Path) -> None:
    many, secret, empty = (tmp_path / name for name in ("keys.txt", "secret.key", "empty"))
    many.write_text(f"# hai đơn vị\n{OURS[1]}\n\n{OTHER[1]}\n")
    secret.write_text(OURS[0])
    empty.write_text("# nothing\n")
    assert keys.recipients([OURS[1], str(many)]) == (OURS[1], OTHER[1])
    for word in (OURS[1][:-1], str(secret), str(empty), str(tmp_path / "none"), "ssh-ed25519 AAAA"):
        with pytest.raises(LamsachError) as caught:
            keys.recipients([word])
        assert OURS[0] not in str(caught.value)
    with pytest.raises(InputError, match="no private key"):
        keys.identities([many])
    (tmp_path / "p").write_text("mật khẩu\nline\n")
    assert keys.read_passphrase(tmp_path / "p") == "mật khẩu"
    with pytest.raises(InputError, match="empty"):
        keys.read_passphrase(Path("/dev/null"))


def test_secrets_are_in_no_display() -> None:
    assert "dài" not in repr(Seal(passphrase="dài")) + repr(Keys(passphrase="dài"))
    assert OURS[0] not in repr(Keys([OURS[0]]))


@each_row(
    "row",
    [
        ((), False, True),
        (("a.html", "b.zip.age"), True, True),
        (("a.html",), False, True),
        (("a.zip.age",), False, False),
        (("a.html",), True, False),
        ((), True, False),
    ],
)
def test_names_and_keys_go_together(row: tuple[tuple[str, ...], bool, bool]) -> None:
    names, given_key, fine = row
    seal = Seal((OURS[1],)) if given_key else Seal()
    if fine:
        check_names([Path(name) for name in names], seal)
        return
    with pytest.raises(UsageError):
        check_names([Path(name) for name in names], seal)


def test_the_suffix_is_that_of_the_sealed_file() -> None:
    assert [result_suffix(Path(name)) for name in ("a.zip.age", "a.ZIP", "a.age", "a")] == [
        ".zip",
        ".zip",
        "",
        "",
    ]
