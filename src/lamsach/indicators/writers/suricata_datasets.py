"""Suricata datasets (https://docs.suricata.io/en/latest/rules/datasets.html) with the few rules that use them, as a zip.

Unpack into the rule folder (`default-rule-path`). Datasets look whole names up, so names below a listed name are not seen; the file
hash keywords need `force-hash` in the configuration.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence

from lamsach.indicators.writers.addresses import merged_networks, short
from lamsach.indicators.writers.base import NAME_ONLY, WHOLE, Stamp, of_types
from lamsach.indicators.writers.bundle import Bundle
from lamsach.indicators.writers.rules import FIRST_SID, batches
from lamsach.model import Indicator, IndicatorType

_HASHES = (IndicatorType.MD5, IndicatorType.SHA1, IndicatorType.SHA256)


class SuricataDatasets(Bundle):
    """`lamsach.rules`, `lamsach-names.lst` and the lists of hashes."""

    name = "suricata_datasets"
    title = "Suricata datasets with their rules"
    holds = {
        IndicatorType.IP: WHOLE,
        IndicatorType.NETWORK: WHOLE,
        IndicatorType.DOMAIN: NAME_ONLY,
        **dict.fromkeys(_HASHES, WHOLE),
    }
    reads_back = False

    def files(self, items: Sequence[Indicator], stamp: Stamp) -> Iterator[tuple[str, Iterator[str]]]:
        """Only the lists that hold something, and their rules."""
        names = of_types(items, IndicatorType.DOMAIN)
        hashes = [(kind, found) for kind in _HASHES if (found := of_types(items, kind))]
        networks = [short(network) for part in merged_networks(items) for network in part]
        yield "lamsach.rules", _rules(stamp, networks, bool(names), [kind for kind, _ in hashes])
        if names:
            yield (
                "lamsach-names.lst",
                (base64.b64encode(item.value.encode()).decode() + "\n" for item in names),
            )
        for kind, found in hashes:
            yield f"lamsach-{kind.value}.lst", (item.value + "\n" for item in found)


def _rules(stamp: Stamp, networks: list[str], names: bool, hashes: list[IndicatorType]) -> Iterator[str]:
    yield f"# {stamp.text()}\n"
    sid = FIRST_SID
    for listed in batches(networks):
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
