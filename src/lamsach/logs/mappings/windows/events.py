"""One event of a Windows event log turned into an `Event`, whichever shape it was read from.

Which reader takes it is told by the log's provider or channel and the event's number, and where these are
missing by the names of its data. What only the rendered text states is taken from there (`windows_messages`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from typing import Any

from lamsach.logs.base import FileContext, LogFormat, fields_named
from lamsach.logs.events.ends import Role, Way, own_end
from lamsach.logs.mappings.windows import contacts, logons, services
from lamsach.logs.mappings.windows.messages import labels
from lamsach.logs.mappings.windows.record import WindowsRecord, machine_address
from lamsach.logs.text.times.loose_times import LooseTimes
from lamsach.logs.text.times.timestamps import from_epoch, from_iso
from lamsach.logs.text.values import among, in_order
from lamsach.model import Event

Reader = Callable[[WindowsRecord], dict[str, Any]]
GIVES = fields_named(
    "contact machine user domain url answers hashes action forwarded response inbound mentioned file_names"
)
"""The fields that Windows events can fill."""
HOLDER_MARKERS = in_order(
    "4624 4768 4769 4770 4776 4778 540 528 672 673 1149 6272 TerminalServices DHCP-Server DhcpServer IAS NPS"
)
"""Texts of events that tell who had an address: numbers of log-ons, sources of leases."""
# /Date(1781078401000)/ of PowerShell's ConvertTo-Json; 1781078401.123 of others
_COUNT = re.compile(r"(?:\\?/Date\()?(\d{9,19}(?:\.\d{1,9})?)(?:[+-]\d{4})?(?:\)\\?/)?")
CONTACT_DATA = frozenset(
    (*contacts.SOURCE, *contacts.DESTINATION, "queryname", "qname", "url", "hashes", "path",
        "scriptblocktext", "commandline", "param3",
     "targetusername", "subjectusername")
)  # fmt: skip
"""Data that tell of a contact: of an event that has one the rendered text is not read."""
_FILES = frozenset({"image", "targetfilename", "originalfilename", "imageloaded", "newprocessname"})
"""Data that name a file or program: Sysmon's, and the Security log's of a process."""
_SQL_LOGONS = (18452, 18456)
"""SQL Server's refused log-ons, of which some exports hold only account, reason, `[CLIENT: ..]`."""
_DNS_CLIENT = frozenset({3006, 3008, 3009, 3010, 3011, 3014, 3016, 3018, 3019, 3020, 1014, 1015})
_DEFENDER = frozenset({1006, 1007, 1008, 1015, 1116, 1117, 1118, 1119, 1121, 1122, 1125, 1126})


class WindowsLines(LogFormat):
    """Reads events of Windows' logs in one of the ways in which they are written as text."""

    gives = GIVES
    lease_markers = HOLDER_MARKERS

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self.times = LooseTimes(context)

    def event(self, record: WindowsRecord, number: int) -> Event:
        """The event of a record. Raises LineError for an impossible time."""
        return event_of(record, self.context, self.times, self.name, number)


def event_of(
    record: WindowsRecord, context: FileContext, times: LooseTimes, log_format: str, line: int
) -> Event:
    """The event, of this format and line. Raises LineError for an impossible time."""
    text = record.message or (record.data.get("payload", "") if record.provider == "OpenSSH" else "")
    if not text and record.event_id in _SQL_LOGONS and "sql" in record.provider.lower():
        user, *rest = record.unnamed or [""]
        text = record.message = f"Login failed for user '{user.strip()}'.{' '.join(rest)}"
    if text and CONTACT_DATA.isdisjoint(record.data):
        for name, value in labels(text).items():
            record.data.setdefault(name, value)
    fields = reader_of(record)(record)
    time = time_of(record.time, context, times)
    if not _FILES.isdisjoint(record.data):
        fields["file_names"] = tuple(record.data[name] for name in sorted(_FILES & record.data.keys()))
    role = fields.pop("role", Role.BETWEEN if "way" in fields else Role.APART)
    way, given = fields.pop("way", Way.UNSTATED), fields.pop("given", None)
    own = own_end(fields.get("source_ip"), fields.get("destination_ip"), way, role)
    device = given or machine_address(own)
    return Event(time=time, device_ip=device, file=context.file, format=log_format, line=line, **fields)


def time_of(text: str | None, context: FileContext, times: LooseTimes) -> datetime | None:
    """The time in UTC; one without an offset is on the clock of the context's zone."""
    if not text:
        return None
    if len(text) == 27 and text[26] == "Z" and text[10] == "T":  # as the event log writes it
        with suppress(ValueError):
            return datetime.fromisoformat(text)
    if text[4:5] == "-" and len(text) > 15:
        return from_iso(text, context.timezone)
    count = _COUNT.fullmatch(text)
    return from_epoch(count[1]) if count else times.read(text)


def reader_of(record: WindowsRecord) -> Reader:
    """Return what reads an event of this provider and number."""
    return _reader_at(record.provider, record.channel)(record)


@lru_cache(1024)
def _reader_at(provider: str, channel: str) -> Callable[[WindowsRecord], Reader]:
    place = f"{provider} {channel}".lower()
    return next((reader for word, reader in _BY_PROVIDER if word in place), _by_data)


def is_read_by_number(*source: str) -> bool:
    """Return whether this source's events are read by their numbers alone, with any data."""
    place = " ".join(source).lower()
    return "sysmon" in place or "security" in place


def tells_holder(event_id: int, provider: str) -> bool:
    """Return whether an event of this number and provider may tell who had an address."""
    reader = reader_of(WindowsRecord(event_id, provider))
    contact = reader in (contacts.connection, contacts.question, contacts.file_or_process)
    return not (contact and is_read_by_number(provider))


def _security(record: WindowsRecord) -> Reader:
    if record.event_id in logons.LOGONS:
        return logons.logon
    if record.event_id == 4740:
        return logons.locked_out
    if record.event_id in contacts.FILTERED:
        return contacts.connection
    return logons.radius if record.event_id in logons.RADIUS else contacts.file_or_process


def _by_data(record: WindowsRecord) -> Reader:
    data = record.data
    if "queryname" in data:
        return contacts.question
    if "qname" in data and "interfaceip" in data:
        return services.packet
    if not contacts.SOURCE_NAMES.isdisjoint(data) and not contacts.DESTINATION_NAMES.isdisjoint(data):
        return contacts.connection
    if "targetusername" in data and not contacts.SOURCE_NAMES.isdisjoint(data):
        return logons.attempt
    if data.get("url", "").startswith(("http", "ftp")):
        return contacts.download
    return contacts.anything


def _name_server(record: WindowsRecord) -> Reader:
    if "qname" in record.data:
        return services.packet
    return services.change if "sourceip" in record.data else _by_data(record)


_SYSMON: dict[int, Reader] = {3: contacts.connection, 22: contacts.question}
_BY_PROVIDER: tuple[tuple[str, Callable[[WindowsRecord], Reader]], ...] = (
    ("ad fs", lambda _: services.federation),
    ("sysmon", lambda record: _SYSMON.get(record.event_id, contacts.file_or_process)),
    ("kaspersky", lambda _: services.told),
    ("klnagent", lambda _: services.told),
    ("security", _security),
    ("dns-client", lambda record: contacts.question if record.event_id in _DNS_CLIENT else _by_data(record)),
    ("dnsserver", lambda record: _name_server(record)),
    ("dns-server", lambda record: _name_server(record)),
    ("bits-client", lambda _: contacts.download),
    ("iis-logging", lambda record: services.request if "c-ip" in record.data else _by_data(record)),
    ("powershell", lambda _: contacts.file_or_process),
    ("defender", lambda record: contacts.detection if record.event_id in _DEFENDER else _by_data(record)),
    ("rdpclient", lambda _: logons.remote_desktop_client),
    ("clientactivexcore", lambda _: logons.remote_desktop_client),
    ("terminalservices", lambda _: logons.remote_desktop),
    ("remotedesktopservices", lambda _: logons.remote_desktop),
    ("dhcp", lambda _: logons.lease),
    (
        "activedirectory_domainservice",
        lambda record: logons.directory if record.event_id in logons.DIRECTORY else _by_data(record),
    ),
    ("-ntlm", lambda _: logons.ntlm),
    ("-winrm", lambda _: logons.remote_shell),
    ("remoteaccess", lambda record: logons.vpn_address if record.event_id == 20274 else _by_data(record)),
)

_CONNECTION = (*contacts.SOURCE, *contacts.DESTINATION, *contacts.SOURCE_PORT, *contacts.DESTINATION_PORT)
READS: Mapping[Reader, frozenset[str]] = {
    contacts.connection: frozenset((*_CONNECTION, "initiated", "direction", "user", "destinationhostname")),
    contacts.question: among(
        "queryresults queryresponse sourceip dnsserveripaddress dnsserverip destinationip user queryname "
        "query name"
    ),
    contacts.file_or_process: frozenset((*_CONNECTION, *contacts.TEXTS, *contacts.HASH_DATA))
    | among("contents user subjectusername targetusername accountname"),
    logons.logon: frozenset((*logons.ADDRESS, *logons.PORT, *logons.USER, *logons.STATION, "status")),
}
"""The data that a reader looks at; a reader that is not listed may look at all."""
