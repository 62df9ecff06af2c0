"""Windows events as Winlogbeat and Elastic Agent send them: records of one number and source, whose data are
columns.

What was made of the same values before is not made again: time and number are the record's own, of a log-on
the port too, of a connection that the machine opened everything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.bulk.columns import check, ipv4, kept, mapped, names
from lamsach.logs.bulk.features import Lines, groups_of
from lamsach.logs.bulk.heads import times
from lamsach.logs.bulk.letters import DIGITS, Unusual, made_of
from lamsach.logs.bulk.reader import GroupReader
from lamsach.logs.bulk.readers.json_table import as_texts, leaves, table_of_objects, whole
from lamsach.logs.events.ends import is_internal
from lamsach.logs.events.records import HASH_KEYS, KEYS
from lamsach.logs.events.tables import columns_of, table_of
from lamsach.logs.mappings.script_mentions import mentions
from lamsach.logs.mappings.windows import contacts, logons
from lamsach.logs.mappings.windows.events import (
    CONTACT_DATA,
    READS,
    Reader,
    event_of,
    is_read_by_number,
    reader_of,
    time_of,
)
from lamsach.logs.mappings.windows.json import Part, part_of
from lamsach.logs.mappings.windows.record import WindowsRecord, machine_address, user_of
from lamsach.logs.opening.marks import Numbers, Truths
from lamsach.logs.text.dns_names import question_name
from lamsach.logs.text.times.loose_times import LooseTimes
from lamsach.logs.text.times.stated_clock import NEAR
from lamsach.logs.text.values import domain_of, host_of_url, stated
from lamsach.model import Action

_SEPARATOR = "\x1f"
_STAMPED = frozenset({"time", "format", "file", "line"})
_UNSPECIFIED = "0.0.0.0"  # noqa: S104 - means: no address
_PORT_DIGITS = 5
_INTERNAL, _EXTERNAL = "10.0.0.1", "192.0.2.1"


@dataclass(frozen=True, slots=True)
class Records:
    """Records of one number, source and log.

    `computer`: the machine that wrote each; `data`: by lower-case names; `message`: the rendered texts, where
    they count."""

    event_id: int
    provider: str
    channel: str
    count: int
    computer: pa.Array
    data: Mapping[str, pa.Array]
    message: pa.Array | None = None


def connections(record: Records) -> dict[str, pa.Array] | None:
    """The columns of connections that the machine itself opened or that its filter saw, with both addresses;
    None for other events. See `windows_contacts.connection`."""
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
    """Return whether the machine is the source of each: it opened the connection, or the filtering platform
    saw it."""
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

    What one of the data alone tells is not asked of the events, but of that datum: a log-on's port and
    address, a question and its answers, an image's digests, what the texts of a process mention."""
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
    """A log-on's own port and address; in place of a machine's address another is left, for what follows from
    where it is."""
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


_WINLOG = ('"winlog":{', '"winlog": {')
_MARKS = ('"event_id":', '"provider_name":')
_NUMBER_LETTERS, _LETTERS = 6, range(0, 40, 8)
_ACCEPTED = '"Initiated":"false"'
_TIME = "@timestamp"
_XML_WITHIN = 60
Columns = Mapping[str, "pa.Array"]


class WindowsObjects(GroupReader):
    """Records with an object `winlog`."""

    def __init__(self, log_format: LogFormat, context: FileContext) -> None:
        super().__init__(log_format, context)
        self._times = LooseTimes(context)

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """By the event's number and source, and whether the machine was called."""
        read = Lines(lines)
        number, place = (read.place(mark) + len(mark) for mark in _MARKS)
        size: Numbers = read.nth('"', read.count('"') - read.count('"', place) + 2) - place
        provider: list[Numbers] = [read.letters(place + np.minimum(ahead, size - 8), 8) for ahead in _LETTERS]
        words: list[Numbers | Truths] = [
            read.letters(number, _NUMBER_LETTERS),
            size,
            *provider,
            read.has(_ACCEPTED),
        ]
        return groups_of(words, whole(read) & read.has(*_WINLOG))

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        record, time = _record_of(leaves(table_of_objects(data, count)), count)
        made = connections(record) or distinct_events(record, self.context, self._times)
        moments = times(time, self._second)
        if (stated := record.data.get("utctime")) is not None:
            self._check_near(moments, stated)
        return made | {"time": moments}

    def _check_near(self, moments: pa.Array, stated: pa.Array) -> None:
        """Leave to the lines what the two clocks of a record disagree about (see `stated_clock`)."""
        apart = pc.subtract(moments, times(stated, lambda text: self._second(f"{text.replace(' ', 'T')}Z")))
        check(pc.less_equal(pc.abs(apart.cast("int64")), NEAR // timedelta(microseconds=1)))

    def _second(self, text: str) -> datetime | None:
        return time_of(text, self.context, self._times)


def _record_of(values: Columns, count: int) -> tuple[Records, pa.Array]:
    """Return what `windows_json.record_of_json` makes of each, and their times."""
    found: dict[Part, dict[str, pa.Array]] = {part: {} for part in Part}
    written = False
    for path, column in values.items():
        if column.null_count == count:
            continue
        part, name, may_be_xml, winlogbeat = part_of(path)
        written |= winlogbeat and not column.null_count
        if part in (Part.NOTHING, Part.FLAT) and not may_be_xml:
            continue
        if part in (Part.UNNAMED, Part.ANSWERS, Part.WRITTEN):
            raise Unusual
        texts = as_texts(column)
        if may_be_xml:
            _check_no_xml(texts)
        held = found[part]
        held[name] = _agreeing(held[name], texts) if name in held else texts
    data, system = found[Part.DATUM], found[Part.SYSTEM]
    whole = [name for name, column in data.items() if not column.null_count]
    if not written or not whole:  # else what lies at the top would be data
        raise Unusual
    data = data | {name: _filled(data.get(name), column) for name, column in found[Part.ECS].items()}
    record = Records(
        _number(system.get("id")),
        _constant(system.get("provider")),
        _constant(system.get("channel")),
        count,
        _computers(system.get("computer"), system.get("host"), count),
        data,
        _message(data, system.get("message")),
    )
    return record, _present(found[Part.TIME].get(_TIME))


def _check_no_xml(texts: pa.Array) -> None:
    begins = pc.utf8_slice_codeunits(texts, 0, _XML_WITHIN)
    if pc.any(pc.match_substring(begins, "<")).as_py():
        raise Unusual


def _agreeing(first: pa.Array, second: pa.Array) -> pa.Array:
    """Return what two keys with the same meaning state.

    Unusual where they do not say the same: which one counts depends on their order."""
    if not pc.all(pc.equal(first, second)).as_py():  # an absent one is no exception
        raise Unusual
    return pc.coalesce(first, second)


def _filled(first: pa.Array | None, second: pa.Array) -> pa.Array:
    return second if first is None else pc.coalesce(first, second)


def _present(column: pa.Array | None) -> pa.Array:
    if column is None or column.null_count:
        raise Unusual
    return column


def _constant(column: pa.Array | None) -> str:
    """Return what all records state; nothing when none states it."""
    if column is None:
        return ""
    texts = pc.unique(column).to_pylist()
    if len(texts) != 1:
        raise Unusual
    text: str = texts[0]
    return text


def _number(column: pa.Array | None) -> int:
    """The number of the events, as Windows counts them."""
    text = _constant(column)
    if not text.isascii() or not text.isdigit() or len(text) > 10:
        raise Unusual
    return int(text) & 0xFFFF


def _computers(computer: pa.Array | None, host: pa.Array | None, count: int) -> pa.Array:
    """The name of the machine that wrote each event: the shipper's spelling of it where both name
    the same."""
    if computer is None or host is None:
        only = host if computer is None else computer
        return pa.nulls(count, pa.string()) if only is None else only
    same = pc.fill_null(pc.equal(mapped(computer, _first_label), mapped(host, _first_label)), False)
    return pc.if_else(same, host, pc.coalesce(computer, host))


def _first_label(name: str | None) -> str | None:
    return name.partition(".")[0].lower() if name else None


def _message(data: Columns, message: pa.Array | None) -> pa.Array | None:
    """The rendered texts, which are read where the data tell nothing of contacts."""
    told = [column for name, column in data.items() if name in CONTACT_DATA]
    if any(not column.null_count for column in told):
        return None
    if told and message is not None:
        raise Unusual
    return message
