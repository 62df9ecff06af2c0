"""`lamsach keys`: keys for sealing files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from lamsach.cli.command_line import Argument


def new(
    file: Annotated[
        Path,
        Argument(
            help="The file to write the private key into. Keep it, and a copy, apart from what is "
            "sealed to it."
        ),
    ],
) -> None:
    """Make a key that files are sealed to, and print its public half.

    Example: lamsach keys new backup.key
    """
    from lamsach.results.sealed.keys import write_identity

    print(write_identity(file))


def show(file: Annotated[Path, Argument(help="A file with private keys.")]) -> None:
    """Print the public half of each key in a file, one a line; the private halves are not shown.

    Example: lamsach keys show backup.key
    """
    from lamsach.results.sealed.keys import identities, public_of

    for identity in identities([file]):
        print(public_of(identity))
