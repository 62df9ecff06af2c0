"""The W3C Extended Log File Format, where a `#Fields:` line names the columns of the lines after it.

Source: W3C working draft WD-logfile-960323; Microsoft, "W3C Logging" of IIS; Amazon CloudFront "Standard
logs". Columns are separated by a space or a tab; spaces inside a value are written as `+` or `%20`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from lamsach.logs.text.values import among, domain_of, in_order, ip_of

METHODS = among(
    "GET POST HEAD PUT DELETE OPTIONS PATCH CONNECT TRACE TRACK DEBUG PROPFIND BPROPFIND "
    "PROPPATCH BPROPPATCH MKCOL SEARCH COPY BCOPY MOVE BMOVE BDELETE LOCK UNLOCK"
    " SUBSCRIBE POLL REPORT RPC_IN_DATA RPC_OUT_DATA"
)
"""Methods that identify a row without headings: HTTP, WebDAV, Exchange."""
_FIELDS = "#Fields:"
# "203.0.113.9" "Mozilla/5.0 (X11; ""a"")" 200   (IIS Advanced Logging, Oracle Web Cache, Imperva: texts in
# quotes, columns padded with spaces)
_QUOTED_VALUE = re.compile(r'"((?:[^"]|"")*)"(?=\s|$)|\S+')
_MOST_COLUMNS = 200


class W3cColumns:
    """The current columns; a new `#Fields:` inside a file replaces them."""

    def __init__(self, names: Sequence[str], head: Iterable[str] = ()) -> None:
        self.names: tuple[str, ...] = tuple(names)
        self.date: str | None = None
        for line in head:
            if line.startswith("#"):
                self.header(line)
                if line.startswith(_FIELDS):
                    break

    def header(self, line: str) -> None:
        """Apply a `#` line."""
        if line.startswith(_FIELDS):
            names = line[len(_FIELDS) :].split()[:_MOST_COLUMNS]
            if names:
                self.names = tuple(name.lower() for name in names)
        elif line.startswith("#Date:"):
            self.date = line[6:].strip()[:10]

    def read(self, text: str) -> dict[str, str]:
        """Return a line's values by column, without `-`."""
        values = self.cells(text)
        return {
            name: value for name, value in zip(self.names, values, strict=False) if value not in ("-", "")
        }

    def cells(self, text: str) -> list[str]:
        """Split a line into values.

        Quotes join words only where the line otherwise has too many values: IIS does not escape a client's
        quotes."""
        values = text.split("\t") if "\t" in text else text.split()
        if '"' not in text or len(values) == len(self.names) or "\t" in text:
            return [value[1:-1] for value in values] if self._all_quoted(values) else values
        return [
            found[0] if found[1] is None else found[1].replace('""', '"')
            for found in _QUOTED_VALUE.finditer(text)
        ]

    @staticmethod
    def _all_quoted(values: Sequence[str]) -> bool:
        return all(len(value) > 1 and value[0] == value[-1] == '"' for value in values)


_CLOUDFRONT = in_order(
    "date time x-edge-location sc-bytes c-ip cs-method cs(host) cs-uri-stem sc-status cs(referer) "
    "cs(user-agent) cs-uri-query cs(cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol "
    "cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type "
    "cs-protocol-version fle-status fle-encrypted-fields c-port"
)
"""Columns of CloudFront's standard logs, in their fixed order."""


_HTTP_ERRORS = in_order(
    "date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename"
)
"""Columns of HTTPERR, the log of Windows' HTTP driver."""


def names_in(line: str) -> frozenset[str]:
    """Return the columns in a `#Fields:` line; empty for other lines."""
    return (
        frozenset(line[len(_FIELDS) :].lower().split()[:_MOST_COLUMNS])
        if line.startswith(_FIELDS)
        else frozenset()
    )


REQUEST_COLUMNS = among("cs-method cs-uri-stem c-ip cs-uri-path cs-host cs-uri r-host")


def names_requests(line: str) -> bool:
    """Return whether a `#Fields:` line has the columns of a web server or proxy."""
    return len(REQUEST_COLUMNS & names_in(line)) > 1


def default_columns(values: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of an IIS row without `#Fields:`, inferred from the method's position.

    IIS always uses this order: date time s-sitename s-computername s-ip cs-method cs-uri-stem cs-uri-query
    s-port cs-username c-ip cs-version cs(User-Agent) ... sc-status; any but method and path may be missing.
    """
    if len(values) >= 20 and values[5] in METHODS and ip_of(values[4]) and values[3].isdigit():
        return _CLOUDFRONT
    if (
        len(values) > 9
        and values[7] in METHODS
        and values[6].startswith("HTTP/")
        and values[3].isdigit()
        and ip_of(values[2])
    ):
        return _HTTP_ERRORS
    method = next((index for index, value in enumerate(values[:8]) if value in METHODS), None)
    if method is None:
        return ()
    before = ["date", "time"] if "-" in values[0] else ["time"]
    for value in values[len(before) : method]:
        is_server = ip_of(value) is not None
        before.append(
            "s-ip" if is_server else "s-sitename" if value.upper().startswith("W3SVC") else "s-computername"
        )
    rest = list(values[method:])
    after = ["cs-method", "cs-uri-stem", "cs-uri-query", "s-port", "cs-username", "c-ip"]
    if len(rest) > 6 and rest[6].startswith("HTTP/"):
        after.append("cs-version")
    for index in range(len(after), len(rest)):
        may_be_host = index == 10 and "cs-version" in after and "." in rest[index]
        if may_be_host and domain_of(rest[index].partition(":")[0]):
            after.append("cs-host")
            continue
        is_status = len(rest[index]) == 3 and rest[index].isdigit() and "sc-status" not in after
        after.append("sc-status" if is_status else f"other-{index}")
    return (*before, *after)
