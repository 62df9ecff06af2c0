"""KQL for Microsoft Defender and Sentinel (https://learn.microsoft.com/kusto/query/): a query over the device tables.

A query may hold some 2 MB of text in Sentinel; longer lists belong into a watchlist, for which `csv` is the input.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator

from lamsach.indicators.values.urls import split_url
from lamsach.indicators.writers.addresses import is_version
from lamsach.indicators.writers.base import Stamp, Writer, of_types
from lamsach.indicators.writers.safety import wire
from lamsach.model import Indicator, IndicatorType

_QUERY = """union isfuzzy=true
    (DeviceNetworkEvents | where RemoteIP in (addresses) or ipv4_is_in_any_range(RemoteIP, networks4) or ipv6_is_in_any_range(RemoteIP, networks6)),
    (DeviceNetworkEvents | extend Host = tolower(tostring(parse_url(RemoteUrl).Host)), Bare = tolower(RemoteUrl)
        | where Host has_any (names) or Bare has_any (names)
        | mv-apply Listed = names to typeof(string) on (where Host == Listed or Host endswith strcat(".", Listed) or Bare == Listed or Bare endswith strcat(".", Listed))),
    (DeviceNetworkEvents | where RemoteUrl has_any (urls)),
    (DeviceFileEvents | where SHA256 in (sha256) or SHA1 in (sha1) or MD5 in (md5) or FileName in~ (file_name)),
    (DeviceProcessEvents | where FileName in~ (file_name))
| sort by Timestamp desc
"""


class Kql(Writer):
    """`let` statements with the values, then the query."""

    name = "kql"
    title = "KQL query (Microsoft Defender, Sentinel)"
    suffix = ".kql"
    reads_back = False

    def write(self, items: Collection[Indicator], stamp: Stamp) -> Iterator[str]:
        """List by list."""
        yield f"// {stamp.text()}\n"
        yield from _let("addresses", _values(items, IndicatorType.IP))
        for name, version in (("networks4", 4), ("networks6", 6)):
            networks = of_types(items, IndicatorType.NETWORK)
            yield from _let(name, (item.value for item in networks if is_version(item, version)))
        yield from _let("names", _values(items, IndicatorType.DOMAIN))
        urls = _values(items, IndicatorType.URL)
        yield from _let("urls", ("".join(split_url(wire(url))[1:]) for url in urls))
        for kind in (IndicatorType.SHA256, IndicatorType.SHA1, IndicatorType.MD5, IndicatorType.FILE_NAME):
            yield from _let(kind.value, _values(items, kind))
        yield _QUERY


def _values(items: Collection[Indicator], kind: IndicatorType) -> Iterator[str]:
    return (item.value for item in of_types(items, kind))


def _let(name: str, values: Iterable[str]) -> Iterator[str]:
    """Dynamic literals are JSON (https://learn.microsoft.com/kusto/query/scalar-data-types/dynamic)."""
    yield f"let {name} = dynamic(["
    for number, value in enumerate(values):
        yield (", " if number else "") + json.dumps(value)
    yield "]);\n"
