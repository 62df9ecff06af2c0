"""Client of the REST services of document-management systems, configured by address, headers and paths.

`list` returns JSON with the ids of waiting messages: a list, or an object with it at `list_key`; an id is a
string or number, or at `id_key` of an object. `fetch` with `{id}` returns the file, or JSON with it in base64
at `content_key`. `done` with `{id}` confirms it (POST). `send` accepts the file by POST, or JSON with it in
base64 at `content_key`.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from lamsach.channels.xml_input import LARGEST_BYTES
from lamsach.errors import InputError, OutputError
from lamsach.i18n import mark
from lamsach.portal.edxml import secrets
from lamsach.portal.edxml.models import Connection
from lamsach.portal.exchange import outbound

PATHS = ("list", "list_key", "id_key", "fetch", "content_key", "done", "send")
TIMEOUT_S = 30.0
LIST_BYTES = 2_000_000
AT_ONCE = 100
_WRONG = mark("The service's answer is not what the connection's settings say.")


def waiting(connection: Connection) -> Iterator[str]:
    """Yield ids of waiting messages. OutputError if unreachable, InputError for an unexpected answer."""
    if not connection.paths.get("list"):
        return
    found: Any = _json(_request(connection, "GET", connection.paths["list"], most=LIST_BYTES), connection)
    key, id_key = connection.paths.get("list_key"), connection.paths.get("id_key")
    try:
        rows = found[key] if key else found
        ids = [row[id_key] if isinstance(row, dict) else row for row in list(rows)[:AT_ONCE]]
    except (KeyError, TypeError):
        raise InputError(_WRONG, connection.name) from None
    for number in ids:
        if not isinstance(number, str | int) or isinstance(number, bool):
            raise InputError(_WRONG, connection.name)
        yield str(number)


def fetch(connection: Connection, number: str) -> bytes:
    """Fetch the file of a message. OutputError, InputError."""
    answer = _request(
        connection, "GET", _filled(connection.paths.get("fetch", ""), number), most=2 * LARGEST_BYTES
    )
    key = connection.paths.get("content_key")
    if not key:
        return answer
    try:
        return base64.b64decode(_json(answer, connection)[key], validate=True)
    except (KeyError, TypeError, binascii.Error, ValueError):
        raise InputError(_WRONG, connection.name) from None


def confirm(connection: Connection, number: str) -> None:
    """Confirm the receipt of a message. OutputError."""
    if connection.paths.get("done"):
        _request(connection, "POST", _filled(connection.paths["done"], number), b"")


def send(connection: Connection, data: bytes) -> None:
    """Send a file. OutputError."""
    key = connection.paths.get("content_key")
    body = json.dumps({key: base64.b64encode(data).decode()}).encode() if key else data
    kind = "application/json" if key else "application/xml"
    _request(connection, "POST", connection.paths.get("send", ""), body, kind)


def _filled(path: str, number: str) -> str:
    return path.replace("{id}", quote(number, safe=""))


def _request(
    connection: Connection,
    method: str,
    path: str,
    body: bytes | None = None,
    kind: str = "",
    *,
    most: int = 100_000,
) -> bytes:
    """Send a request. Errors name only the host, since addresses may contain secrets."""
    url = f"{connection.url.rstrip('/')}/{path.lstrip('/')}"
    headers = {**secrets.headers_of(connection), **({"Content-Type": kind} if kind else {})}
    answer = outbound.ask(method, url, headers, body, most + 1, TIMEOUT_S)
    if not 200 <= answer.status < 300:
        raise OutputError(mark("The service refused the message."), f"{answer.host}: {answer.status}")
    if len(answer.body) > most:
        raise InputError(_WRONG, answer.host)
    return answer.body


def _json(data: bytes, connection: Connection) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise InputError(_WRONG, connection.name) from None
