"""Suricata rules (https://docs.suricata.io/en/latest/rules/): contacts with addresses, and names in DNS questions, TLS and HTTP.

For more than some ten thousand names `suricata_datasets` is the faster way.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from lamsach.indicators.writers.base import Stamp, Writer, of_types
from lamsach.indicators.writers.sensors.rules import FIRST_SID, listed_addresses, message
from lamsach.model import Indicator, IndicatorType


class Suricata(Writer):
    """Three rules a name; one rule for some hundred addresses."""

    name = "suricata"
    title = "Suricata rules"
    suffix = ".rules"

    def write(self, items: Collection[Indicator], stamp: Stamp) -> Iterator[str]:
        """Addresses, then names."""
        yield f"# {stamp.text()}\n"
        sid = FIRST_SID
        for listed in listed_addresses(items):
            yield f'alert ip $HOME_NET any -> {listed} any (msg:"Lamsach listed address"; classtype:trojan-activity; sid:{sid}; rev:1;)\n'
            sid += 1
        for item in of_types(items, IndicatorType.DOMAIN):
            for protocol, buffer in (("dns", "dns.query"), ("tls", "tls.sni"), ("http", "http.host")):
                yield (
                    f'alert {protocol} $HOME_NET any -> any any (msg:"{message(item)}"; {buffer}; dotprefix; '
                    f'content:".{item.value}"; nocase; endswith; classtype:trojan-activity; sid:{sid}; rev:1;)\n'
                )
                sid += 1
