"""Malware reports of a unit for a month. All names and addresses are invented."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from lamsach.channels.avreport.entries import Period
from lamsach.channels.avreport.model import Gathered, Naming, Report
from lamsach.channels.edxml.model import Organ

from .edxml_samples import signer
from .sample_bundles import START

OWN = signer("Don vi A")
MARCH = Period(START, START + timedelta(days=30))
UNIT = Organ("H37.DN.001", "Trung tâm Công nghệ thông tin & truyền thông")
KEY = bytes(range(32))


def report(gathered: Gathered, naming: Naming = Naming.NAMES, **changes: Any) -> Report:
    """Report of March from gathered facts."""
    return replace(Report(UNIT, MARCH.since, MARCH.until, MARCH.until, gathered, naming, KEY), **changes)
