"""Check of a visitor's public address against machines with open cases: yes or no, never whose."""

from __future__ import annotations

import ipaddress
from typing import Any

from django.apps import apps
from django.db import DatabaseError, transaction

from lamsach.portal.campaigns.models import CampaignState

_OPEN = ("new", "told", "accepted", "working", "reinfected")
_NETWORKS = (
    "10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.168.0.0/16"
    " ::1/128 fc00::/7 fe80::/10"
)
_INSIDE = [ipaddress.ip_network(text) for text in _NETWORKS.split()]
"""Addresses that many machines share (RFC 1918, 6598, 3927, 4193, 4291): they say nothing."""


def public_address(address: str) -> str:
    """The address as others see it; empty for inner ones, the machine itself, and for no address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    inside = any(parsed in network for network in _INSIDE)
    return "" if inside or parsed.is_unspecified or parsed.is_multicast else str(parsed)


def has_open_case(address: str) -> bool:
    """Return whether a machine at this public address has an open case in a running campaign."""
    parsed = public_address(address)
    if not parsed or not apps.is_installed("lamsach.portal.cases"):
        return False
    model: Any = apps.get_model("cases", "Case")
    try:
        with transaction.atomic():
            found: bool = model.objects.filter(
                device__ip=parsed,
                state__in=_OPEN,
                campaign__state=CampaignState.RUNNING,
                superseded=None,
            ).exists()
    except DatabaseError:
        return False
    return found
