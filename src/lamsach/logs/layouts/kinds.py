"""The kinds of values that a Layout names: how a text is read, alone or in a column of texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from lamsach.logs.base import FileContext
from lamsach.logs.text.dns_names import from_presentation
from lamsach.logs.text.times.timestamps import from_epoch, from_iso
from lamsach.logs.text.values import domain_of, hash_of, host_and_port, ip_of, mac_of, port_of, stated
from lamsach.model import Action

if TYPE_CHECKING:
    import pyarrow as pa

ReadTime = Callable[[str, FileContext], datetime]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of value. `read`: the value of a text, or None; `column`: the same for a column, read once for each distinct text when left out."""

    name: str
    read: Callable[[str], Any]
    column: Callable[[pa.Array], pa.Array] | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """A kind of time. `read`: the moment of a text, on the file's clock where it states no zone; raises LineError. `column`: as of `Kind`."""

    name: str
    read: ReadTime
    column: Callable[[pa.Array], pa.Array] | None = None


def _nowhere_removed(text: str) -> str | None:
    address = ip_of(text)
    return None if address in ("0.0.0.0", "::") else address  # noqa: S104 - means: no address


def _addresses(column: pa.Array) -> pa.Array:
    from lamsach.logs.bulk.columns import ipv4, kept

    return kept(column, ipv4(column), ip_of)


def _machines(column: pa.Array) -> pa.Array:
    from lamsach.logs.bulk.keyed import machines

    return machines(column)


def _ports(column: pa.Array) -> pa.Array:
    from lamsach.logs.bulk.keyed import port_numbers

    return port_numbers(column)


def _names(read: Callable[[str], Any]) -> Callable[[pa.Array], pa.Array]:
    def column_of(column: pa.Array) -> pa.Array:
        from lamsach.logs.bulk.columns import names

        return names(column, read)

    return column_of


def _presented(column: pa.Array) -> pa.Array:
    """Names of questions, of which servers print the root's dot behind nearly all."""
    import pyarrow.compute as pc

    from lamsach.logs.bulk.columns import names

    plain = pc.if_else(pc.ends_with(column, "."), pc.utf8_slice_codeunits(column, 0, -1), column)
    return names(plain, from_presentation)


def _texts(column: pa.Array) -> pa.Array:
    from lamsach.logs.bulk.keyed import told

    return told(column)


def _macs(column: pa.Array) -> pa.Array:
    from lamsach.logs.bulk.columns import macs

    return macs(column)


def _host(text: str) -> str | None:
    return host_and_port(text)[0]


@lru_cache(maxsize=4096)
def _end(text: str) -> tuple[str | None, int | None]:
    """Name or address, and port, of `a`, `a:port`, `[a]:port`."""
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
    return _nowhere_removed(_end(text)[0] or "")


def _end_machine_port(text: str) -> int | None:
    return _end_port(text) or None if _end_machine(text) else None


def _ends(read: Callable[[str], Any], place: int) -> Callable[[pa.Array], pa.Array]:
    """A column of ends, most of them addresses with a port or without. `place`: 0 for their addresses, 1 for their ports, 2 for names."""

    def column_of(column: pa.Array) -> pa.Array:
        import pyarrow as pa
        import pyarrow.compute as pc

        from lamsach.logs.bulk.columns import ipv4, mapped, not_empty
        from lamsach.logs.bulk.keyed import port_numbers
        from lamsach.logs.bulk.letters import DIGITS, made_of
        from lamsach.logs.bulk.parts import parted

        kind = pa.int32() if place == 1 else pa.string()
        none = pa.scalar(None, pa.string())
        address, port = parted(pc.fill_null(column, ""), ":")
        plain = ipv4(address)
        if not made_of(port, DIGITS, 0, 5):
            plain = pc.and_(plain, pc.match_substring_regex(port, "^[0-9]{0,5}$"))
        if read in (_end_machine, _end_machine_port):
            plain = pc.and_(plain, pc.not_equal(address, "0.0.0.0"))  # noqa: S104 - means: no address
        found = [address, port, pc.if_else(plain, none, column)][place]
        if place == 2:
            return mapped(found, read, kind)
        found = pc.if_else(plain, found, none)
        if place == 1:
            found = port_numbers(not_empty(found))
        if read is _end_machine_port and (pc.min(found).as_py() or 0) == 0:
            found = pc.if_else(pc.equal(found, 0), pa.scalar(None, kind), found)
        if pc.all(plain).as_py():
            return found
        return pc.coalesce(found, mapped(pc.if_else(plain, none, column), read, kind))

    return column_of


def _seconds(column: pa.Array) -> pa.Array:
    import pyarrow as pa

    from lamsach.logs.bulk.columns import seconds

    return seconds(column.cast(pa.float64()))


ADDRESS = Kind("address", ip_of, _addresses)
MACHINE = Kind("machine", _nowhere_removed, _machines)
"""An address; 0.0.0.0 and :: say that there is none."""
PORT = Kind("port", port_of, _ports)
NAME = Kind("name", domain_of, _names(domain_of))
HOST = Kind("host", _host, _names(_host))
"""The name or address of `host` and `host:port`."""
END_ADDRESS = Kind("end_address", _end_address, _ends(_end_address, 0))
"""The address of `a`, `a:port`, `[a]:port`."""
END_PORT = Kind("end_port", _end_port, _ends(_end_port, 1))
"""The port of the same."""
END_NAME = Kind("end_name", _end_name, _ends(_end_name, 2))
"""The name that stands there in place of an address."""
END_MACHINE = Kind("end_machine", _end_machine, _ends(_end_machine, 0))
END_MACHINE_PORT = Kind("end_machine_port", _end_machine_port, _ends(_end_machine_port, 1))
"""The same two, where 0.0.0.0 and port 0 say that there is none."""
QUESTION = Kind("question", from_presentation, _presented)
"""A name as DNS servers print it, with a zone file's escapes."""
TEXT = Kind("text", stated, _texts)
MAC = Kind("mac", mac_of, _macs)
DIGEST = Kind("digest", hash_of)
EPOCH = Clock("epoch", lambda text, _: from_epoch(text), _seconds)
"""Seconds since 1970, with a fraction or without."""
ISO = Clock("iso", lambda text, context: from_iso(text, context.timezone))
UTC_ISO = Clock("utc", lambda text, _: from_iso(text, UTC))
KINDS = {
    kind.name: kind
    for kind in (
        ADDRESS,
        MACHINE,
        PORT,
        NAME,
        HOST,
        END_ADDRESS,
        END_PORT,
        END_NAME,
        QUESTION,
        TEXT,
        MAC,
        DIGEST,
        EPOCH,
        ISO,
        UTC_ISO,
    )
}
"""Every kind by its name."""
USUAL: Mapping[str, Kind] = {
    **dict.fromkeys(("source_ip", "destination_ip", "source_nat_ip", "device_ip", "inner_ip"), ADDRESS),
    **dict.fromkeys(("source_port", "destination_port", "source_nat_port"), PORT),
    **dict.fromkeys(("device_name", "source_name", "destination_name", "user", "observer", "url"), TEXT),
    **dict.fromkeys(("device_mac", "source_mac", "client_mac"), MAC),
    "domain": NAME,
}
"""The kind of a field whose Layout names none."""


def verbs(
    *,
    allowed: frozenset[str] | None = None,
    blocked: frozenset[str] | None = None,
    other: Action = Action.UNKNOWN,
) -> Kind:
    """The action that a word means. Of `allowed` and `blocked` one may be left out; `other`: any other word's."""
    table = dict.fromkeys(allowed or (), Action.ALLOWED) | dict.fromkeys(blocked or (), Action.BLOCKED)
    return Kind("verb", lambda word: table.get(word, other))
