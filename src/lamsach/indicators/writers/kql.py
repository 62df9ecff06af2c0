"""KQL for Microsoft Defender and Sentinel (https://learn.microsoft.com/kusto/query/): a query over the device tables.

A query may hold some 2 MB of text in Sentinel; longer lists belong into a watchlist, for which `csv` is the input.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from lamsach.indicators.urls import split_url
from lamsach.indicators.writers.base import HOST_AND_PATH, WHOLE, Stamp, Writer, of_types
from lamsach.indicators.writers.safety import wire
from lamsach.model import Indicator, IndicatorType

_QUERY = """union isfuzzy=true
    (DeviceNetworkEvents | where RemoteIP in (addresses) or ipv4_is_in_any_range(RemoteIP, networks4) or ipv6_is_in_any_range(RemoteIP, networks6)),
    (DeviceNetworkEvents | extend Host = tolower(tostring(parse_url(RemoteUrl).Host)), Bare = tolower(RemoteUrl)
        | where Host has_any (names) or Bare has_any (names)
        | mv-apply Listed = names to typeof(string) on (where Host == Listed or Host endswith strcat(".", Listed) or Bare == Listed or Bare endswith strcat(".", Listed))),
    (DeviceNetworkEvents | where RemoteUrl has_any (urls)),
    (DeviceFileEvents | where SHA256 in (sha256) or SHA1 in (sha1) or MD5 in (md5))
| sort by Timestamp desc
"""


class Kql(Writer):
    """`let` statements with the values, then the query."""

    name = "kql"
    title = "KQL query (Microsoft Defender, Sentinel)"
    suffix = ".kql"
    holds = dict.fromkeys(IndicatorType, WHOLE) | {IndicatorType.URL: HOST_AND_PATH}
    reads_back = False

    def write(self, items: Sequence[Indicator], stamp: Stamp) -> Iterator[str]:
        """List by list."""
        yield f"// {stamp.text()}\n"
        networks = [item.value for item in of_types(items, IndicatorType.NETWORK)]
        yield _let("addresses", [item.value for item in of_types(items, IndicatorType.IP)])
        yield _let("networks4", [value for value in networks if ":" not in value])
        yield _let("networks6", [value for value in networks if ":" in value])
        yield _let("names", [item.value for item in of_types(items, IndicatorType.DOMAIN)])
        yield _let(
            "urls", ["".join(split_url(wire(item.value))[1:]) for item in of_types(items, IndicatorType.URL)]
        )
        for kind in (IndicatorType.SHA256, IndicatorType.SHA1, IndicatorType.MD5):
            yield _let(kind.value, [item.value for item in of_types(items, kind)])
        yield _QUERY


def _let(name: str, values: list[str]) -> str:
    """Dynamic literals are JSON (https://learn.microsoft.com/kusto/query/scalar-data-types/dynamic)."""
    return f"let {name} = dynamic({json.dumps(values)});\n"
