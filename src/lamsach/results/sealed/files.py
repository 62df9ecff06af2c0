"""Sealing of a stream while it is written, and complete opening of a sealed file before use."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from lamsach.errors import InputError, UnreadableError, UsageError
from lamsach.i18n import mark
from lamsach.runtime.extras import require

SUFFIX = ".age"
_BINARY, _ARMOURED = b"age-encryption.org/v1\n", b"-----BEGIN AGE ENCRYPTED FILE-----"
_SCRYPT = _BINARY + b"-> scrypt "
_DAMAGED = mark("The sealed file is damaged: it was changed or cut short.")
_AGAIN = mark("Ask for it again. Nothing in it was used.")


@dataclass(frozen=True, slots=True)
class Seal:
    """Receiver of a sealed file: recipients (`age1...`), or a passphrase, which is never shown."""

    recipients: tuple[str, ...] = ()
    passphrase: str = ""

    def __repr__(self) -> str:
        return f"Seal({self.recipients})"

    def __bool__(self) -> bool:
        return bool(self.recipients or self.passphrase)


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """Keys that open a file: private texts of identities, or a passphrase."""

    identities: Sequence[str] = ()
    passphrase: str = ""


def result_suffix(path: Path) -> str:
    """Return the suffix that selects the writer; the `.age` of a sealed file is skipped."""
    return (path.with_suffix("") if path.suffix.lower() == SUFFIX else path).suffix.lower()


def seal_for(path: Path, seal: Seal | None) -> Seal:
    """Return the seal for a file of this name: the given one when the name ends in `.age`, else none.

    UsageError for such a name without a seal.
    """
    if path.suffix.lower() != SUFFIX:
        return Seal()
    if not seal:
        raise UsageError(
            mark("A result whose name ends in .age is sealed, and it is not known to whom."),
            str(path),
            mark("Give the receiver's key by --seal-to."),
        )
    return seal


def check_names(paths: Sequence[Path], seal: Seal) -> None:
    """Raise UsageError where names of results and the seal do not match; call before a long hunt."""
    for path in paths:
        seal_for(path, seal)
    if seal and not any(path.suffix.lower() == SUFFIX for path in paths):
        raise UsageError(
            mark("There is a key to seal to, and no result that is to be sealed."),
            "--seal-to",
            mark("Let the name of a result end in .age, such as findings.zip.age."),
        )


def is_sealed(file: BinaryIO) -> bool:
    """Return whether a seekable file is a sealed one, by its first bytes."""
    return _head(file).startswith((_BINARY, _ARMOURED))


def needs_passphrase(path: Path) -> bool:
    """Return whether a file is sealed with a passphrase. UnreadableError."""
    with _open(path) as file:
        return _head(file).startswith(_SCRYPT)


def path_is_sealed(path: Path) -> bool:
    """Return whether the file at this path is a sealed one. UnreadableError."""
    with _open(path) as file:
        return is_sealed(file)


@contextmanager
def sealing(target: BinaryIO, seal: Seal) -> Iterator[BinaryIO]:
    """Open a stream whose data arrives sealed at the target; with an empty seal, the target itself.

    Discard the target when this raises.
    """
    if not seal:
        yield target
        return
    reading, writing = os.pipe()
    failed: list[Exception] = []
    worker = threading.Thread(target=_encrypt, args=(reading, target, seal, failed), daemon=True)
    worker.start()
    try:
        with os.fdopen(writing, "wb") as stream:
            yield stream
    except BrokenPipeError:  # the reason is in `failed`
        worker.join()
        if not failed:
            raise
    finally:
        worker.join()
    if failed:
        raise failed[0]


def _encrypt(reading: int, target: BinaryIO, seal: Seal, failed: list[Exception]) -> None:
    sink = _RecordingTarget(target)
    try:
        with os.fdopen(reading, "rb") as source:
            if seal.passphrase:
                from lamsach.results.sealed.passphrase import encrypt

                encrypt(source, target, seal.passphrase)
                return
            require("pyrage")
            from pyrage import encrypt_io, x25519

            encrypt_io(source, sink, [x25519.Recipient.from_str(recipient) for recipient in seal.recipients])
    except Exception as error:  # noqa: BLE001 - raised again by the thread that waits for it
        failed.append(sink.error or error)


def open_sealed(source: BinaryIO, target: BinaryIO, keys: Keys, name: str = "") -> None:
    """Copy the plain content into the target.

    InputError when no key opens it, UnreadableError for a damaged one: discard the target then.
    """
    source.seek(0)
    if _head(source).startswith(_SCRYPT):
        _open_by_passphrase(source, target, keys.passphrase, name)
        return
    require("pyrage")
    from pyrage import DecryptError, decrypt_io, x25519

    opened = [x25519.Identity.from_str(identity) for identity in keys.identities]
    sink = _RecordingTarget(target)
    try:
        decrypt_io(source, sink, opened)
    except (DecryptError, OSError) as error:
        if sink.error is not None:
            raise sink.error from None
        if "matching keys" in str(error):
            raise InputError(
                mark("None of the keys here opens this sealed file."),
                name,
                mark("Ask the unit that made it to seal it to your unit's present key."),
            ) from None
        raise UnreadableError(_DAMAGED, name, _AGAIN) from None


def _open_by_passphrase(source: BinaryIO, target: BinaryIO, passphrase: str, name: str) -> None:
    from lamsach.results.sealed.passphrase import DamagedError, WrongPassphraseError, decrypt

    try:
        decrypt(source, target, passphrase)
    except WrongPassphraseError:
        raise InputError(
            mark("The passphrase does not open this sealed file."), name, mark("Check the passphrase.")
        ) from None
    except DamagedError:
        raise UnreadableError(_DAMAGED, name, _AGAIN) from None


@contextmanager
def open_plain(path: Path, keys: Keys, folder: Path | None = None) -> Iterator[Path]:
    """Open a file: its own path, or the path of a temporary plain copy in a private folder (in `folder`)."""
    with _open(path) as source:
        if not is_sealed(source):
            yield path
            return
        with tempfile.TemporaryDirectory(prefix="lamsach-opened-", dir=folder) as place:
            plain = Path(place) / path.name.removesuffix(SUFFIX)
            with plain.open("xb") as target:
                open_sealed(source, target, keys, path.name)
            yield plain


def _head(file: BinaryIO) -> bytes:
    file.seek(0)
    head = file.read(60)
    file.seek(0)
    return head


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise UnreadableError(
            mark("The file cannot be opened."),
            f"{path} ({error.strerror})",
            mark("Check the name of the file and the permission to read it."),
        ) from None


class _RecordingTarget:
    """Target that records its own error: the library would return only the text."""

    def __init__(self, target: BinaryIO) -> None:
        self._target = target
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        """Write data."""
        try:
            return self._target.write(data)
        except OSError as error:
            self.error = error
            raise

    def flush(self) -> None:
        """Flush buffered data."""
        self._target.flush()
