"""Errors for compressed data that are damaged, cut short or too demanding, and the bound of one step."""

from __future__ import annotations

from lamsach.errors import LimitError, UnreadableError

STEP_BYTES = 1 << 17
"""The most that is decompressed in one go: stays in the processor's cache, and no more than this is lost at
damage."""


def damaged(name: str) -> UnreadableError:
    """The error for data that are not what their compression says."""
    return UnreadableError(
        "The compressed data are damaged; what came before the damage was read.",
        name,
        "Copy the file again from where it came.",
    )


def cut_short(name: str) -> UnreadableError:
    """The error for data that end too early."""
    return UnreadableError(
        "The compressed data are cut short; what came before was read.",
        name,
        "Copy the file again from where it came.",
    )


def archive_cut_short(name: str) -> UnreadableError:
    """The error for an archive that ends too early."""
    return UnreadableError(
        "The archive is cut short; what came before was read.",
        name,
        "Copy the file again from where it came.",
    )


def too_much_memory(name: str) -> LimitError:
    """The error for data that ask for a larger window or dictionary than the limit."""
    return LimitError(
        "The compressed data ask for more memory than the limit allows.",
        name,
        "Unpack the file and give the unpacked one if it is to be trusted.",
    )
