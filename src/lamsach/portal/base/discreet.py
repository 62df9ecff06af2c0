"""Links in letters open by a word in their address. Django writes the address of a refused request into the log: there the word is left out."""

from __future__ import annotations

import logging
import re
from typing import Any

# /r/kq3VdJ0c4e8mWlq2k0v7o5uX1tZb9yPa~Jx0f.../ - no other part of an address of ours is as long
_WORD = re.compile(r"(?<=/)[\w~.:-]{24,}(?=[/?]|$)")


def without_words(text: str) -> str:
    """The address, or a text that holds it, without the words that open something."""
    return _WORD.sub("...", text)


class Discreet(logging.Filter):
    """Takes them out of what a record was given, and the traceback from requests that were refused as suspicious."""

    def filter(self, record: logging.LogRecord) -> bool:
        """See logging.Filter."""
        if record.name.startswith("django.security"):
            record.exc_info = None  # refused and named: a host that is none of ours is one line, not a traceback for each try
        if isinstance(record.args, tuple):
            record.args = tuple(_plain(value) for value in record.args)
        return True


def _plain(value: Any) -> Any:
    return without_words(value) if isinstance(value, str) else value
