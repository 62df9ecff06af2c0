"""The key of a source: kept locked together with the server that it is for, so that no other server is ever sent it, whatever becomes of the source's address."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.portal.exchange.secrets import lock, unlock
from lamsach.portal.lists.models import Origin

_PORTS = {"http": 80, "https": 443}


def web(url: str) -> str:
    """The address that is asked: without the `taxii+` or `misp+` that says how."""
    return url.removeprefix("taxii+").removeprefix("misp+")


def server_of(url: str) -> str:
    """Return what of an address names the server: scheme, host and port."""
    parts = urlsplit(web(url))
    return f"{parts.scheme}://{parts.hostname or ''}:{parts.port or _PORTS.get(parts.scheme, 0)}"


def locked(url: str, key: str) -> str:
    """A key for the server of an address, as it is kept."""
    return lock(json.dumps({"server": server_of(url), "key": key}))


def fits(origin: Origin, url: str) -> bool:
    """Return whether the key that is kept is for the server of this address. False as well when it cannot be unlocked any more."""
    try:
        return bool(json.loads(unlock(origin.locked_key))["server"] == server_of(url))
    except InputError:
        return False


def key_of(origin: Origin) -> str | None:
    """The key to send; None for a source without one. InputError when the key is for another server, or cannot be unlocked."""
    if not origin.locked_key:
        return None
    said = json.loads(unlock(origin.locked_key))
    if said["server"] != server_of(origin.url):
        raise InputError(mark("The key of this source is for another server: enter the key again."))
    return str(said["key"])
