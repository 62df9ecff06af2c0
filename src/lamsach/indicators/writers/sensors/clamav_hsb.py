"""ClamAV hash signatures of SHA-1 and SHA-256 (https://docs.clamav.net/manual/Signatures/HashSignatures.html)."""

from __future__ import annotations

from lamsach.indicators.writers.sensors.clamav_hdb import ClamavHdb


class ClamavHsb(ClamavHdb):
    """SHA-1 and SHA-256, for a file `lamsach.hsb` in the database folder."""

    name = "clamav_hsb"
    title = "ClamAV signatures (SHA-1, SHA-256)"
    suffix = ".hsb"
