"""Rules of sensors and scanners: Suricata, Snort 3, Suricata's datasets, YARA.

Suricata (https://docs.suricata.io/en/latest/rules/) and Snort 3 (https://docs.snort.org/rules/): contacts
with addresses, and names in DNS questions; Suricata's also in TLS and HTTP, Snort's as they are in the
packet. For more than some ten thousand names the datasets are the faster way.

Datasets (https://docs.suricata.io/en/latest/rules/datasets.html) with the few rules that use them, as a zip.
Unpack into the rule folder (`default-rule-path`). Datasets look whole names up, so names below a listed name
are not seen; the file hash keywords need `force-hash` in the configuration. Single addresses are a dataset of
type `ip` (Suricata 7), networks are in rules.

YARA over whole files' hashes (https://yara.readthedocs.io/en/stable/modules/hash.html); YARA-X takes them as
well.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from itertools import count

from lamsach.indicators.writers.addresses import merged_networks, short
from lamsach.indicators.writers.base import HASHES, Items, Stamp, archive, in_batches, of_types, output
from lamsach.indicators.writers.safety import ascii_words
from lamsach.model import Indicator, IndicatorType

FIRST_SID = 1_100_000
"""The first rule's identifier: 1,000,000 to 1,999,999 are for local rules (https://sidallocation.org/)."""
ADDRESSES_IN_A_RULE = 200
_NAME_BUFFERS = (("dns", "dns.query"), ("tls", "tls.sni"), ("http", "http.host"))


def message(item: Indicator) -> str:
    """Return what the rule calls itself: free of quotes, semicolons, colons, backslashes and pipes."""
    return " ".join(f"Lamsach {ascii_words(item.threat)}".replace(":", " ").split())


def listed_addresses(items: Iterable[Indicator]) -> Iterator[str]:
    """The merged networks, some hundred at once, as a rule's header takes them."""
    networks = (short(network) for part in merged_networks(items) for network in part)
    for batch in in_batches(networks, ADDRESSES_IN_A_RULE):
        yield "[" + ",".join(batch) + "]"


def _addresses(items: Iterable[Indicator], sids: Iterator[int]) -> Iterator[str]:
    for listed in listed_addresses(items):
        yield (
            f'alert ip $HOME_NET any -> {listed} any (msg:"Lamsach listed address"; '
            f"classtype:trojan-activity; sid:{next(sids)}; rev:1;)\n"
        )


@output("suricata", "Suricata rules", ".rules")
def suricata(items: Items, stamp: Stamp) -> Iterator[str]:
    """Three rules a name; one rule for some hundred addresses."""
    sids = count(FIRST_SID)
    yield from _addresses(items, sids)
    for item in of_types(items, IndicatorType.DOMAIN):
        for protocol, buffer in _NAME_BUFFERS:
            yield (
                f'alert {protocol} $HOME_NET any -> any any (msg:"{message(item)}"; {buffer}; dotprefix; '
                f'content:".{item.value}"; nocase; endswith; classtype:trojan-activity; '
                f"sid:{next(sids)}; rev:1;)\n"
            )


@output("snort", "Snort 3 rules", ".rules")
def snort(items: Items, stamp: Stamp) -> Iterator[str]:
    """One rule a name; one rule for some hundred addresses."""
    sids = count(FIRST_SID)
    yield from _addresses(items, sids)
    for item in of_types(items, IndicatorType.DOMAIN):
        labels = "".join(f"|{len(label):02x}|{label}" for label in item.value.split("."))
        yield (
            f'alert udp $HOME_NET any -> any 53 (msg:"{message(item)}"; content:"{labels}|00|", nocase; '
            f"classtype:trojan-activity; sid:{next(sids)}; rev:1;)\n"
        )


@archive("suricata_datasets", "Suricata datasets with their rules")
def suricata_datasets(items: Items, stamp: Stamp) -> Iterator[tuple[str, Iterator[str]]]:
    """`lamsach.rules`, `lamsach-addresses.lst`, `lamsach-names.lst` and the lists of hashes.

    Only the lists that hold something, and their rules.
    """
    hashes = [kind for kind in HASHES if _any(items, kind)]
    names, addresses = _any(items, IndicatorType.DOMAIN), _any(items, IndicatorType.IP)
    yield "lamsach.rules", _rules(stamp, items, addresses, names, hashes)
    if addresses:
        yield "lamsach-addresses.lst", (item.value + "\n" for item in of_types(items, IndicatorType.IP))
    if names:
        coded = (base64.b64encode(item.value.encode()) for item in of_types(items, IndicatorType.DOMAIN))
        yield "lamsach-names.lst", (line.decode() + "\n" for line in coded)
    for kind in hashes:
        yield f"lamsach-{kind.value}.lst", (item.value + "\n" for item in of_types(items, kind))


def _any(items: Items, kind: IndicatorType) -> bool:
    return next(of_types(items, kind), None) is not None


def _rules(
    stamp: Stamp, items: Items, addresses: bool, names: bool, hashes: list[IndicatorType]
) -> Iterator[str]:
    yield f"# {stamp.text()}\n"
    sids = count(FIRST_SID)
    for rule in _bare_rules(items, addresses, names, hashes):
        yield f"{rule}; sid:{next(sids)}; rev:1;)\n"


def _bare_rules(items: Items, addresses: bool, names: bool, hashes: list[IndicatorType]) -> Iterator[str]:
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


HASHES_IN_A_RULE = 500


@output("yara", "YARA hash rules", ".yar", comment="// ")
def yara(items: Items, stamp: Stamp) -> Iterator[str]:
    """One rule for some hundred hashes of a kind."""
    yield 'import "hash"\n'
    for kind in HASHES:
        for number, batch in enumerate(in_batches(of_types(items, kind), HASHES_IN_A_RULE), 1):
            tests = " or\n        ".join(
                f'hash.{kind.value}(0, filesize) == "{item.value}"' for item in batch
            )
            yield (
                f"rule lamsach_{kind.value}_{number} {{\n    meta:\n        description = "
                f'"Lamsach list"\n'
                f"    condition:\n        {tests}\n}}\n"
            )
