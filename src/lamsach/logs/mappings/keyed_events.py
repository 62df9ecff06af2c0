"""Events of records with named keys: CEF, LEEF, Check Point, Palo Alto's JSON, antivirus consoles.

A product lists its keys for each field in `Keys`; the rest (which end is the device, whose name and MAC
address count, the host in a URL) is common and implemented here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from lamsach.logs.events.ends import Way, event_between, own_end
from lamsach.logs.mappings.actions import first_action
from lamsach.logs.mappings.column_names import contextual_meanings, field_of, plain
from lamsach.logs.text.key_value import Fields, first, first_ip, first_port
from lamsach.logs.text.values import (
    answers_among,
    domain_of,
    hash_of,
    host_and_port,
    host_of_url,
    in_order,
    mac_of,
    port_of,
    question_of,
    stated,
)
from lamsach.model import Event, EventKind

Names = tuple[str, ...]
_LONGEST_URL = 8192
# 192.0.2.5:49152   [2001:db8::5]:49152
ADDRESS_WITH_PORT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,3}){3}|\[[0-9A-Fa-f:.]{2,45}\]):([0-9]{1,5})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """A product's keys for each field, the most trusted first."""

    source: Names = ()
    source_port: Names = ()
    source_nat: Names = ()
    source_nat_port: Names = ()
    source_name: Names = ()
    source_mac: Names = ()
    source_user: Names = ()
    destination: Names = ()
    destination_port: Names = ()
    destination_name: Names = ()
    destination_mac: Names = ()
    destination_user: Names = ()
    query: Names = ()
    domain: Names = ()
    url: Names = ()
    answers: Names = ()
    hashes: Names = ()
    action: Names = ()
    observer: Names = ()


def event_of(
    fields: Fields, keys: Keys, *, time: datetime | None, observer: str | None = None, inward: bool = False
) -> Event:
    """Return the event of the fields; `observer` is used when no key names one.

    `inward`: the observer marks the contact as incoming; decides when the addresses do not (both public)."""
    source, source_port = end_in(fields, keys.source, keys.source_port)
    destination, destination_port = end_in(fields, keys.destination, keys.destination_port)
    way = Way.INWARD if inward else Way.UNSTATED
    device = own_end(source, destination, way)
    arrived = device is not None and device != source
    near = (keys.source_name, keys.source_mac, keys.source_user)
    far = (keys.destination_name, keys.destination_mac, keys.destination_user)
    if arrived:
        near, far = far, near
    url = url_of(first(fields, *keys.url))
    query = question_of(first(fields, *keys.query))
    nat = first_ip(fields, *keys.source_nat)
    hashes = hashes_of(fields, keys.hashes)
    return event_between(
        (source, source_port),
        (destination, destination_port),
        time=time,
        kind=kind_of(query=query, url=url, hashes=hashes, destination=destination),
        observer=first(fields, *keys.observer) or observer,
        source_nat_ip=nat,
        source_nat_port=first_port(fields, *keys.source_nat_port) if nat else None,
        device_name=first(fields, *near[0]),
        device_mac=next((mac for key in near[1] if (mac := mac_of(fields.get(key)))), None),
        user=first(fields, *near[2], *far[2]),
        domain=query or domain_in(fields, keys.domain) or (host_in(url) if url else None),
        url=url,
        answers=answers_among(text for key in keys.answers if (text := fields.get(key))),
        hashes=hashes,
        action=first_action(*(fields.get(key) for key in keys.action)),
        way=way,
    )


_SAME = in_order(
    "source source_port destination destination_port source_name source_mac destination_name query domain "
    "url answers action"
)
_OF_FIELDS: Mapping[str, str] = {
    **{name: name for name in _SAME},
    "nat": "source_nat", "nat_port": "source_nat_port", "user": "source_user", "name": "source_name",
    "mac": "source_mac", "path": "url", "ip": "source",
}  # fmt: skip
"""`Keys` attribute by the field of a name (`column_names`)."""


@lru_cache(maxsize=64)
def all_keys(keys: Keys) -> frozenset[str]:
    """Return all keys that are read."""
    parts: list[Names] = [getattr(keys, name) for name in Keys.__dataclass_fields__]
    return frozenset(key for part in parts for key in part)


@lru_cache(maxsize=64)
def unusual_names(names: frozenset[str], keys: Keys) -> Mapping[str, Names]:
    """Return the names of a record outside `keys` whose words mean the same, with those keys."""
    meant = contextual_meanings(frozenset(map(plain, names)))
    fields = {name: meant.get(plain(name)) or field_of(name) for name in names - all_keys(keys)}
    found: dict[str, Names] = {
        name: getattr(keys, _OF_FIELDS.get(field or "", ""), ()) for name, field in fields.items()
    }
    return {name: others for name, others in found.items() if others}


def complete(fields: MutableMapping[str, str], keys: Keys) -> None:
    """Copy values of unusual names to the first usual key, unless one has a value."""
    unusual = unusual_names(frozenset(fields), keys)
    for name in [name for name in fields if name in unusual]:
        others = unusual[name]
        if (value := fields[name]) and not any(fields.get(key) for key in others):
            fields.setdefault(others[0], value)


def end_in(fields: Fields, keys: Names, port_keys: Names) -> tuple[str | None, int | None]:
    """Return address and port of one end, perhaps both under one key: `src=192.0.2.5:49152`."""
    address, port = first_ip(fields, *keys), first_port(fields, *port_keys)
    if address:
        return address, port
    for key in keys:
        joined = ADDRESS_WITH_PORT.fullmatch(fields.get(key) or "")
        address = first_ip({key: joined[1]}, key) if joined else None
        if joined and address:
            return address, port if port is not None else port_of(joined[2])
    return None, port


def kind_of(
    *, query: str | None, url: str | None, hashes: tuple[str, ...], destination: str | None
) -> EventKind:
    """Return the event kind that a record's fields imply."""
    if query:
        return EventKind.DNS
    if url and "\\" not in url:
        return EventKind.WEB
    if hashes or url:
        return EventKind.FILE
    return EventKind.CONNECTION if destination else EventKind.OTHER


def url_of(text: str | None) -> str | None:
    """Return a URL as stated, without surrounding quotes; None if the text has nothing of a URL."""
    text = stated(unquoted(text[:_LONGEST_URL].strip())) if text else None
    return text if text and any(c in text for c in "/.\\") else None


def unquoted(text: str) -> str:
    """Strip quotes on both ends; a single one belongs to the text."""
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def host_in(url: str) -> str | None:
    """Return the host of a URL with or without a scheme (`www.example.com:443/a`); None for a path."""
    host = host_of_url(url)
    if host or url[:1] in ("/", "\\", "?") or "://" in url[:20]:
        return host
    before = url[:1024].partition("/")[0].partition("?")[0]
    name, _ = host_and_port(before)
    return (
        name if name and "." in name and ("/" in url or ":" not in before or before.count(":") == 1) else None
    )


def domain_in(fields: Fields, keys: Names) -> str | None:
    """Return the first domain name or address in the values of these keys."""
    return next((name for key in keys if (name := domain_of((fields.get(key) or "")[:300]))), None)


def hashes_of(fields: Fields, keys: Names) -> tuple[str, ...]:
    """Return the distinct MD5, SHA-1 and SHA-256 values of these keys."""
    return tuple(
        dict.fromkeys(digest for key in keys if (digest := hash_of((fields.get(key) or "").strip())))
    )
