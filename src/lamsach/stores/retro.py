"""A new list against the logs in a store: the retro-hunt from end to end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from lamsach.hunt.run import HuntResult
from lamsach.investigate import Request, Watch, day_asked, investigate
from lamsach.model import Findings
from lamsach.stores.address import credentials, parse_address
from lamsach.stores.base import Store
from lamsach.stores.clickhouse import ClickHouse
from lamsach.stores.client import StoreClient
from lamsach.stores.opensearch import OpenSearch
from lamsach.stores.stored_logs import StoredLogs, StorePlan
from lamsach.stores.victorialogs import VictoriaLogs

_KINDS: dict[str, Callable[[StoreClient, str | None], Store]] = {
    "opensearch": OpenSearch,
    "elasticsearch": OpenSearch,
    "clickhouse": ClickHouse,
    "victorialogs": VictoriaLogs,
}


def open_store(address: str, time_field: str | None = None) -> Store:
    """Open the store at an address, with the credentials of the environment. Raises UsageError."""
    known = parse_address(address)
    return _KINDS[known.kind](StoreClient(known, credentials(known)), time_field)


def retro(
    store: Store,
    request: Request,
    watch: Watch | None = None,
    *,
    line_field: str | None = None,
    whole: bool = False,
) -> tuple[Findings, HuntResult, StorePlan]:
    """Search a store for the request's lists; `line_field` and `whole`: see `StoredLogs`.

    Raises InputError when no list is usable or the store has nothing.
    """
    logs = StoredLogs(store, request.timezone, request.since, request.until, line_field, whole)
    request = replace(request, logs=(str(store.client.address),), format_name=None)
    findings, result = investigate(request, watch, logs)
    missing = {pair for pair in logs.not_searched if day_asked(pair[1], request)}
    return replace(findings, blind_days=tuple(sorted({*findings.blind_days, *missing}))), result, logs.plan
