"""Wazuh CDB list (https://documentation.wazuh.com/current/user-manual/ruleset/cdb-list.html): `key:value`, keys with colons in quotes.

The format has no comments, so the stamp is the value of a key that no log holds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from lamsach.indicators.writers.base import Stamp, Writer
from lamsach.indicators.writers.safety import ascii_words
from lamsach.model import Indicator


class Wazuh(Writer):
    """Looked up by `list` rules: whole names, single addresses, hashes."""

    name = "wazuh"
    title = "Wazuh CDB list"
    suffix = ".cdb.txt"

    def write(self, items: Collection[Indicator], stamp: Stamp) -> Iterator[str]:
        """The stamp, then a line a value."""
        yield f"lamsach-list:{stamp.text()}\n"
        for item in items:
            key = f'"{item.value}"' if ":" in item.value else item.value
            yield f"{key}:{ascii_words(item.threat).replace(':', ' ')}\n"
