"""Limits on what an input may ask of the machine: bounds against decompression bombs and endless archives.

Errors for compressed data that are damaged, cut short or too demanding, and the bound of one step.
"""

from __future__ import annotations

from dataclasses import dataclass

from lamsach.errors import LimitError, UnreadableError

_GIB = 1 << 30
_MIB = 1 << 20
LINE_BYTES = _MIB
"""A longer line is refused; it would hold the whole file in memory."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one input. The defaults let through every real log that we know of.

    A log compresses 10:1 to 200:1; deflate cannot do more than 1032:1 and a bomb is that or more."""

    max_ratio: int = 1000
    """Bytes after decompression for each byte on disk, looked at once `ratio_from_bytes` have come out."""
    ratio_from_bytes: int = _GIB
    max_output_bytes: int = 1024 * _GIB
    """Bytes after decompression of one input (an archive counts as one)."""
    max_members: int = 100_000
    """Members of one archive."""
    max_depth: int = 2
    """Archives in archives: 2 reads a zip in a zip, not what is a level below."""
    max_window_bytes: int = 128 * _MIB
    """Memory that a compressed stream may ask for as its window (zstd `--long=27`)."""
    max_memory_bytes: int = 512 * _MIB
    """Memory that an xz stream may ask for."""
    max_nested_zip_bytes: int = 256 * _MIB
    """A zip inside another archive is held in memory up to this size."""

    def check(self, output_bytes: int, input_bytes: int, where: str) -> None:
        """Raise LimitError when so much came out of so few bytes."""
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
