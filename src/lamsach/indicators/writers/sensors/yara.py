"""YARA rules over whole files' hashes (https://yara.readthedocs.io/en/stable/modules/hash.html); YARA-X takes them as well."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from lamsach.indicators.writers.base import HASHES, Stamp, Writer, in_batches, of_types
from lamsach.model import Indicator

HASHES_IN_A_RULE = 500


class Yara(Writer):
    """One rule for some hundred hashes of a kind."""

    name = "yara"
    title = "YARA hash rules"
    suffix = ".yar"

    def write(self, items: Collection[Indicator], stamp: Stamp) -> Iterator[str]:
        """Kind by kind."""
        yield f'// {stamp.text()}\nimport "hash"\n'
        for kind in HASHES:
            for number, batch in enumerate(in_batches(of_types(items, kind), HASHES_IN_A_RULE), 1):
                tests = " or\n        ".join(
                    f'hash.{kind.value}(0, filesize) == "{item.value}"' for item in batch
                )
                yield (
                    f'rule lamsach_{kind.value}_{number} {{\n    meta:\n        description = "Lamsach list"\n'
                    f"    condition:\n        {tests}\n}}\n"
                )
