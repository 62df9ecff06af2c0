"""Resource limits of inputs, against decompression bombs and endless archives.

Also the errors for damaged, truncated or too demanding compressed data.
"""

from __future__ import annotations

from dataclasses import dataclass

from lamsach.errors import LimitError, UnreadableError

_GIB = 1 << 30
_MIB = 1 << 20
LINE_BYTES = _MIB
"""Limit of a line's length; a longer one could fill the memory with a whole file."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one input; the defaults accept every real log known.

    A log compresses 10:1 to 200:1; deflate reaches at most 1032:1, and a bomb that or more."""

    max_ratio: int = 1000
    """Output bytes per byte on disk, checked after `ratio_from_bytes` of output."""
    ratio_from_bytes: int = _GIB
    max_output_bytes: int = 1024 * _GIB
    """Output bytes of one input (an archive counts as one)."""
    max_members: int = 100_000
    """Members of one archive."""
    max_depth: int = 2
    """Nesting of archives: 2 reads a zip in a zip, but nothing below it."""
    max_window_bytes: int = 128 * _MIB
    """Window size of a compressed stream (zstd `--long=27`)."""
    max_memory_bytes: int = 512 * _MIB
    """Memory of an xz stream."""
    max_nested_zip_bytes: int = 256 * _MIB
    """Size of a zip inside another archive, which is held in memory."""

    def check_members(self, count: int, where: str) -> None:
        """Raise LimitError for an archive with too many members."""
        if count > self.max_members:
            raise LimitError(
                "The archive has more members than the limit allows.", where, "Unpack it and give the folder."
            )

    def check(self, output_bytes: int, input_bytes: int, where: str) -> None:
        """Raise LimitError when the output is too large in total or for its input."""
        if output_bytes > self.max_output_bytes:
            raise LimitError(
                "The decompressed data are larger than the limit allows.",
                where,
                "Unpack the file and give the unpacked one if it is to be trusted.",
            )
        if output_bytes > self.ratio_from_bytes and output_bytes > self.max_ratio * max(input_bytes, 1):
            raise LimitError(
                "The file unpacks to far more than a log would: it looks like a decompression bomb.",
                where,
                "Unpack the file and give the unpacked one if it is to be trusted.",
            )


DEFAULT_LIMITS = Limits()


STEP_BYTES = 1 << 17
"""Output of one decompression step: fits the processor's cache, and limits what damage loses."""


def damaged(name: str) -> UnreadableError:
    """Return the error for invalid compressed data."""
    return UnreadableError(
        "The compressed data are damaged; what came before the damage was read.",
        name,
        "Copy the file again from where it came.",
    )


def cut_short(name: str) -> UnreadableError:
    """Return the error for truncated compressed data."""
    return UnreadableError(
        "The compressed data are cut short; what came before was read.",
        name,
        "Copy the file again from where it came.",
    )


def unread_rest(name: str) -> UnreadableError:
    """Return the error for bytes behind the end of the compressed data."""
    return UnreadableError(
        "Bytes behind the end of the compressed data were not read.",
        name,
        "Unpack it, and give what was unpacked and what is behind it.",
    )


def archive_cut_short(name: str) -> UnreadableError:
    """Return the error for a truncated archive."""
    return UnreadableError(
        "The archive is cut short; what came before was read.",
        name,
        "Copy the file again from where it came.",
    )


def too_much_memory(name: str) -> LimitError:
    """Return the error for a window or dictionary above the limit."""
    return LimitError(
        "The compressed data ask for more memory than the limit allows.",
        name,
        "Unpack the file and give the unpacked one if it is to be trusted.",
    )
