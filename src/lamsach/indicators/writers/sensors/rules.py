"""What the rules of Suricata and Snort share: identifiers, messages, lists of addresses in a rule's header."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lamsach.indicators.writers.addresses import merged_networks, short
from lamsach.indicators.writers.base import in_batches
from lamsach.indicators.writers.safety import ascii_words
from lamsach.model import Indicator

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
