"""Every error that the product raises, and the exit status with which it ends the program.

LamsachError                 70  a defect of the product
├── UsageError                2  the command line does not make sense
├── InputError                5  an input is unusable
│   ├── UnreadableError       5  missing, no permission, vanished, truncated, wrong password
│   ├── LimitError            5  larger than a limit allows (zip bomb, XML bomb, over-long value)
│   ├── MissingExtraError     2  its reader is a package that is not installed (`lamsach.runtime.extras`)
│   └── WithheldError         7  all values to write wait for a decision
├── OutputError               6  a result could not be written; the old file remains
└── LineError                 -  one record cannot be read; counted, never leaves the library

This module imports nothing of the product.
"""

from __future__ import annotations

from enum import IntEnum


class ExitStatus(IntEnum):
    """The program's exit statuses."""

    FOUND = 0
    """Done; for a hunt: at least one device or contact was found."""
    NOTHING_FOUND = 1
    """Nothing found: no listed value is in the logs, and dated lines of recognised logs cover every day that
    was asked for.
    """
    USAGE = 2
    """The command line does not make sense."""
    BLIND = 3
    """Nothing found, but days or sources have no logs, no line proves a day, or a listed value is in the logs
    where it is no contact: not a clean result.
    """
    PARTIAL = 4
    """Some inputs could not be read; everything else was done and is in the result."""
    INPUT = 5
    """No input could be used."""
    OUTPUT = 6
    """A result could not be written."""
    WITHHELD = 7
    """Done, but values that are dangerous to block were left out until somebody decides about them."""
    INTERNAL = 70
    """A defect of ours (EX_SOFTWARE of sysexits.h)."""
    INTERRUPTED = 130
    """Stopped by Ctrl-C; what had been found so far was shown."""


class LamsachError(Exception):
    """An error with three parts: what happened, where, and what to do about it."""

    exit_status = ExitStatus.INTERNAL

    def __init__(self, what: str, where: str = "", todo: str = "") -> None:
        super().__init__(what, where, todo)
        self.what = what
        self.where = where
        self.todo = todo

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        advice = f" - {self.todo}" if self.todo else ""
        return f"{place}{self.what}{advice}"


class UsageError(LamsachError):
    """The command line does not make sense."""

    exit_status = ExitStatus.USAGE


class InputError(LamsachError):
    """An input is unusable."""

    exit_status = ExitStatus.INPUT


class UnreadableError(InputError):
    """An input is missing, forbidden, truncated, damaged or locked with another password."""


class LimitError(InputError):
    """An input is larger than a limit allows."""


class MissingExtraError(InputError):
    """A package of an extra is not installed."""

    exit_status = ExitStatus.USAGE


class WithheldError(InputError):
    """All values to write are dangerous to block and wait for a decision."""

    exit_status = ExitStatus.WITHHELD


class OutputError(LamsachError):
    """A result could not be written; an existing file remains."""

    exit_status = ExitStatus.OUTPUT


class LineError(LamsachError):
    """One record cannot be read. It is counted and can be listed; it never stops a file."""
