"""The portal's log as lines of JSON, for programs that gather logs."""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime


class JsonFormatter(logging.Formatter):
    """One event a line: time (ISO 8601, UTC), level, logger, message, and the traceback of an error."""

    def format(self, record: logging.LogRecord) -> str:
        """See logging.Formatter."""
        about = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            about["traceback"] = self.formatException(record.exc_info)
        return json.dumps(about, ensure_ascii=False)


# /r/kq3VdJ0c4e8mWlq2k0v7o5uX1tZb9yPa~Jx0f.../ - no other part of an address of ours is as long
_WORD = re.compile(r"(?<=/)[\w~.:-]{24,}(?=[/?]|$)")


def without_words(text: str) -> str:
    """The address, or a text that holds it, without the words that open something."""
    return _WORD.sub("...", text)


class Discreet(logging.Filter):
    """Log filter: takes the words out of a record, and the traceback of requests refused as suspicious."""

    def filter(self, record: logging.LogRecord) -> bool:
        """See logging.Filter."""
        if record.name.startswith("django.security"):
            # refused and named: a host that is none of ours is one line, not a traceback for each try
            record.exc_info = None
        if isinstance(record.args, tuple):
            record.args = tuple(
                without_words(value) if isinstance(value, str) else value for value in record.args
            )
        return True
