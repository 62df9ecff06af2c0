"""Keys of sealed files: public recipients and secret identity files (X25519, as `age` writes them)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from lamsach.errors import InputError, UnreadableError
from lamsach.i18n import mark
from lamsach.runtime.extras import require

RECIPIENT = "age1"
SECRET = "AGE-SECRET-KEY-1"  # noqa: S105 - prefix of every identity
MOST_BYTES = 64 * 1024
_NO_KEY = mark("This is no key that a file can be sealed to.")
_GIVE = mark("Give a public key, which begins with age1, or a file of such keys.")
_NO_IDENTITY = mark("This file holds no private key that opens sealed files.")


def new_identity() -> tuple[str, str]:
    """Generate a key: the private text and the public one."""
    require("pyrage")
    from pyrage import x25519

    identity = x25519.Identity.generate()
    return str(identity), str(identity.to_public())


def write_identity(path: Path) -> str:
    """Generate a key, write its private half to a new file for its owner alone, return the public half.

    OutputError when the file cannot be written.
    """
    private, public = new_identity()
    from lamsach.indicators.releases.seal import write_new

    text = f"# created: {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}\n# public key: {public}\n{private}\n"
    write_new(path, text.encode())
    return public


def public_of(identity: str) -> str:
    """Return the public half of an identity. InputError for an invalid one."""
    require("pyrage")
    from pyrage import IdentityError, x25519

    try:
        return str(x25519.Identity.from_str(identity).to_public())
    except IdentityError:
        raise InputError(_NO_IDENTITY) from None


def recipient(text: str) -> str:
    """Check and normalise a recipient. InputError for an invalid one."""
    require("pyrage")
    from pyrage import RecipientError, x25519

    try:
        return str(x25519.Recipient.from_str(text.strip()))
    except RecipientError:
        raise InputError(_NO_KEY, text.strip()[:80], _GIVE) from None


def recipients(arguments: Iterable[str]) -> tuple[str, ...]:
    """Return the recipients of the command line: each argument is one, or a file of them.

    InputError, also for a file of private keys; UnreadableError.
    """
    found: list[str] = []
    for argument in arguments:
        if argument.startswith(RECIPIENT):
            found.append(recipient(argument))
            continue
        lines = _lines(Path(argument))
        if any(line.startswith(SECRET) for line in lines):
            raise InputError(
                mark("This file holds a private key: it is not what files are sealed to."),
                argument,
                mark("Give its public key, which `lamsach keys show` prints, and keep this file elsewhere."),
            )
        if not lines:
            raise InputError(_NO_KEY, argument, _GIVE)
        found += map(recipient, lines)
    return tuple(dict.fromkeys(found))


def identities(paths: Iterable[Path]) -> tuple[str, ...]:
    """Return the private keys in identity files. UnreadableError, InputError."""
    found: list[str] = []
    for path in paths:
        lines = _lines(path)
        try:
            for line in lines:
                public_of(line)
        except InputError:
            lines = []
        if not lines:
            raise InputError(_NO_IDENTITY, str(path))
        found += lines
    return tuple(found)


def read_passphrase(path: Path) -> str:
    """Return the first line of a file. UnreadableError; InputError for an empty one."""
    text = _beginning(path).partition("\n")[0].rstrip("\r")
    if not text:
        raise InputError(mark("The file with the passphrase is empty."), str(path))
    return text


def _lines(path: Path) -> list[str]:
    """Return the lines of a small file without blank ones and comments."""
    lines = (line.strip() for line in _beginning(path).splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _beginning(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return stream.read(MOST_BYTES).decode("utf-8", "replace")
    except OSError as error:
        raise UnreadableError(
            mark("The file of keys cannot be read."), f"{path} ({error.strerror})"
        ) from None
