"""The events of Windows records of one number and source, whose data are columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from lamsach.logs.base import FileContext
from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.columns import ipv4, kept, mapped, names
from lamsach.logs.bulk.letters import DIGITS, made_of
from lamsach.logs.events.direction import is_internal
from lamsach.logs.events.records import HASH_KEYS, KEYS
from lamsach.logs.events.tables import columns_of, table_of
from lamsach.logs.mappings.script_mentions import mentions
from lamsach.logs.mappings.windows import contacts, logons
from lamsach.logs.mappings.windows.events import READS, Reader, event_of, is_read_by_number, reader_of
from lamsach.logs.mappings.windows.record import WindowsRecord, machine_address, user_of
from lamsach.logs.text.dns_names import question_name
from lamsach.logs.text.times.loose_times import LooseTimes
from lamsach.logs.text.values import domain_of, host_of_url, stated
from lamsach.model import Action

_SEPARATOR = "\x1f"
_STAMPED = frozenset({"time", "format", "file", "line"})
_UNSPECIFIED = "0.0.0.0"  # noqa: S104 - means: no address
_PORT_DIGITS = 5
_INTERNAL, _EXTERNAL = "10.0.0.1", "192.0.2.1"


@dataclass(frozen=True, slots=True)
class Records:
    """Records of one number, source and log. `computer`: the machine that wrote each; `data`: by lower-case names; `message`: the rendered texts, where they count."""

    event_id: int
    provider: str
    channel: str
    count: int
    computer: pa.Array
    data: Mapping[str, pa.Array]
    message: pa.Array | None = None


def connections(record: Records) -> dict[str, pa.Array] | None:
    """The columns of connections that the machine itself opened or that its filter saw, with both addresses; None for other events. See `windows_contacts.connection`."""
    data = record.data
    if _reader(record) is not contacts.connection or not _own_side_is_source(record):
        return None
    sides = [_only(data, names_of) for names_of in (contacts.SOURCE, contacts.DESTINATION)]
    doors = [_only(data, names_of) for names_of in (contacts.SOURCE_PORT, contacts.DESTINATION_PORT)]
    if None in sides or None in doors or {*sides} & {*doors}:
        return None
    source, destination = (_addresses(data[name]) for name in sides if name)
    if source.null_count or destination.null_count:
        return None
    source_port, destination_port = (_ports(data[name]) for name in doors if name)
    nothing = pa.nulls(record.count, pa.string())
    called = data.get("destinationhostname")
    action = Action.BLOCKED if record.event_id in contacts.BLOCKED else Action.ALLOWED
    return {
        "source_ip": source,
        "source_port": source_port,
        "destination_ip": destination,
        "destination_port": destination_port,
        "device_ip": mapped(source, machine_address),
        "device_name": record.computer,
        "user": mapped(data["user"], lambda text: user_of(stated(text))) if "user" in data else nothing,
        "domain": nothing if called is None else names(called, _domain),
        "action": pa.repeat(action.value, record.count),
    }


def _own_side_is_source(record: Records) -> bool:
    """Return whether the machine is the source of each: it opened the connection, or the filtering platform saw it."""
    data = record.data
    if record.event_id in contacts.PACKETS:
        return False
    if record.event_id in contacts.FILTERED:
        return "destinationhostname" not in data
    initiated = data.get("initiated")
    if initiated is None or initiated.null_count or "direction" in data:
        return False
    return {text.lower() for text in pc.unique(initiated).to_pylist()} == {"true"}


def _only(data: Mapping[str, pa.Array], wanted: Sequence[str]) -> str | None:
    """The one of these data that there is."""
    found = [name for name in wanted if name in data]
    return found[0] if len(found) == 1 else None


def _addresses(column: pa.Array) -> pa.Array:
    """`WindowsRecord.ip` of each."""
    usual = pc.and_(ipv4(column), pc.not_equal(column, _UNSPECIFIED))
    return kept(column, usual, lambda text: WindowsRecord(data={"": text or ""}).ip(""))


def _ports(column: pa.Array) -> pa.Array:
    """`WindowsRecord.port` of each."""
    if made_of(column, DIGITS, 1, _PORT_DIGITS):
        numbers = column.cast(pa.int32())
        if (pc.max(numbers).as_py() or 0) <= 65535:
            return pc.if_else(pc.equal(numbers, 0), pa.scalar(None, pa.int32()), numbers)
    return mapped(column, lambda text: WindowsRecord(data={"": text or ""}).port(""), pa.int32())


def _domain(text: str | None) -> str | None:
    told = stated(text)
    return domain_of(told) if told else None


def _reader(record: Records) -> Reader | None:
    """Return what reads the records when their number tells it; None where their data do."""
    if not is_read_by_number(record.provider, record.channel):
        return None
    return reader_of(WindowsRecord(record.event_id, record.provider, record.channel))


def distinct_events(record: Records, context: FileContext, times: LooseTimes) -> dict[str, pa.Array]:
    """The columns of the events, of which each that differs in what its reader asks for is made once.

    What one of the data alone tells is not asked of the events, but of that datum: a log-on's port and address, a question and its answers, an image's
    digests, what the texts of a process mention.
    """
    reader = _reader(record)
    asked = READS.get(reader) if reader is not None else None
    data = {name: column for name, column in record.data.items() if asked is None or name in asked}
    take = _OWN.get(reader) if reader is not None else None
    own = take(data) if take is not None else {}
    message = [] if record.message is None else [record.message]
    keys, which = _distinct([record.computer, *message, *data.values()], record.count)
    events = []
    for computer, *values in keys:
        text = values.pop(0) if message else ""
        stated_data = {name: value for name, value in zip(data, values, strict=True) if value}
        one = WindowsRecord(
            record.event_id, record.provider, record.channel, computer or None, None, stated_data, (), text
        )
        events.append(event_of(one, context, times, "", 0))
    table = table_of(columns_of(events), len(events)).take(which)
    found = {key: table.column(key) for key in KEYS if key not in _STAMPED}
    return found | {key: pc.coalesce(column, found[key]) for key, column in own.items()}


def _of_logon(data: dict[str, pa.Array]) -> dict[str, pa.Array]:
    """A log-on's own port and address; in place of a machine's address another is left, for what follows from where it is."""
    own: dict[str, pa.Array] = {}
    port, address = _only(data, logons.PORT), _only(data, logons.ADDRESS)
    if port is not None and port not in (*logons.ADDRESS, *logons.STATION):
        own["source_port"] = _ports(data.pop(port))
    if address is not None and address not in (*logons.PORT, *logons.USER, *logons.STATION):
        column = data[address]
        own["source_ip"] = mapped(column, _client)
        own["device_ip"] = mapped(own["source_ip"], lambda ip: ip if ip and is_internal(ip) else None)
        data[address] = mapped(column, _stand_in)
    return own


def _client(text: str | None) -> str | None:
    return machine_address(WindowsRecord(data={"": text or ""}).ip(""))


def _stand_in(text: str | None) -> str | None:
    client = _client(text)
    return text if client is None else _INTERNAL if is_internal(client) else _EXTERNAL


def _of_question(data: dict[str, pa.Array]) -> dict[str, pa.Array]:
    own: dict[str, pa.Array] = {}
    if (name := _only(data, contacts.QUESTION)) is not None:
        own["domain"] = names(data.pop(name), lambda text: question_name(stated(text) or ""))
    if (answer := _only(data, contacts.ANSWER)) is not None:
        own["answers"] = mapped(data.pop(answer), _answers, pa.list_(pa.string()))
    return own


def _answers(text: str | None) -> list[str] | None:
    return list(dict.fromkeys(contacts.answers_of(text or ""))) or None


def _of_process(data: dict[str, pa.Array]) -> dict[str, pa.Array]:
    """Digests, and what the texts that the machine ran mention."""
    own: dict[str, pa.Array] = {}
    if (hashes := _only(data, contacts.HASH_DATA)) is not None:
        coded = data.pop(hashes).dictionary_encode()
        found = [contacts.digests_in(text) for text in coded.dictionary.to_pylist()]
        for length, key in HASH_KEYS.items():
            first = [next((one for one in some if len(one) == length), None) for some in found]
            own[key] = pa.array(first, pa.string()).take(coded.indices)
    texts = [data.pop(name) for name in contacts.TEXTS if name in data and "contents" not in data]
    if texts:
        rows, which = _distinct(texts, len(texts[0]))
        urls = pa.array(
            [contacts.url_in(mentions("\n".join(filter(None, row)))) for row in rows], pa.string()
        )
        own["url"] = urls.take(which)
        own["domain"] = mapped(own["url"], lambda url: host_of_url(url) if url else None)
    return own


_OWN: Mapping[Reader, Callable[[dict[str, pa.Array]], dict[str, pa.Array]]] = {
    logons.logon: _of_logon,
    contacts.question: _of_question,
    contacts.file_or_process: _of_process,
}
"""What takes data out of those that make events differ, and makes columns of them."""


def _distinct(columns: Sequence[pa.Array], count: int) -> tuple[list[list[str]], pa.Array]:
    """The distinct rows of texts, absent ones empty, and which of them each row is."""
    joined = pc.binary_join_element_wise(*(pc.fill_null(column, "") for column in columns), _SEPARATOR)
    if pc.sum(pc.count_substring(joined, _SEPARATOR)).as_py() != (len(columns) - 1) * count:
        raise Unusual
    coded = joined.dictionary_encode()
    return [text.split(_SEPARATOR) for text in coded.dictionary.to_pylist()], coded.indices
