"""ClamAV hash signatures (https://docs.clamav.net/manual/Signatures/HashSignatures.html): `hash:*:name:73`, the size unknown."""

from __future__ import annotations

from lamsach.indicators.writers.plain import LineList
from lamsach.indicators.writers.safety import ascii_words, slug
from lamsach.model import Indicator


class ClamavHdb(LineList):
    """MD5, for a file `lamsach.hdb` in the database folder."""

    name = "clamav_hdb"
    title = "ClamAV signatures (MD5)"
    suffix = ".hdb"

    def line(self, item: Indicator) -> str:
        """Functionality level 73 is the first that knows `*`."""
        said = slug(ascii_words(item.threat, 60)) or "Listed"
        return f"{item.value}:*:Lamsach.{said}:73\n"


class ClamavHsb(ClamavHdb):
    """SHA-1 and SHA-256, for a file `lamsach.hsb` in the database folder."""

    name = "clamav_hsb"
    title = "ClamAV signatures (SHA-1, SHA-256)"
    suffix = ".hsb"
