"""Which database: SQLite in the data folder, or PostgreSQL by `DATABASE_URL`."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from lamsach.errors import UsageError

_SQLITE_START = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=20000;"
    "PRAGMA cache_size=-32000; PRAGMA temp_store=MEMORY; PRAGMA mmap_size=134217728;"
)


def database(url: str, data: Path) -> dict[str, Any]:
    """Django's description of the database. UsageError for an address that is not PostgreSQL's.

    On SQLite a transaction takes the write lock at its start (`IMMEDIATE`), so that two writers queue up instead of failing half-way.
    """
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(data / "lamsach.sqlite3"),
            "OPTIONS": {"transaction_mode": "IMMEDIATE", "init_command": _SQLITE_START, "timeout": 20},
            "ATOMIC_REQUESTS": False,
        }
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql") or not parts.path.strip("/"):
        raise UsageError(
            "This is no address of a PostgreSQL database.",
            "DATABASE_URL",
            "Write it as postgres://user:password@host:5432/name.",
        )
    options = {
        "options": "-c jit=off",
        **dict(parse_qsl(parts.query)),
    }  # compiling costs more than our queries
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or options.pop("host", "")),
        "PORT": str(parts.port or options.pop("port", "")),
        "OPTIONS": options,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
