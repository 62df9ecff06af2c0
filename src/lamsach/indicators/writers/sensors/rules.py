"""Rules of Suricata (https://docs.suricata.io/en/latest/rules/) and Snort 3 (https://docs.snort.org/rules/): contacts with addresses, and names in DNS
questions; Suricata's also in TLS and HTTP, Snort's as they stand in the packet.

For more than some ten thousand names `suricata_datasets` is the faster way.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import count

from lamsach.indicators.writers.addresses import merged_networks, short
from lamsach.indicators.writers.base import Stamp, Writer, in_batches, of_types
from lamsach.indicators.writers.safety import ascii_words
from lamsach.model import Indicator, IndicatorType

FIRST_SID = 1_100_000
"""The first rule's identifier: 1,000,000 to 1,999,999 are for local rules (https://sidallocation.org/)."""
ADDRESSES_IN_A_RULE = 200


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


class Suricata(Writer):
    """Three rules a name; one rule for some hundred addresses."""

    name = "suricata"
    title = "Suricata rules"
    suffix = ".rules"

    def write(self, items: Collection[Indicator], stamp: Stamp) -> Iterator[str]:
        """Addresses, then names."""
        yield f"# {stamp.text()}\n"
        sids = count(FIRST_SID)
        yield from _addresses(items, sids)
        for item in of_types(items, IndicatorType.DOMAIN):
            for protocol, buffer in (("dns", "dns.query"), ("tls", "tls.sni"), ("http", "http.host")):
                yield (
                    f'alert {protocol} $HOME_NET any -> any any (msg:"{message(item)}"; {buffer}; dotprefix; '
                    f'content:".{item.value}"; nocase; endswith; classtype:trojan-activity; sid:{next(sids)}; rev:1;)\n'
                )


class Snort(Writer):
    """One rule a name; one rule for some hundred addresses."""

    name = "snort"
    title = "Snort 3 rules"
    suffix = ".rules"

    def write(self, items: Collection[Indicator], stamp: Stamp) -> Iterator[str]:
        """Addresses, then names."""
        yield f"# {stamp.text()}\n"
        sids = count(FIRST_SID)
        yield from _addresses(items, sids)
        for item in of_types(items, IndicatorType.DOMAIN):
            labels = "".join(f"|{len(label):02x}|{label}" for label in item.value.split("."))
            yield (
                f'alert udp $HOME_NET any -> any 53 (msg:"{message(item)}"; content:"{labels}|00|", nocase; '
                f"classtype:trojan-activity; sid:{next(sids)}; rev:1;)\n"
            )
