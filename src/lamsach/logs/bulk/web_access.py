"""Requests in the common and combined layouts of Apache, nginx and their like, and the rows of IIS."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC
from typing import TYPE_CHECKING

from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.columns import (
    addresses,
    cells,
    check,
    internal,
    ipv4,
    kept,
    mapped,
    parted_by_single_spaces,
    said,
)
from lamsach.logs.bulk.features import Lines, groups_of
from lamsach.logs.bulk.groups import GroupReader
from lamsach.logs.bulk.heads import times
from lamsach.logs.bulk.keyed import none_of, port_numbers, told
from lamsach.logs.formats.web.web_access.format import WebAccess
from lamsach.logs.mappings.web_requests import action_of, target_of, web_time
from lamsach.logs.text.times.timestamps import from_iso
from lamsach.logs.text.values import host_and_port, host_of_url, ip_of, stated

if TYPE_CHECKING:
    from datetime import datetime

    import pyarrow as pa

# 192.0.2.1 - lan [08/Jun/2026:06:49:01 +0700] "GET /a HTTP/1.1" 200 803 "-" "agent"
_COMMON = ("client", "identity", "user", "time", "zone", "request", "status", "size")
_COMBINED = (*_COMMON, "referrer", "agent")
_SHAPES = {
    "client": r"^(?:[0-9.]{7,15}|[0-9A-Fa-f:]{3,39})$",
    "identity": "^-$",
    "user": r"^[^\s\[\]{}\"]{1,64}$",
    "time": r"^\[[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9]{2}:[0-9]{2}:[0-9]{2}$",
    "zone": r"^[+-][0-9]{4}\]$",
    "status": "^[0-9]{3}$",
    "size": "^(?:[0-9]{1,18}|-)$",
}
_SQUID = (b" TCP", b" UDP", b" NONE", b" TAG")
"""What may be the result code by which Squid's lines are told."""
_VERSION = re.compile(r" HTTP/[0-9](?:\.[0-9])?$")
_PLAIN_REQUEST = r"^[A-Z]{3,16} /[!-~]* HTTP/[0-9](?:\.[0-9])?$"
# Columns of IIS that an event is made of, and those that say that it is no web server's own log.
_ROW = frozenset(
    [
        "date",
        "time",
        "c-ip",
        "cs-method",
        "cs-uri-stem",
        "cs-uri-query",
        "cs-username",
        "s-ip",
        "s-port",
        "s-computername",
        "sc-status",
        "cs-host",
    ]
)
_UNUSUAL = frozenset(
    [
        "c-port",
        "cs-port",
        "x-forwarded-for",
        "cs(x-forwarded-for)",
        "x-host-header",
        "cs(host)",
        "cs-uri-scheme",
        "r-host",
        "r-ip",
        "s-supplier-ip",
        "sc-filter-result",
    ]
)


class WebRequests(GroupReader):
    """Requests of clients that are stated by their addresses."""

    log_format: WebAccess

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """By which of the layouts the line has."""
        marks = Lines(lines)
        quotes, first = marks.count('"'), marks.letters_at(0, 1)
        framed = ((quotes == 2) | (quotes == 6)) & ~marks.has("\\") & marks.has('] "')
        row = (quotes == 0) & (first >= ord("0")) & (first <= ord("9"))
        return groups_of((quotes,), (framed | row) & ~marks.has("\t"))

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        quotes = data.partition(b"\n")[0].count(b'"')
        if quotes:
            return self._requests(data, count, _COMMON if quotes == 2 else _COMBINED)
        return self._rows(data, count)

    def _requests(self, data: bytes, count: int, names: tuple[str, ...]) -> dict[str, pa.Array]:
        import pyarrow as pa
        import pyarrow.compute as pc

        if any(mark in data for mark in _SQUID):
            raise Unusual
        row = cells(data, names, " ", dict.fromkeys(names, pa.string()), quotes=True)
        if len(row["client"]) != count:
            raise Unusual
        for name, shape in _SHAPES.items():
            check(pc.match_substring_regex(row[name], shape))
        moments = pc.utf8_slice_codeunits(pc.binary_join_element_wise(row["time"], row["zone"], " "), 1, -1)
        return self._events(
            row["client"],
            urls=_targets(row["request"]),
            users=row["user"],
            status=row["status"],
        ) | {"time": times(moments, self._clf_time)}

    def _rows(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """The rows of IIS beneath their `#Fields:`."""
        import pyarrow as pa
        import pyarrow.compute as pc

        names = self.log_format.columns
        if names[:2] != ("date", "time") or not {"c-ip", "cs-method"} <= {*names} or _UNUSUAL & {*names}:
            raise Unusual
        if len({*names}) != len(names) or not parted_by_single_spaces(data) or b'"' in data:
            raise Unusual
        row = cells(data, names, " ", {name: pa.string() for name in names if name in _ROW})
        if len(row["c-ip"]) != count:
            raise Unusual
        stems = row.get("cs-uri-stem", none_of(count))
        queries = row.get("cs-uri-query", none_of(count))
        joined = pc.binary_join_element_wise(said(stems), said(queries), "?")
        columns = self._events(
            row["c-ip"],
            urls=told(pc.coalesce(joined, said(stems))),
            users=said(row.get("cs-username", none_of(count))),
            status=row.get("sc-status", pa.repeat("", count)),
        )
        whole = pc.binary_join_element_wise(row["date"], row["time"], " ")
        check(pc.match_substring_regex(whole, "^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}$"))
        servers = said(row.get("s-ip", none_of(count)))
        columns["time"] = times(whole, lambda text: from_iso(text, UTC))
        columns["destination_ip"] = kept(servers, ipv4(servers), ip_of)
        columns["destination_port"] = port_numbers(said(row.get("s-port", none_of(count))))
        columns["observer"] = said(row.get("s-computername", none_of(count)))
        sites = mapped(said(row.get("cs-host", none_of(count))), _site)
        columns["domain"] = pc.coalesce(sites, columns["domain"])
        return columns

    def _events(
        self, clients: pa.Array, *, urls: pa.Array, users: pa.Array, status: pa.Array
    ) -> dict[str, pa.Array]:
        import pyarrow as pa
        import pyarrow.compute as pc

        sources = addresses(clients)
        absolute = pc.fill_null(pc.match_substring(urls, "://"), False)
        none = pa.scalar(None, pa.string())
        hosts = mapped(pc.if_else(absolute, urls, none), host_of_url)
        return {
            "source_ip": sources,
            "device_ip": pc.if_else(internal(sources), sources, none),
            "user": mapped(users, stated),
            "domain": hosts,
            "url": urls,
            "action": mapped(status, lambda text: action_of(text).value),
        }

    def _clf_time(self, text: str) -> datetime:
        return web_time(text, self.context.timezone)


def _site(text: str) -> str | None:
    return host_and_port(stated(text) or "")[0]


def _targets(requests: pa.Array) -> pa.Array:
    """What the request lines ask for. One for another server is not usual."""
    import pyarrow as pa
    import pyarrow.compute as pc

    check(pc.invert(pc.starts_with(requests, "CONNECT ")))
    plain = pc.match_substring_regex(requests, _PLAIN_REQUEST)
    words = pc.split_pattern(pc.if_else(plain, requests, "- / -"), " ", max_splits=2)
    paths = pc.list_element(words, 1)
    if pc.all(plain).as_py():
        return paths
    others = mapped(pc.if_else(plain, pa.scalar(None, pa.string()), requests), _target)
    return pc.if_else(plain, paths, others)


def _target(request: str) -> str | None:
    if " HTTP/" in request and not _VERSION.search(request):  # the format refuses it
        raise Unusual
    return stated(target_of(request))
