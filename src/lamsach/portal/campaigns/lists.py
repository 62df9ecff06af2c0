"""The campaign's lists: stored as uploaded, their addresses extracted for the public check."""

from __future__ import annotations

import ipaddress
import tempfile
from collections.abc import Callable
from pathlib import Path

from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from lamsach.model import Indicator, Problem
from lamsach.model.indicator_types import ADDRESSES
from lamsach.portal.campaigns.models import CampaignState, IndicatorList, ListedRange

BATCH = 2000


def digits(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """Address as 32 hexadecimal digits, IPv4 in IPv6 (RFC 4291 2.5.5.2); sorts like addresses."""
    number = int(address) if address.version == 6 else int(address) | 0xFFFF << 32
    return f"{number:032x}"


def read_list(list_id: int, step: Callable[[int], None] = lambda done: None) -> int:
    """Parse the file by the product's readers and replace the stored addresses; counts the indicators."""
    from lamsach.hunt.swapped_inputs import lists_alone
    from lamsach.indicators.lists import read_lists

    stored = IndicatorList.objects.get(pk=list_id)
    problems: list[Problem] = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / f"list{Path(stored.name).suffix}"
        with default_storage.open(stored.path, "rb") as source, copy.open("wb") as target:
            for chunk in source.chunks():
                target.write(chunk)
        contents = read_lists(lists_alone([str(copy)], problems.append), problems.append)
    ranges: list[ListedRange] = []
    for number, indicator in enumerate(contents.indicators, 1):
        ranges += _ranges(stored, indicator)
        if number % 10_000 == 0:
            step(number)
    count, refused = len(contents.indicators), len(contents.refusals)
    problem = problems[0].what if problems else ""
    with transaction.atomic():
        ListedRange.objects.filter(list=stored).delete()
        ListedRange.objects.bulk_create(ranges, batch_size=BATCH)
        IndicatorList.objects.filter(pk=list_id).update(
            count=count, refused=refused, problem=problem[:300], read=timezone.now()
        )
    return count


def _ranges(stored: IndicatorList, indicator: Indicator) -> list[ListedRange]:
    if indicator.type not in ADDRESSES:
        return []
    network = ipaddress.ip_network(indicator.value, strict=False)
    return [ListedRange(list=stored, low=digits(network[0]), high=digits(network[-1]))]


def is_listed(address: str) -> bool:
    """Return whether a list of a running, public campaign has the address; False if invalid."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    text = digits(parsed)
    return ListedRange.objects.filter(
        low__lte=text,
        high__gte=text,
        list__withdrawn=None,
        list__campaign__state=CampaignState.RUNNING,
        list__campaign__public=True,
    ).exists()
