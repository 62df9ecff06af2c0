"""ClickHouse's own engine (the package chdb) behind the documented part of its HTTP interface.

A statement is the body of a request, an exception the text of an answer.

https://clickhouse.com/docs/interfaces/http
"""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import Any

from tests.stores.loopback_server import Answered


class ClickHouseServer:
    """One table `logs` of times and lines. Has to be closed: a process has one engine."""

    def __init__(self, folder: Path, columns: str = "timestamp DateTime64(3, 'UTC'), message String") -> None:
        from chdb.session import Session

        self._session = Session(str(folder))
        self._lock = Lock()
        self.run("DROP TABLE IF EXISTS logs SYNC")
        self.run(f"CREATE TABLE logs ({columns}) ENGINE = MergeTree ORDER BY timestamp")

    def run(self, statement: str) -> bytes:
        """Return the result in the format named by the statement."""
        with self._lock:
            return bytes(self._session.query(statement, "JSONCompact").bytes())

    def fill(self, rows: list[tuple[Any, ...]]) -> None:
        """Put rows of texts and times into the table."""
        for first in range(0, len(rows), 2000):
            part = ", ".join(f"({', '.join(map(_literal, row))})" for row in rows[first : first + 2000])
            self.run(f"INSERT INTO logs VALUES {part}")

    def __call__(self, method: str, path: str, body: bytes) -> Answered:
        assert (method, path) == ("POST", "/")
        try:
            return 200, {"Content-Type": "application/json"}, self.run(body.decode())
        except RuntimeError as error:
            code = str(error).partition("Code: ")[2].partition(".")[0]
            return 500, {"X-ClickHouse-Exception-Code": code}, str(error).encode()

    def close(self) -> None:
        self._session.close()


def _literal(value: Any) -> str:
    return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"
