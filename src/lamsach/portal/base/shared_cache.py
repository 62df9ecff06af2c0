"""Django cache in PostgreSQL, shared by all processes: rate limits, submitted forms, one-time secrets.

`add` and `incr` are single statements, so of two concurrent processes one is first. Times are the database's.
Values are encrypted with the portal's secret key, so a copy of the database reveals none. Django's own
database cache counts its rows at each `set`, and increments non-atomically.
"""

from __future__ import annotations

import base64
import hashlib
import pickle
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import connection
from django.db.models.functions import Now

from lamsach.errors import InputError
from lamsach.portal.base.locks import lock, unlock

_PURPOSE = "cache"
_LONGEST_KEY = 150
_SET = (
    "INSERT INTO base_remembered AS held (key, count, value, expires) VALUES (%s, %s, %s, "
    "statement_timestamp() + make_interval(secs => %s)) ON CONFLICT (key) DO UPDATE SET count = "
    "excluded.count, value = excluded.value, expires = excluded.expires"
)
_ADD = f"{_SET} WHERE held.expires <= statement_timestamp()"
_GET = (
    "SELECT count, value FROM base_remembered"
    " WHERE key = %s AND (expires IS NULL OR expires > statement_timestamp())"
)
_COUNT = (
    "UPDATE base_remembered SET count = count + %s WHERE key = %s AND count IS NOT NULL"
    " AND (expires IS NULL OR expires > statement_timestamp()) RETURNING count, value"
)
_TOUCH = (
    "UPDATE base_remembered SET expires = statement_timestamp() + make_interval(secs => %s)"
    " WHERE key = %s AND (expires IS NULL OR expires > statement_timestamp())"
)
_DELETE = (
    "DELETE FROM base_remembered WHERE key = %s AND (expires IS NULL OR expires > statement_timestamp())"
)
Row = tuple[int | None, str]


class SharedCache(BaseCache):
    """Cache of all processes that use one PostgreSQL database."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Set a value unless present; returns whether it was set."""
        return self._write(_ADD, key, value, timeout, version)

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        """The value, or the default."""
        row = self._row(_GET, self._name(key, version))
        return default if row is None else _opened(row, default)

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        """Set a value."""
        self._write(_SET, key, value, timeout, version)

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Restart the lifetime of a value; returns whether it is present."""
        return self._run(_TOUCH, self._seconds(timeout), self._name(key, version))

    def delete(self, key: str, version: int | None = None) -> bool:
        """Delete a value; returns whether it was present."""
        return self._run(_DELETE, self._name(key, version))

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """Add to a count; ValueError without one."""
        row = self._row(_COUNT, delta, self._name(key, version))
        if row is None or row[0] is None:
            raise ValueError(key)
        return row[0]

    def clear(self) -> None:
        """Delete all values."""
        self._run("DELETE FROM base_remembered")

    def _name(self, key: str, version: int | None) -> str:
        name = self.make_key(key, version=version)
        return name if len(name) <= _LONGEST_KEY else f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"

    def _seconds(self, timeout: Any) -> float | None:
        seconds = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        return None if seconds is None else float(seconds)

    def _write(self, statement: str, key: str, value: Any, timeout: Any, version: int | None) -> bool:
        number = value if type(value) is int else None
        locked = "" if number is not None else lock(_PURPOSE, base64.b64encode(pickle.dumps(value)).decode())
        return self._run(statement, self._name(key, version), number, locked, self._seconds(timeout))

    @staticmethod
    def _run(statement: str, *values: Any) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return bool(cursor.rowcount)

    @staticmethod
    def _row(statement: str, *values: Any) -> Row | None:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            row: Row | None = cursor.fetchone()
            return row


def _opened(row: Row, default: Any) -> Any:
    count, value = row
    if count is not None:
        return count
    try:
        return pickle.loads(base64.b64decode(unlock(_PURPOSE, value)))  # noqa: S301 - locked with our key
    except InputError:  # locked with a secret key that is no longer used
        return default


def forget() -> None:
    """Delete expired entries."""
    from lamsach.portal.base.models import Remembered

    Remembered.objects.filter(expires__lte=Now()).delete()
