"""The portal's log: records as lines of JSON, for log collectors, and without secrets."""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime


class JsonFormatter(logging.Formatter):
    """One record a line: time (ISO 8601, UTC), level, logger, message, and the traceback of an error."""

    def format(self, record: logging.LogRecord) -> str:
        """See logging.Formatter."""
        fields = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=False)


# /r/kq3VdJ0c4e8mWlq2k0v7o5uX1tZb9yPa~Jx0f.../ - no other segment of our addresses is as long
_TOKEN = re.compile(r"(?<=/)[\w~.:-]{24,}(?=[/?]|$)")


def without_tokens(text: str) -> str:
    """Replace the tokens of links in an address, or in a text that contains it."""
    return _TOKEN.sub("...", text)


class Discreet(logging.Filter):
    """Log filter: removes the tokens of links, and the traceback of requests refused as suspicious."""

    def filter(self, record: logging.LogRecord) -> bool:
        """See logging.Filter."""
        if record.name.startswith("django.security"):
            # one line for a foreign host name, not a traceback for each attempt
            record.exc_info = None
        if isinstance(record.args, tuple):
            record.args = tuple(
                without_tokens(value) if isinstance(value, str) else value for value in record.args
            )
        return True
