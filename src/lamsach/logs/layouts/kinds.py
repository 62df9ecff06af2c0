"""Kinds of values in Layouts, with readers of single texts; for columns see `kind_columns.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from lamsach.logs.base import FileContext
from lamsach.logs.text.dns_names import from_presentation
from lamsach.logs.text.times.timestamps import from_epoch, from_iso
from lamsach.logs.text.values import domain_of, hash_of, host_and_port, ip_of, mac_of, port_of, stated
from lamsach.model import Action

ReadTime = Callable[[str, FileContext], datetime]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of value.

    `read`: the value of a text, or None; `column`: the equivalent in `kind_columns.COLUMNS`, without which
    each distinct text is read."""

    name: str
    read: Callable[[str], Any]
    column: str = ""


@dataclass(frozen=True, slots=True)
class Clock:
    """A kind of time.

    `read`: the moment of a text, in the file's zone unless stated; raises LineError. `column`: as in `Kind`.
    """

    name: str
    read: ReadTime
    column: str = ""


def _specific_address(text: str) -> str | None:
    address = ip_of(text)
    return None if address in ("0.0.0.0", "::") else address  # noqa: S104 - means: no address


def _host(text: str) -> str | None:
    return host_and_port(text)[0]


@lru_cache(maxsize=4096)
def _end(text: str) -> tuple[str | None, int | None]:
    """Split `a`, `a:port`, `[a]:port` into name or address, and port."""
    address = ip_of(text)
    return (address, None) if address else host_and_port(text)


def _end_address(text: str) -> str | None:
    return ip_of(_end(text)[0] or "")


def _end_name(text: str) -> str | None:
    host = _end(text)[0]
    return None if host is None or ip_of(host) else host


def _end_port(text: str) -> int | None:
    host, port = _end(text)
    return port if host and ip_of(host) else None


def _end_machine(text: str) -> str | None:
    return _specific_address(_end(text)[0] or "")


def _end_machine_port(text: str) -> int | None:
    return _end_port(text) or None if _end_machine(text) else None


ADDRESS = Kind("address", ip_of, "addresses")
MACHINE = Kind("machine", _specific_address, "machines")
"""An address other than 0.0.0.0 and ::."""
PORT = Kind("port", port_of, "ports")
NAME = Kind("name", domain_of, "names")
HOST = Kind("host", _host, "names")
"""The name or address of `host` and `host:port`."""
END_ADDRESS = Kind("end_address", _end_address, "ends")
"""The address of `a`, `a:port`, `[a]:port`."""
END_PORT = Kind("end_port", _end_port, "end_ports")
"""The port of `a:port`, `[a]:port`."""
END_NAME = Kind("end_name", _end_name, "end_names")
"""The name in place of an address."""
END_MACHINE = Kind("end_machine", _end_machine, "end_machines")
END_MACHINE_PORT = Kind("end_machine_port", _end_machine_port, "end_machine_ports")
"""Address and port, without 0.0.0.0 and port 0."""
QUESTION = Kind("question", from_presentation, "questions")
"""A name as DNS servers print it, with a zone file's escapes."""
TEXT = Kind("text", stated, "texts")
MAC = Kind("mac", mac_of, "macs")
DIGEST = Kind("digest", hash_of)
EPOCH = Clock("epoch", lambda text, _: from_epoch(text), "seconds")
"""Seconds since 1970, with a fraction or without."""
ISO = Clock("iso", lambda text, context: from_iso(text, context.timezone))
UTC_ISO = Clock("utc", lambda text, _: from_iso(text, UTC))
_ALL = (
    *(ADDRESS, MACHINE, PORT, NAME, HOST, END_ADDRESS, END_PORT, END_NAME, QUESTION, TEXT, MAC, DIGEST),
    *(EPOCH, ISO, UTC_ISO),
)
KINDS = {kind.name: kind for kind in _ALL}
"""All kinds by name."""
USUAL: Mapping[str, Kind] = {
    **dict.fromkeys(("source_ip", "destination_ip", "source_nat_ip", "device_ip", "inner_ip"), ADDRESS),
    **dict.fromkeys(("source_port", "destination_port", "source_nat_port"), PORT),
    **dict.fromkeys(("device_name", "source_name", "destination_name", "user", "observer", "url"), TEXT),
    **dict.fromkeys(("device_mac", "source_mac", "client_mac"), MAC),
    "domain": NAME,
}
"""The default kind of each field."""


def verbs(
    *,
    allowed: frozenset[str] | None = None,
    blocked: frozenset[str] | None = None,
    other: Action = Action.UNKNOWN,
) -> Kind:
    """Return a kind that maps words to actions; `other`: the action of all other words."""
    table = dict.fromkeys(allowed or (), Action.ALLOWED) | dict.fromkeys(blocked or (), Action.BLOCKED)
    return Kind("verb", lambda word: table.get(word, other))
