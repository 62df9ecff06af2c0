"""Rate limits by address; on PostgreSQL counted across all processes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse

from lamsach.portal.base.errors import too_many


def client_address(request: HttpRequest) -> str:
    """Address of the person's machine or gateway.

    Of `X-Forwarded-For` only the part that own proxies wrote counts. IPv4 is written as such even when the
    server listens on IPv6 for both.
    """
    return address_of(request.META)


def address_of(environ: Mapping[str, Any]) -> str:
    """The client's address from the request's environment."""
    forwarded = [part.strip() for part in environ.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    if settings.PROXIES and len(forwarded) >= settings.PROXIES:
        address = plain_address(forwarded[-settings.PROXIES])
        if address:
            return address
    connected = str(environ.get("REMOTE_ADDR") or "")
    return plain_address(connected) or connected


def plain_address(text: str) -> str:
    """Strip port, brackets and zone that proxies add, and map IPv4 in IPv6 to IPv4; empty if invalid."""
    host = text[1:].partition("]")[0] if text.startswith("[") else text
    if host.count(":") == 1 and "." in host:
        host = host.partition(":")[0]
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return ""
    return str(getattr(address, "ipv4_mapped", None) or address)


def visitor_key(address: str) -> str:
    """Key of one visitor: the IPv4 address, or the first 64 bits of IPv6, a visitor's own range."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((parsed, 64), strict=False)) if isinstance(parsed, IPv6Address) else address


def exceeded(group: str, key: str, times: int, seconds: int) -> bool:
    """Count a call; return whether there are more than `times` within `seconds` of the first."""
    name = f"rate:{group}:{seconds}:{visitor_key(key)}"
    cache.add(name, 0, timeout=seconds)
    try:
        return cache.incr(name) > times
    except ValueError:
        return False


def rate_limited(
    group: str, times: int, seconds: int, methods: tuple[str, ...] = ("POST",)
) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Respond 429 after `times` calls in `seconds` from one address; sets `rate` for the test."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @functools.wraps(view)
        def limited(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method in methods and exceeded(group, client_address(request), times, seconds):
                return too_many(request)
            return view(request, *args, **kwargs)

        wrapped: Any = limited
        wrapped.rate = methods
        return wrapped  # type: ignore[no-any-return]

    return decorate
