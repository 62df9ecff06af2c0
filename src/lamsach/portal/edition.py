"""The edition of this installation's style sheets."""

from __future__ import annotations

from pathlib import Path

from lamsach import __version__


def edition() -> str:
    """A name for its files: another version's, or files that were changed, have another."""
    folder = Path(__file__).parent
    times = (path.stat().st_mtime_ns for path in folder.glob("*/static/**/*") if path.is_file())
    return f"{__version__}-{max(times, default=0):x}"
