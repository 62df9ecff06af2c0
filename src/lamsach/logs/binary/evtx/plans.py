"""Which data of a Windows event make its `Event`: those that its reader asks for. All others need not be looked at.

A source's or destination's port is mostly carried over as it is: then it is none of the data either, and events that differ in nothing else are made once. So
are digests, whom a machine reached, and what it asked a name server; of texts that a machine ran nothing counts but what they mention.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from lamsach.logs.binary.evtx.elements import STRING, UnusualError
from lamsach.logs.binary.evtx.records import wanted_data
from lamsach.logs.binary.evtx.templates import UINT16, Template
from lamsach.logs.binary.evtx.values import BOOLEAN, NULL, text
from lamsach.logs.mappings.windows import contacts, logons
from lamsach.logs.mappings.windows.events import Reader, reader_of
from lamsach.logs.mappings.windows.record import WindowsRecord

NOWHERE, ALWAYS = -1, -2
"""In place of an index: there is none; no value has to be asked."""
UNREADABLE = -2
"""In place of a port."""
_PORTS_KEPT, _PLANS_KEPT = 65536, 1024
_MOST_IN_KEY = 8
_SERVERS = frozenset({"dnsserveripaddress", "dnsserverip", "destinationip"})
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
    `part`: the one or two values, by name and index, that alone tell some fields (`evtx_parts`), and nothing but these, when `opener` holds.
    `texts`: the indexes of the texts of which only counts what they mention.
    `key`: the indexes of the values that make events differ, those of the part, of digests and ports last; None for all there are.
    """

    head: Head
    kinds: tuple[int, ...]
    read: tuple[tuple[str, int], ...] = ()
    unread: tuple[str, ...] = ()
    ports: tuple[int, int] = (NOWHERE, NOWHERE)
    opener: int = NOWHERE
    digests: int = NOWHERE
    part: tuple[tuple[str, int], ...] = ()
    texts: tuple[int, ...] = ()
    key: tuple[int, ...] | None = None
    reader: Reader | None = None

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


@lru_cache(_PLANS_KEPT)
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
    carried = _carried(reader, head, asked, template.kinds) if names is not None else Plan(head, ())
    of_part = tuple(index for _, index in carried.part)
    own = (*of_part, *(NOWHERE,) * (2 - len(of_part)), carried.digests, *carried.ports)
    told = sorted({index for index in asked.values() if index >= 0}.difference(own, carried.texts))
    key = (*told, *own)
    made = replace(carried, kinds=template.kinds, read=tuple(asked.items()), unread=unread, reader=reader)
    return replace(made, key=key) if len(told) <= _MOST_IN_KEY else Plan(head, made.kinds, made.read, unread)


def _carried(reader: Reader, head: Head, data: Mapping[str, int], kinds: tuple[int, ...]) -> Plan:
    """What this reader takes over from these data as it is."""
    if reader is contacts.connection:
        opener = _opener(head, data, kinds)
        if opener == NOWHERE:
            return Plan(head, ())
        source = _only(data, contacts.SOURCE_PORT, kinds, contacts.SOURCE)
        destination = _only(data, contacts.DESTINATION_PORT, kinds, contacts.DESTINATION)
        part = _reached(head, data, kinds, opener)
        return Plan(head, (), ports=(source, destination), opener=opener, part=part)
    if reader is contacts.question:
        part = _asked(data, kinds)
        return Plan(head, (), opener=ALWAYS if part else NOWHERE, part=part)
    if reader is logons.logon:
        port = _only(data, logons.PORT, kinds, (*logons.ADDRESS, *logons.STATION))
        part = _came(data, kinds)
        opener = ALWAYS if port >= 0 or part else NOWHERE
        return Plan(head, (), ports=(port, NOWHERE), opener=opener, part=part)
    if reader is contacts.file_or_process:
        digests = _only(data, contacts.HASH_DATA, kinds)
        return Plan(head, (), digests=digests, texts=_texts(data, kinds))
    return Plan(head, ())


def _opener(head: Head, data: Mapping[str, int], kinds: tuple[int, ...]) -> int:
    """What decides whether the ports say nothing of the machine: the filtering platform's never do, Sysmon's only of who was reached."""
    if 5150 <= head.number <= 5159:
        return ALWAYS
    index = data.get("initiated", NOWHERE)
    return index if index >= 0 and kinds[index] == BOOLEAN else NOWHERE


def _reached(
    head: Head, data: Mapping[str, int], kinds: tuple[int, ...], opener: int
) -> tuple[tuple[str, int], ...]:
    """Whom a machine reached, when that tells neither which side the machine is nor who began."""
    packets = 5150 <= head.number <= 5153
    if packets or (opener != ALWAYS and "direction" in data):
        return ()
    address = _only_name(data, contacts.DESTINATION, kinds, contacts.DESTINATION_PORT)
    name = _only_name(data, ("destinationhostname",), kinds)
    if address is None or ("destinationhostname" in data and (name is None or opener == ALWAYS)):
        return ()
    return tuple((found, data[found]) for found in (address, name) if found)


def _asked(data: Mapping[str, int], kinds: tuple[int, ...]) -> tuple[tuple[str, int], ...]:
    """What a machine asked a name server and was answered."""
    name = _only_name(data, ("queryname", "query", "name"), kinds)
    answered = [found for found in ("queryresults", "queryresponse") if found in data]
    answer = _only_name(data, answered, kinds)
    if name is None or (answered and answer is None) or not _SERVERS.isdisjoint(data):
        return ()
    return tuple((found, data[found]) for found in (name, answer) if found)


def _came(data: Mapping[str, int], kinds: tuple[int, ...]) -> tuple[tuple[str, int], ...]:
    """From where somebody logged on."""
    name = _only_name(data, logons.ADDRESS, kinds, (*logons.PORT, *logons.USER, *logons.STATION))
    return ((name, data[name]),) if name else ()


def _texts(data: Mapping[str, int], kinds: tuple[int, ...]) -> tuple[int, ...]:
    """The texts that a machine ran, when nothing but what they mention is read of them."""
    found = [data[name] for name in contacts.TEXTS if data.get(name, NOWHERE) >= 0]
    others = {index for name, index in data.items() if name not in contacts.TEXTS}
    plain = all(kinds[index] == STRING for index in found)
    return tuple(found) if plain and "contents" not in data and others.isdisjoint(found) else ()


def _only(
    data: Mapping[str, int], names: Collection[str], kinds: tuple[int, ...], others: Collection[str] = ()
) -> int:
    """The one value among these data, when there is no other, and it is not among the others either."""
    name = _only_name(data, names, kinds, others, (UINT16, STRING))
    return NOWHERE if name is None else data[name]


def _only_name(
    data: Mapping[str, int],
    names: Collection[str],
    kinds: tuple[int, ...],
    others: Collection[str] = (),
    usual: tuple[int, ...] = (STRING,),
) -> str | None:
    found = [name for name in names if name in data]
    if len(found) != 1 or found[0] in others:
        return None
    index = data[found[0]]
    once = list(data.values()).count(index) == 1
    return found[0] if index >= 0 and once and kinds[index] in usual else None


@lru_cache(_PORTS_KEPT)
def port_in(data: bytes) -> int:
    """The port that a value of text states; 0 for none, UNREADABLE for what has to be left to the library."""
    try:
        return WindowsRecord(data={"port": text(data)}).port("port") or 0
    except UnusualError:
        return UNREADABLE
