"""Which data of a Windows event make its `Event`: those that its reader asks for. All others need not be looked at.

A source's or destination's port is mostly carried over as it is: then it is none of the data either, and events that differ in nothing else are made once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from lamsach.logs import windows_contacts as contacts
from lamsach.logs import windows_logons as logons
from lamsach.logs.evtx_elements import STRING, UnusualError
from lamsach.logs.evtx_records import wanted_data
from lamsach.logs.evtx_templates import UINT16, Template
from lamsach.logs.evtx_values import BOOLEAN, NULL, text
from lamsach.logs.windows_events import Reader, reader_of
from lamsach.logs.windows_record import WindowsRecord

NOWHERE, ALWAYS = -1, -2
"""In place of an index: there is none; no value has to be asked."""
UNREADABLE = -2
"""In place of a port."""
_PORTS_KEPT = 65536
_MOST_IN_KEY = 8
_CONNECTION = (*contacts.SOURCE, *contacts.DESTINATION, *contacts.SOURCE_PORT, *contacts.DESTINATION_PORT)
# What each reader asks a record for.
READS: Mapping[Reader, frozenset[str]] = {
    contacts.connection: frozenset((*_CONNECTION, "initiated", "direction", "user", "destinationhostname")),
    contacts.question: frozenset(
        ("queryresults", "queryresponse", "sourceip", "dnsserveripaddress", "dnsserverip", "destinationip", "user", "queryname",
         "query", "name")
    ),
    contacts.file_or_process: frozenset(
        (*_CONNECTION, *contacts.TEXTS, *contacts.HASH_DATA, "contents", "user", "subjectusername", "targetusername", "accountname")
    ),
    logons.logon: frozenset((*logons.ADDRESS, *logons.PORT, *logons.USER, *logons.STATION, "status")),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Head:
    """What an event's system part says: the number, the names of provider, channel and computer."""

    number: int
    provider: str
    channel: str
    computer: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """How events with this head and these data are read.

    `read`: the data that tell something, by lower-case name, with the index of the value; `unread`: the names of the others.
    `opener`: the index of a truth value, or ALWAYS: if it is true, the values at `ports` (source's, destination's) are carried over.
    `digests`: the index of the text whose digests may be carried over.
    `key`: the indexes of the values that make events differ, digests and ports last; None for all there are.
    """

    head: Head
    kinds: tuple[int, ...]
    read: tuple[tuple[str, int], ...]
    unread: tuple[str, ...] = ()
    ports: tuple[int, int] = (NOWHERE, NOWHERE)
    opener: int = NOWHERE
    digests: int = NOWHERE
    key: tuple[int, ...] | None = None

    def kind(self, index: int) -> int:
        """The kind of the value with this index."""
        return self.kinds[index] if index >= 0 else NULL

    def record(self, values: Mapping[int, str]) -> WindowsRecord:
        """The event with these values, without its time."""
        data = dict.fromkeys(self.unread, "")
        for name, index in self.read:
            data[name] = values[index] if index >= 0 else ""
        head = self.head
        return WindowsRecord(head.number, head.provider, head.channel, head.computer, None, data)


def plan_of(head: Head, template: Template) -> Plan:
    """How the events with this head and data of this template are read."""
    wanted = wanted_data(head.provider, head.number)
    if wanted is not None:
        indexes = dict(template.data)
        read = {name.lower(): indexes[name] for name in wanted if name in indexes}
    else:
        read = {name.lower(): index for name, index in template.data}
    record = WindowsRecord(head.number, head.provider, head.channel, data=dict.fromkeys(read, ""))
    reader = reader_of(record)
    # Which reader takes an event without a product of its own depends on the URL; a text of OpenSSH's is read as well.
    names = None if "url" in read or head.provider == "OpenSSH" else READS.get(reader)
    asked = {name: index for name, index in read.items() if names is None or name in names}
    unread = tuple(name for name in read if name not in asked)
    opener = _opener(head, asked, template.kinds) if reader is contacts.connection else NOWHERE
    ports = (NOWHERE, NOWHERE)
    if opener != NOWHERE:
        kinds = template.kinds
        ports = (_only(asked, contacts.SOURCE_PORT, kinds), _only(asked, contacts.DESTINATION_PORT, kinds))
    digests = (
        _only(asked, contacts.HASH_DATA, template.kinds) if reader is contacts.file_or_process else NOWHERE
    )
    told = sorted({index for index in asked.values() if index >= 0}.difference((*ports, digests)))
    if len(told) > _MOST_IN_KEY:
        return Plan(head, template.kinds, tuple(asked.items()), unread)
    return Plan(
        head, template.kinds, tuple(asked.items()), unread, ports, opener, digests, (*told, digests, *ports)
    )


def _opener(head: Head, data: Mapping[str, int], kinds: tuple[int, ...]) -> int:
    """What decides whether the ports say nothing of the machine: the filtering platform's never do, Sysmon's only of who was reached."""
    if 5150 <= head.number <= 5159:
        return ALWAYS
    index = data.get("initiated", NOWHERE)
    return index if index >= 0 and kinds[index] == BOOLEAN else NOWHERE


def _only(data: Mapping[str, int], names: tuple[str, ...], kinds: tuple[int, ...]) -> int:
    """The one value among these data, when there is no other."""
    found = [data[name] for name in names if name in data]
    if len(found) != 1 or found[0] < 0 or kinds[found[0]] not in (UINT16, STRING):
        return NOWHERE
    return found[0]


@lru_cache(_PORTS_KEPT)
def port_in(data: bytes) -> int:
    """The port that a value of text states; 0 for none, UNREADABLE for what has to be left to the library."""
    try:
        return WindowsRecord(data={"port": text(data)}).port("port") or 0
    except UnusualError:
        return UNREADABLE
