"""Address of a log store, such as `opensearch+https://logs.example:9200/logs-*`.

Credentials come from the environment only, so that no displayed or logged address contains any.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from lamsach.errors import UsageError
from lamsach.i18n import mark
from lamsach.runtime.web_address import is_private, web_parts

KINDS = ("opensearch", "elasticsearch", "clickhouse", "victorialogs")
TOKEN, USER, PASSWORD = "LAMSACH_STORE_TOKEN", "LAMSACH_STORE_USER", "LAMSACH_STORE_PASSWORD"
_EXAMPLE = mark("Write it like this: opensearch+https://logs.example:9200/logs-*")
_TARGETS = {
    # logs-*   logs-fw-2022.09.*,-logs-fw-test
    "opensearch": re.compile(r"[^\s/\\?\"<>|#%]{1,1000}"),
    # logs   security.events
    "clickhouse": re.compile(r"(?:[A-Za-z_][A-Za-z0-9_]{0,200}\.)?[A-Za-z_][A-Za-z0-9_]{0,200}"),
    "victorialogs": re.compile(r""),
}
_TARGETS["elasticsearch"] = _TARGETS["opensearch"]


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """Kind, base URL without a final slash, and index pattern or table (empty for VictoriaLogs)."""

    kind: str
    url: str
    target: str

    def __str__(self) -> str:
        return f"{self.kind}+{self.url}" + (f"/{self.target}" if self.target else "")

    @property
    def is_private(self) -> bool:
        """Return whether the connection is encrypted or local."""
        return is_private(self.url)


def parse_address(text: str) -> StoreAddress:
    """Parse an address typed by a user. Raises UsageError, whose text contains no password."""
    kind, _, url = text.partition("+")
    parts = web_parts(url)
    if kind not in KINDS or parts is None:
        raise UsageError(mark("This is no address of a log store."), _without_user(text), _EXAMPLE)
    if "@" in parts.netloc:
        raise UsageError(
            mark("The address of a store holds no name and no password."),
            _without_user(text),
            mark("Put them into LAMSACH_STORE_USER and LAMSACH_STORE_PASSWORD, or LAMSACH_STORE_TOKEN."),
        )
    path = unquote(parts.path).rstrip("/")
    prefix, _, target = (path, "", "") if kind == "victorialogs" else path.rpartition("/")
    if parts.query or parts.fragment or not _TARGETS[kind].fullmatch(target):
        raise UsageError(
            mark("The address does not name what is to be searched."),
            text,
            mark("End it with an index pattern (OpenSearch, Elasticsearch) or a table (ClickHouse)."),
        )
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    port = f":{parts.port}" if parts.port else ""
    return StoreAddress(kind, f"{parts.scheme}://{shown}{port}{prefix}", target)


def _without_user(text: str) -> str:
    return re.sub(r"//[^/]*@", "//", text)


def credentials(address: StoreAddress, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the authentication headers. Raises UsageError where they would be sent unencrypted."""
    token, user = environment.get(TOKEN, ""), environment.get(USER, "")
    if not token and not user:
        return {}
    if not address.is_private:
        raise UsageError(
            mark("The password would be sent without encryption."),
            str(address),
            mark("Give the address with https."),
        )
    if token:
        scheme = "ApiKey" if address.kind in ("opensearch", "elasticsearch") else "Bearer"
        return {"Authorization": token if " " in token else f"{scheme} {token}"}
    pair = f"{user}:{environment.get(PASSWORD, '')}".encode()
    return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
