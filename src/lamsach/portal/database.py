"""Database settings: SQLite in the data folder, or PostgreSQL by `DATABASE_URL`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from lamsach.errors import UsageError

_SQLITE_START = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=20000;"
    "PRAGMA cache_size=-32000; PRAGMA temp_store=MEMORY; PRAGMA mmap_size=134217728;"
)
_NO_COMPILING = "-c jit=off"
"""Just-in-time compilation costs more than our queries."""
_REUSE = {"CONN_MAX_AGE": 60}
"""Seconds for which a thread reuses its connection; SQLite reads the whole schema for a new one, 3.5 ms."""
_NOTICED = "-c tcp_keepalives_idle=20 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
"""The server notices a vanished machine within a minute and releases its locks."""


def database(url: str, data: Path) -> dict[str, Any]:
    """Django's description of the database. UsageError for an address that is not PostgreSQL's.

    On SQLite a transaction takes the write lock at its start (`IMMEDIATE`), so that two writers queue up
    instead of failing halfway.
    """
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(data / "lamsach.sqlite3"),
            "OPTIONS": {"transaction_mode": "IMMEDIATE", "init_command": _SQLITE_START, "timeout": 20},
            "ATOMIC_REQUESTS": False,
            **_REUSE,
        }
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as problem:
        raise _no_address() from problem
    if parts.scheme not in ("postgres", "postgresql") or not parts.path.strip("/"):
        raise _no_address()
    options = {"options": f"{_NO_COMPILING} {_NOTICED}", **dict(parse_qsl(parts.query))}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or options.pop("host", "")),
        "PORT": str(port or options.pop("port", "")),
        "OPTIONS": options,
        **_REUSE,
        "CONN_HEALTH_CHECKS": True,
    }


def _no_address() -> UsageError:
    return UsageError(
        "This is no address of a PostgreSQL database.",
        "DATABASE_URL",
        "Write it as postgres://user:password@host:5432/name.",
    )


def stated(described: dict[str, Any]) -> dict[str, Any]:
    """Return the stated parts of the connection by their names in PostgreSQL's own library."""
    named = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}
    return {word: described[key] for word, key in named.items() if described.get(key)}


def client_environment(described: dict[str, Any]) -> dict[str, str]:
    """Environment for PostgreSQL's own programs, `sslmode` included; nothing on the command line.

    Options without a variable (keepalives, `sslpassword`) are left out, and so is the encoding: a dump has
    the encoding of its database.
    """
    from psycopg.pq import Conninfo

    values = {name: str(value) for name, value in described["OPTIONS"].items()}
    values |= {word: str(value) for word, value in stated(described).items()}
    # Report a portal that is still running instead of waiting for its locks.
    values["options"] = f"{values.get('options', '')} -c lock_timeout=30s".strip()
    values.pop("client_encoding", None)
    variables = {
        option.keyword.decode(): option.envvar.decode() for option in Conninfo.get_defaults() if option.envvar
    }
    return {**os.environ, **{variables[word]: value for word, value in values.items() if word in variables}}
