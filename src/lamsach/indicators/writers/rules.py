"""Rules of sensors and scanners, and queries of log stores.

Suricata (https://docs.suricata.io/en/latest/rules/) and Snort 3 (https://docs.snort.org/rules/): contacts
with addresses, and names in DNS questions; Suricata's also in TLS and HTTP, Snort's as encoded in the packet.
For more than some ten thousand names datasets are faster.

Datasets (https://docs.suricata.io/en/latest/rules/datasets.html) with the few rules that use them, as a zip.
Unpack into the rule folder (`default-rule-path`). Datasets look up whole names, so names below a listed name
are not found; the file hash keywords need `force-hash` in the configuration. Single addresses are a dataset
of type `ip` (Suricata 7), networks are in rules.

YARA over whole files' hashes (https://yara.readthedocs.io/en/stable/modules/hash.html), which YARA-X accepts
as well. Sigma (https://sigmahq.io/docs/basics/rules.html): one rule a kind of log, in one file of several
YAML documents.

KQL for Microsoft Defender and Sentinel (https://learn.microsoft.com/kusto/query/): a query over the device
tables. A query may hold some 2 MB of text in Sentinel; longer lists belong into a watchlist, from `csv`.

Elasticsearch over ECS fields
(https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-terms-query). A terms query accepts
65,536 values at most, so longer lists are several. The stamp is the query's name.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from itertools import chain
from uuid import uuid5

from lamsach.indicators.writers.addresses import is_version, merged_networks
from lamsach.indicators.writers.base import (
    HASHES,
    Items,
    Stamp,
    archive,
    in_batches,
    iso,
    of_types,
    output,
    safe_ascii_words,
    wire_form,
    with_frame,
    without_scheme,
)
from lamsach.indicators.writers.exchange import NAMESPACE
from lamsach.model import Indicator, IndicatorType
from lamsach.model.indicator_types import ADDRESSES

FIRST_SID = 1_100_000
"""First rule identifier: 1,000,000 to 1,999,999 are for local rules (https://sidallocation.org/)."""
MAX_RULE_ADDRESSES = 200
_CLASS = "classtype:trojan-activity"
_NAME_BUFFERS = (("dns", "dns.query"), ("tls", "tls.sni"), ("http", "http.host"))


def message(item: Indicator) -> str:
    """Return a rule's message, free of quotes, semicolons, colons, backslashes and pipes."""
    return " ".join(f"Lamsach {safe_ascii_words(item.threat)}".replace(":", " ").split())


def listed_addresses(items: Iterable[Indicator]) -> Iterator[str]:
    """Yield the merged networks, some hundred at a time, as in a rule's header."""
    networks = (network.text for part in merged_networks(items) for network in part)
    for batch in in_batches(networks, MAX_RULE_ADDRESSES):
        yield "[" + ",".join(batch) + "]"


def _addresses(items: Iterable[Indicator]) -> Iterator[str]:
    for listed in listed_addresses(items):
        yield f'alert ip $HOME_NET any -> {listed} any (msg:"Lamsach listed address"; {_CLASS}'


def _numbered(rules: Iterable[str]) -> Iterator[str]:
    for number, rule in enumerate(rules, FIRST_SID):
        yield f"{rule}; sid:{number}; rev:1;)\n"


@output("suricata", "Suricata rules", ".rules")
def suricata(items: Items, stamp: Stamp) -> Iterator[str]:
    """Yield three rules a name and one rule for some hundred addresses."""
    names = (
        f'alert {protocol} $HOME_NET any -> any any (msg:"{message(item)}"; {buffer}; dotprefix; '
        f'content:".{item.value}"; nocase; endswith; {_CLASS}'
        for item in of_types(items, IndicatorType.DOMAIN)
        for protocol, buffer in _NAME_BUFFERS
    )
    return _numbered(chain(_addresses(items), names))


@output("snort", "Snort 3 rules", ".rules")
def snort(items: Items, stamp: Stamp) -> Iterator[str]:
    """Yield one rule a name and one rule for some hundred addresses."""
    names = (
        f'alert udp $HOME_NET any -> any 53 (msg:"{message(item)}"; '
        f'content:"{_labels(item.value)}|00|", nocase; {_CLASS}'
        for item in of_types(items, IndicatorType.DOMAIN)
    )
    return _numbered(chain(_addresses(items), names))


def _labels(name: str) -> str:
    return "".join(f"|{len(label):02x}|{label}" for label in name.split("."))


@archive("suricata_datasets", "Suricata datasets with their rules")
def suricata_datasets(items: Items, stamp: Stamp) -> Iterator[tuple[str, Iterator[str]]]:
    """Yield `lamsach.rules` and the non-empty lists of addresses, names and hashes."""
    hashes = [kind for kind in HASHES if _any(items, kind)]
    names, addresses = _any(items, IndicatorType.DOMAIN), _any(items, IndicatorType.IP)
    rules = _numbered(_dataset_rules(items, addresses, names, hashes))
    yield "lamsach.rules", chain([f"# {stamp.text()}\n"], rules)
    if addresses:
        yield "lamsach-addresses.lst", (item.value + "\n" for item in of_types(items, IndicatorType.IP))
    if names:
        coded = (base64.b64encode(item.value.encode()) for item in of_types(items, IndicatorType.DOMAIN))
        yield "lamsach-names.lst", (line.decode() + "\n" for line in coded)
    for kind in hashes:
        yield f"lamsach-{kind.value}.lst", (item.value + "\n" for item in of_types(items, kind))


def _any(items: Items, kind: IndicatorType) -> bool:
    return next(of_types(items, kind), None) is not None


def _dataset_rules(items: Items, addresses: bool, names: bool, hashes: list[IndicatorType]) -> Iterator[str]:
    limits = "memcap 512mb,hashsize 65536"
    if addresses:
        yield (
            'alert ip $HOME_NET any -> any any (msg:"Lamsach listed address"; ip.dst; '
            f"dataset:isset,lamsach-addresses,type ip,load lamsach-addresses.lst,{limits}"
        )
    for listed in listed_addresses(of_types(items, IndicatorType.NETWORK)):
        yield f'alert ip $HOME_NET any -> {listed} any (msg:"Lamsach listed address"'
    dataset = f"dataset:isset,lamsach-names,type string,load lamsach-names.lst,{limits}"
    for protocol, buffer in _NAME_BUFFERS if names else ():
        yield (
            f'alert {protocol} $HOME_NET any -> any any (msg:"Lamsach listed name"; {buffer}; '
            f"to_lowercase; {dataset}"
        )
    for kind in hashes:
        file = f"file{kind.value}:lamsach-{kind.value}.lst"
        yield f'alert http any any -> any any (msg:"Lamsach listed file"; {file}'


MAX_RULE_HASHES = 500


@output("yara", "YARA hash rules", ".yar", comment="// ")
def yara(items: Items, stamp: Stamp) -> Iterator[str]:
    """Yield one rule for some hundred hashes of a type."""
    yield 'import "hash"\n'
    for kind in HASHES:
        for number, batch in enumerate(in_batches(of_types(items, kind), MAX_RULE_HASHES), 1):
            tests = " or\n        ".join(
                f'hash.{kind.value}(0, filesize) == "{item.value}"' for item in batch
            )
            yield (
                f"rule lamsach_{kind.value}_{number} {{\n    meta:\n        description = "
                f'"Lamsach list"\n'
                f"    condition:\n        {tests}\n}}\n"
            )


@output("sigma", "Sigma rules", ".yml", reads_back=False, comment=None)
def sigma(items: Items, stamp: Stamp) -> Iterator[str]:
    """Yield rules for the taxonomy's DNS, firewall, proxy, process and file logs that have values."""
    separator = ""
    for subject, category, fields in _RULES:
        selections = (
            piece
            for number, (field, types, form) in enumerate(fields, 1)
            for piece in _selection(number, field, form, of_types(items, *types))
        )
        for piece in with_frame(separator + _head(subject, category, stamp), selections, _TAIL):
            yield piece
            separator = "---\n"
    if not separator:
        yield f"# {stamp.text()}\n"


def _head(subject: str, category: str, stamp: Stamp) -> str:
    return (
        f"title: Lamsach listed {subject}\nid: {uuid5(NAMESPACE, f'sigma {category}')}\nstatus: stable\n"
        f"description: '{stamp.text()}'\ndate: {iso(stamp.made)[:10]}\nauthor: Lamsach\n"
        f"logsource:\n    category: {category}\ndetection:\n"
    )


_TAIL = "    condition: 1 of selection*\nlevel: high\n"


def _selection(number: int, field: str, form: str, items: Iterable[Indicator]) -> Iterator[str]:
    values = (form.format(_written(item)).replace("'", "''") for item in items)
    quoted = (f"            - '{value}'\n" for value in values)
    return with_frame(f"    selection{number}:\n        {field}:\n", quoted)


def _written(item: Indicator) -> str:
    if item.type in HASHES:
        return f"{item.type.upper()}={item.value.upper()}"
    if item.type is not IndicatorType.URL:
        return item.value
    return wire_form(item.value).replace("*", "\\*").replace("?", "\\?")  # specification, "Escaping"


_NAMES, _FILES = (IndicatorType.DOMAIN,), (IndicatorType.FILE_NAME,)
_RULES: tuple[tuple[str, str, tuple[tuple[str, tuple[IndicatorType, ...], str], ...]], ...] = (
    ("DNS question", "dns", (("query", _NAMES, "{}"), ("query|endswith", _NAMES, ".{}"))),
    ("connection", "firewall", (("dst_ip|cidr", ADDRESSES, "{}"),)),
    ("web request", "proxy", (("cs-host", _NAMES, "{}"), ("cs-host|endswith", _NAMES, ".{}"),
        ("c-uri|contains", (IndicatorType.URL,), "{}"))),
    ("file", "process_creation", (("Hashes|contains", HASHES, "{}"), ("Image|endswith", _FILES, "\\{}"),
        ("OriginalFileName", _FILES, "{}"))),
    ("written file", "file_event", (("TargetFilename|endswith", _FILES, "\\{}"),)),
)  # fmt: skip


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
    """Yield `let` statements with the values, then the query."""
    yield from _let("addresses", _values(items, IndicatorType.IP))
    for name, version in (("networks4", 4), ("networks6", 6)):
        networks = of_types(items, IndicatorType.NETWORK)
        yield from _let(name, (item.value for item in networks if is_version(item, version)))
    yield from _let("names", _values(items, IndicatorType.DOMAIN))
    urls = _values(items, IndicatorType.URL)
    yield from _let("urls", map(without_scheme, urls))
    for kind in (IndicatorType.SHA256, IndicatorType.SHA1, IndicatorType.MD5, IndicatorType.FILE_NAME):
        yield from _let(kind.value, _values(items, kind))
    yield _QUERY


def _values(items: Items, kind: IndicatorType) -> Iterator[str]:
    return (item.value for item in of_types(items, kind))


def _let(name: str, values: Iterable[str]) -> Iterator[str]:
    """Yield a JSON literal (https://learn.microsoft.com/kusto/query/scalar-data-types/dynamic)."""
    yield f"let {name} = dynamic(["
    for number, value in enumerate(values):
        yield (", " if number else "") + json.dumps(value)
    yield "]);\n"


MAX_QUERY_TERMS = 60_000


@output("elastic", "Elasticsearch terms query", ".json", reads_back=False, comment=None)
def elastic(items: Items, stamp: Stamp) -> Iterator[str]:
    """Yield a search body: any of the terms."""
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
        for batch in in_batches(of_types(items, *kinds), MAX_QUERY_TERMS):
            yield separator + json.dumps({"terms": {field: [wire_form(item.value) for item in batch]}})
            separator = ",\n"
    yield "\n]}}}\n"
