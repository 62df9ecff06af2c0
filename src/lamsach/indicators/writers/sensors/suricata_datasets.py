"""Suricata datasets (https://docs.suricata.io/en/latest/rules/datasets.html) with the few rules that use them, as a zip.

Unpack into the rule folder (`default-rule-path`). Datasets look whole names up, so names below a listed name are not seen; the file
hash keywords need `force-hash` in the configuration. Single addresses are a dataset of type `ip` (Suricata 7), networks stand in rules.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterator

from lamsach.indicators.writers.base import HASHES, Stamp, of_types
from lamsach.indicators.writers.exchange.bundle import Bundle
from lamsach.indicators.writers.sensors.rules import FIRST_SID, listed_addresses
from lamsach.model import Indicator, IndicatorType


class SuricataDatasets(Bundle):
    """`lamsach.rules`, `lamsach-addresses.lst`, `lamsach-names.lst` and the lists of hashes."""

    name = "suricata_datasets"
    title = "Suricata datasets with their rules"

    def files(self, items: Collection[Indicator], stamp: Stamp) -> Iterator[tuple[str, Iterator[str]]]:
        """Only the lists that hold something, and their rules."""
        hashes = [kind for kind in HASHES if _any(items, kind)]
        names, addresses = _any(items, IndicatorType.DOMAIN), _any(items, IndicatorType.IP)
        yield "lamsach.rules", _rules(stamp, items, addresses, names, hashes)
        if addresses:
            yield (
                "lamsach-addresses.lst",
                (item.value + "\n" for item in of_types(items, IndicatorType.IP)),
            )
        if names:
            yield (
                "lamsach-names.lst",
                (
                    base64.b64encode(item.value.encode()).decode() + "\n"
                    for item in of_types(items, IndicatorType.DOMAIN)
                ),
            )
        for kind in hashes:
            yield f"lamsach-{kind.value}.lst", (item.value + "\n" for item in of_types(items, kind))


def _any(items: Collection[Indicator], kind: IndicatorType) -> bool:
    return next(of_types(items, kind), None) is not None


def _rules(
    stamp: Stamp, items: Collection[Indicator], addresses: bool, names: bool, hashes: list[IndicatorType]
) -> Iterator[str]:
    yield f"# {stamp.text()}\n"
    sid = FIRST_SID
    if addresses:
        yield (
            'alert ip $HOME_NET any -> any any (msg:"Lamsach listed address"; ip.dst; '
            "dataset:isset,lamsach-addresses,type ip,load lamsach-addresses.lst,memcap 512mb,hashsize 65536; "
            f"sid:{sid}; rev:1;)\n"
        )
        sid += 1
    for listed in listed_addresses(of_types(items, IndicatorType.NETWORK)):
        yield f'alert ip $HOME_NET any -> {listed} any (msg:"Lamsach listed address"; sid:{sid}; rev:1;)\n'
        sid += 1
    dataset = "dataset:isset,lamsach-names,type string,load lamsach-names.lst,memcap 512mb,hashsize 65536"
    for protocol, buffer in (
        (("dns", "dns.query"), ("tls", "tls.sni"), ("http", "http.host")) if names else ()
    ):
        yield (
            f'alert {protocol} $HOME_NET any -> any any (msg:"Lamsach listed name"; {buffer}; '
            f"to_lowercase; {dataset}; sid:{sid}; rev:1;)\n"
        )
        sid += 1
    for kind in hashes:
        yield (
            f'alert http any any -> any any (msg:"Lamsach listed file"; file{kind.value}:lamsach-{kind.value}.lst; '
            f"sid:{sid}; rev:1;)\n"
        )
        sid += 1
