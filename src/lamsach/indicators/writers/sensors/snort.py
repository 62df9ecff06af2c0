"""Snort 3 rules (https://docs.snort.org/rules/): contacts with addresses, and names in DNS questions as they stand in the packet."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from lamsach.indicators.writers.base import Stamp, Writer, of_types
from lamsach.indicators.writers.sensors.rules import FIRST_SID, listed_addresses, message
from lamsach.model import Indicator, IndicatorType


class Snort(Writer):
    """One rule a name; one rule for some hundred addresses."""

    name = "snort"
    title = "Snort 3 rules"
    suffix = ".rules"

    def write(self, items: Collection[Indicator], stamp: Stamp) -> Iterator[str]:
        """Addresses, then names."""
        yield f"# {stamp.text()}\n"
        sid = FIRST_SID
        for listed in listed_addresses(items):
            yield f'alert ip $HOME_NET any -> {listed} any (msg:"Lamsach listed address"; classtype:trojan-activity; sid:{sid}; rev:1;)\n'
            sid += 1
        for item in of_types(items, IndicatorType.DOMAIN):
            labels = "".join(f"|{len(label):02x}|{label}" for label in item.value.split("."))
            yield (
                f'alert udp $HOME_NET any -> any 53 (msg:"{message(item)}"; content:"{labels}|00|", nocase; '
                f"classtype:trojan-activity; sid:{sid}; rev:1;)\n"
            )
            sid += 1
