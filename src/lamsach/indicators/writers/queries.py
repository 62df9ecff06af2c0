"""Queries for log stores: Sigma rules, KQL, Elasticsearch.

Sigma (https://sigmahq.io/docs/basics/rules.html): one rule a kind of log, in one file of several YAML
documents.

KQL for Microsoft Defender and Sentinel (https://learn.microsoft.com/kusto/query/): a query over the device
tables. A query may hold some 2 MB of text in Sentinel; longer lists belong into a watchlist, for which `csv`
is the input.

Elasticsearch over ECS fields
(https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-terms-query). A terms query takes
65,536 values at most, so longer lists are several. The stamp is the query's name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from uuid import uuid5

from lamsach.indicators.values.urls import split_url
from lamsach.indicators.writers.addresses import is_version
from lamsach.indicators.writers.base import HASHES, Items, Stamp, framed, in_batches, iso, of_types, output
from lamsach.indicators.writers.safety import wire
from lamsach.indicators.writers.stix import NAMESPACE
from lamsach.model import Indicator, IndicatorType
from lamsach.model.indicator_types import ADDRESSES


@output("sigma", "Sigma rules", ".yml", reads_back=False, comment=None)
def sigma(items: Items, stamp: Stamp) -> Iterator[str]:
    """For the taxonomy's DNS, firewall, proxy and process logs.

    Rule by rule; a kind of log without values has none.
    """
    separator = ""
    for what, category, fields in _RULES:
        selections = (
            piece
            for number, (field, types, form) in enumerate(fields, 1)
            for piece in _selection(number, field, map(form, of_types(items, *types)))
        )
        for piece in framed(separator + _head(what, category, stamp), selections, _TAIL):
            yield piece
            separator = "---\n"
    if not separator:
        yield f"# {stamp.text()}\n"


def _head(what: str, category: str, stamp: Stamp) -> str:
    return (
        f"title: Lamsach listed {what}\nid: {uuid5(NAMESPACE, f'sigma {category}')}\nstatus: stable\n"
        f"description: '{stamp.text()}'\ndate: {iso(stamp.made)[:10]}\nauthor: Lamsach\n"
        f"logsource:\n    category: {category}\ndetection:\n"
    )


_TAIL = "    condition: 1 of selection*\nlevel: high\n"


def _selection(number: int, field: str, values: Iterable[str]) -> Iterator[str]:
    quoted = ("            - '" + value.replace("'", "''") + "'\n" for value in values)
    return framed(f"    selection{number}:\n        {field}:\n", quoted)


def _literal(text: str) -> str:
    """The text with Sigma's wildcards escaped (Sigma specification, "Escaping")."""
    return text.replace("*", "\\*").replace("?", "\\?")


def _value(item: Indicator) -> str:
    return item.value


def _path(item: Indicator) -> str:
    return f"\\{item.value}"


def _below(item: Indicator) -> str:
    return f".{item.value}"


def _url(item: Indicator) -> str:
    return _literal(wire(item.value))


def _hash(item: Indicator) -> str:
    return f"{item.type.upper()}={item.value.upper()}"


_Field = tuple[str, tuple[IndicatorType, ...], Callable[[Indicator], str]]
_NAMES, _FILES = (IndicatorType.DOMAIN,), (IndicatorType.FILE_NAME,)
_RULES: tuple[tuple[str, str, tuple[_Field, ...]], ...] = (
    ("DNS question", "dns", (("query", _NAMES, _value), ("query|endswith", _NAMES, _below))),
    ("connection", "firewall", (("dst_ip|cidr", ADDRESSES, _value),)),
    (
        "web request",
        "proxy",
        (
            ("cs-host", _NAMES, _value),
            ("cs-host|endswith", _NAMES, _below),
            ("c-uri|contains", (IndicatorType.URL,), _url),
        ),
    ),
    (
        "file",
        "process_creation",
        (
            ("Hashes|contains", HASHES, _hash),
            ("Image|endswith", _FILES, _path),
            ("OriginalFileName", _FILES, _value),
        ),
    ),
    ("written file", "file_event", (("TargetFilename|endswith", _FILES, _path),)),
)


_QUERY = """union isfuzzy=true
    (DeviceNetworkEvents | where RemoteIP in (addresses) or \
ipv4_is_in_any_range(RemoteIP, networks4) or ipv6_is_in_any_range(RemoteIP, networks6)),
    (DeviceNetworkEvents | extend Host = tolower(tostring(parse_url(RemoteUrl).Host)), \
Bare = tolower(RemoteUrl)
        | where Host has_any (names) or Bare has_any (names)
        | mv-apply Listed = names to typeof(string) on (where Host == Listed or \
Host endswith strcat(".", Listed) or Bare == Listed or Bare endswith strcat(".", Listed))),
    (DeviceNetworkEvents | where RemoteUrl has_any (urls)),
    (DeviceFileEvents | where SHA256 in (sha256) or SHA1 in (sha1) or MD5 in (md5) \
or FileName in~ (file_name)),
    (DeviceProcessEvents | where FileName in~ (file_name))
| sort by Timestamp desc
"""


@output("kql", "KQL query (Microsoft Defender, Sentinel)", ".kql", reads_back=False, comment="// ")
def kql(items: Items, stamp: Stamp) -> Iterator[str]:
    """`let` statements with the values, then the query."""
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


def _values(items: Items, kind: IndicatorType) -> Iterator[str]:
    return (item.value for item in of_types(items, kind))


def _let(name: str, values: Iterable[str]) -> Iterator[str]:
    """Dynamic literals are JSON (https://learn.microsoft.com/kusto/query/scalar-data-types/dynamic)."""
    yield f"let {name} = dynamic(["
    for number, value in enumerate(values):
        yield (", " if number else "") + json.dumps(value)
    yield "]);\n"


TERMS_IN_A_QUERY = 60_000


@output("elastic", "Elasticsearch terms query", ".json", reads_back=False, comment=None)
def elastic(items: Items, stamp: Stamp) -> Iterator[str]:
    """A search body: any of the terms."""
    fields: tuple[tuple[str, tuple[IndicatorType, ...]], ...] = (
        ("destination.ip", ADDRESSES),
        ("dns.question.name", (IndicatorType.DOMAIN,)),
        ("destination.domain", (IndicatorType.DOMAIN,)),
        ("url.domain", (IndicatorType.DOMAIN,)),
        ("url.full", (IndicatorType.URL,)),
        ("file.hash.md5", (IndicatorType.MD5,)),
        ("file.hash.sha1", (IndicatorType.SHA1,)),
        ("file.hash.sha256", (IndicatorType.SHA256,)),
        ("tls.client.ja3", (IndicatorType.JA3,)),
    )
    yield (
        f'{{"query": {{"bool": {{"_name": {json.dumps(stamp.text())}, "minimum_should_match": '
        f'1, "should": [\n'
    )
    separator = ""
    for field, kinds in fields:
        for batch in in_batches(of_types(items, *kinds), TERMS_IN_A_QUERY):
            yield separator + json.dumps({"terms": {field: [wire(item.value) for item in batch]}})
            separator = ",\n"
    yield "\n]}}}\n"
