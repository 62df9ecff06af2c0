r"""Conversion of a Windows event, in any representation, to an `Event`, including its rendered text.

The reader depends on provider or channel and event ID, or on the names of the data where these are missing.
Values that only the rendered text has (`Source Network Address:  192.0.2.5`) are extracted from it.
Source: the message tables of Windows 10, 11 and Server 2008 to 2025 in English, and the Vietnamese user
interface. Traps: `Account Name` occurs under several headings, of which only `New Logon`, `Account
Information` and the like mean the user; agents replace line feeds by spaces, tabs or the letters `\n`; of a
value without an end only the first line counts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from lamsach.logs.base import FileContext, LogFormat, fields_named
from lamsach.logs.events.ends import Role, Way, own_end
from lamsach.logs.mappings.windows import contacts, logons, services
from lamsach.logs.mappings.windows.record import WindowsRecord, machine_address
from lamsach.logs.text.times.loose_times import LooseTimes
from lamsach.logs.text.times.timestamps import from_epoch, from_iso
from lamsach.logs.text.values import among, in_order
from lamsach.model import Event

_LONGEST_TEXT = 65536
_LONGEST_VALUE = 4000
# label (lower case): name of the datum
_LABELS = {
    "source network address": "ipaddress", "client address": "ipaddress", "source address": "sourceaddress",
    "network address": "ipaddress", "client ip": "ipaddress", "client ip address": "ipaddress",
    "caller ip": "ipaddress", "source port": "sourceport", "client port": "ipport", "port": "port",
    "destination address": "destaddress", "destination port": "destport", "direction": "direction",
    "workstation name": "workstationname", "source workstation": "workstation", "client name": "clientname",
    "logon account": "targetusername", "user name": "user", "account name": "accountname",
    "account domain": "accountdomain", "logon type": "logontype", "process command line": "commandline",
    "user": "user", "calling station identifier": "callingstationid",
    "fully qualified account name": "fullyqualifiedsubjectusername", "share name": "sharename",
    "path": "path", "url": "url", "dns name": "queryname", "url absolute path": "urlpath",
    "query string": "urlquery", "local ip": "localip",
    # Sysmon names its values as its data are named
    **{name: name for name in in_order(
        "utctime sourceip sourceport sourcehostname hashes destinationip destinationport "
        "destinationhostname initiated queryname queryresults querystatus image commandline "
        "parentcommandline targetfilename contents hash imageloaded protocol"
    )},
    # Vietnamese
    "địa chỉ mạng nguồn": "ipaddress", "địa chỉ máy khách": "ipaddress", "địa chỉ nguồn": "sourceaddress",
    "cổng nguồn": "sourceport", "địa chỉ mạng": "ipaddress", "cổng máy khách": "ipport",
    "địa chỉ đích": "destaddress", "cổng đích": "destport", "hướng": "direction",
    "tên máy trạm": "workstationname", "máy trạm nguồn": "workstation", "tên máy khách": "clientname",
    "tên tài khoản": "accountname", "tài khoản đăng nhập": "targetusername", "tên người dùng": "user",
    "người dùng": "user", "loại đăng nhập": "logontype", "dòng lệnh xử lý": "commandline",
    "dòng lệnh tiến trình": "commandline", "đường dẫn": "path",
}  # fmt: skip
_SECTIONS = {
    "subject": "subjectusername", "chủ thể": "subjectusername", "new logon": "targetusername",
    "đăng nhập mới": "targetusername", "account for which logon failed": "targetusername",
    "tài khoản đăng nhập không thành công": "targetusername", "account information": "targetusername",
    "thông tin tài khoản": "targetusername", "account whose credentials were used": "targetusername",
    "target account": "targetusername", "additional information": "", "network information": "",
    "thông tin mạng": "", "process information": "", "thông tin tiến trình": "",
    "application information": "", "service information": "servicename",
    "client machine": "subjectmachinename", "nas": "", "radius client": "", "authentication details": "",
    "failure information": "", "detailed authentication information": "", "logon information": "",
    "share information": "", "access request information": "", "creator subject": "subjectusername",
    "target subject": "targetsubjectname", "filter information": "", "certificate information": "",
    "session": "", "mapped name": "",
}  # fmt: skip
# Labels without a use; they end the preceding value.
_OTHERS = (
    "security id|logon id|logon guid|linked logon id|restricted admin mode|virtual account|elevated "
    "token|impersonation level|process id|process name|caller process id|caller process name|logon "
    "process|authentication package|transited services|key length|ticket options|result code|failure "
    "code|failure reason|status|sub status|package name \\(ntlm only\\)|service name|service "
    "id|application name|network account name|network account domain|object type|access "
    "mask|accesses|error code|supplied realm name|pre-authentication type|ticket encryption "
    "type|ruleid|rulename|processguid|processid|sourceisipv6|destinationisipv6|sourceportname|"
    "destinationportname|layer name|layer run-time id|filter run-time id|session id|session "
    "name|additional information|target server name|called station identifier|nas ipv4 address|nas ipv6 "
    "address|nas identifier|nas port-type|nas port|client friendly name|device description|rule name|new "
    "process id|new process name|token elevation type|mandatory label|creator process id|creator process "
    "name|share path|relative target name|id bảo mật|id đăng nhập|guid đăng nhập|tên tiến trình|id tiến "
    "trình|miền tài khoản|gói xác thực|trạng thái|giao thức|protocol|parentimage|parentprocessguid|"
    "parentprocessid|currentdirectory|logonguid|logonid|terminalsessionid|integritylevel|fileversion|"
    "description|product|company|originalfilename|parentuser|detection "
    "user|creationutctime|signed|signature|signaturestatus|account type|fully qualified user name"
)
# Account Name:\t\tminh\nNetwork Information:    but not User: UNIT\nga, Path: \\nas01\tools, C:\temp
_LETTERS = re.compile(
    r"\\r\\n|(?:(?<=\w\w:)|(?<=[\s.])|(?<=\\[nrt]))\\[nrt]|\\[nrt](?=[\\\s]|$|[^\W\da-z_])"
    r"|#015#012|#011|#012|#015|\r"
)


@cache
def _label() -> re.Pattern[str]:
    """Match labels at a line's start or after white space, with a colon or ` :`; compiled on first use."""
    names = {*map(re.escape, (*_LABELS, *_SECTIONS)), *_OTHERS.split("|")}
    words = "|".join(sorted(names, key=lambda name: (-len(name), name)))
    return re.compile(rf"(?:^|(?<=[\s>]))({words}) ?:(?=[\s]|$|[^\\/\s])", re.IGNORECASE)


def labels(message: str) -> dict[str, str]:
    """Return the data in a rendered text, by lower-case name; the first value of each name counts."""
    text = _LETTERS.sub(lambda match: "\t" if match[0] in ("\\t", "#011") else "\n", message[:_LONGEST_TEXT])
    text = unicodedata.normalize("NFC", text).replace("\u00a0", " ")
    found: dict[str, str] = {}
    section = ""
    matches = list(_label().finditer(text))
    for index, match in enumerate(matches):
        label = match[1].lower()
        end = matches[index + 1].start() if index + 1 < len(matches) else len(text)
        lines = text[match.end() : end].strip(" \t")
        value = lines.partition("\n")[0].strip()
        if not value and _LABELS.get(label) == "ipaddress":  # AD FS, Active Directory: on the next line
            value = lines.strip().partition("\n")[0].partition(",")[0].strip()
        if label in _SECTIONS and not value:
            section = _SECTIONS[label]
            continue
        name = _LABELS.get(label)
        if name == "accountname" and section:
            name = section
        if name and value and value != "-":
            found.setdefault(name, value[:_LONGEST_VALUE])
    if (dns_query := _DNS_QUERY.search(text)) is not None:
        found |= {"queryname": dns_query[1], "queryresults": dns_query[2] or ""}
    return found if "ipaddress" in found or "sourceaddress" in found else found | _in_prose(text)


# DNS query is completed for the name c2.example, type 1, query options 140737488355328 with status 0 ..
# DNS query is called for the name c2.example, type 28, query options 140737488355328, Server List , isNetwork
# query 0, ..
_DNS_QUERY = re.compile(
    r"DNS query is (?:completed|called) for the name ([^\s,]{1,255}), type \d{1,5}(?:.{0,120}? Results "
    r"([^\s].{0,2000}))?"
)


# Login failed for user 'sa'. Reason: .. [CLIENT: 192.0.2.5]
# The user UNIT\\minh connected from 192.0.2.5 but failed ..    <IpAddress>192.0.2.5</IpAddress>
_CLIENTS = (
    re.compile(r"\[CLIENT: ?([0-9A-Fa-f.:]{3,45})\]"),
    re.compile(r" from ([0-9A-Fa-f.:]{7,45})(?: port (\d{1,5}))?(?=[ ,.;]|$)", re.MULTILINE),
    re.compile(r"<IpAddress>\s{0,9}([0-9A-Fa-f.:]{3,45})[,\s<]"),
)
_PERSON = re.compile(r"(?:[Uu]ser '?|password for (?:invalid user )?|login for )([^\s'\"<>]{1,200})")


def _in_prose(text: str) -> dict[str, str]:
    """Return the client in a sentence, with the user."""
    for pattern in _CLIENTS:
        match = pattern.search(text)
        if match is not None:
            found = {"ipaddress": match[1].rstrip(".:")}
            if pattern.groups > 1 and match[2]:
                found["ipport"] = match[2]
            person = _PERSON.search(text)
            return found | {"targetusername": person[1]} if person else found
    return {}


Reader = Callable[[WindowsRecord], dict[str, Any]]
GIVES = fields_named(
    "contact machine user domain url answers hashes action forwarded response inbound mentioned file_names"
)
"""Fields that Windows events can fill."""
HOLDER_MARKERS = in_order(
    "4624 4768 4769 4770 4776 4778 540 528 672 673 1149 6272 TerminalServices DHCP-Server DhcpServer IAS NPS"
)
"""Texts of events that may state address holders: event IDs of log-ons, sources of leases."""
# /Date(1781078401000)/ of PowerShell's ConvertTo-Json; 1781078401.123 of others
_COUNT = re.compile(r"(?:\\?/Date\()?(\d{9,19}(?:\.\d{1,9})?)(?:[+-]\d{4})?(?:\)\\?/)?")
CONTACT_DATA = frozenset(
    (*contacts.SOURCE, *contacts.DESTINATION, "queryname", "qname", "url", "hashes", "path",
        "scriptblocktext", "commandline", "param3",
     "targetusername", "subjectusername")
)  # fmt: skip
"""Data about contacts: the rendered text of an event with one of them is not parsed."""
_FILES = frozenset({"image", "targetfilename", "originalfilename", "imageloaded", "newprocessname"})
"""Data that name a file or program: Sysmon's, and the Security log's for processes."""
_SQL_LOGONS = (18452, 18456)
"""SQL Server's refused log-ons; some exports contain only account, reason, `[CLIENT: ..]`."""
_DNS_CLIENT = frozenset({3006, 3008, 3009, 3010, 3011, 3014, 3016, 3018, 3019, 3020, 1014, 1015})
_DEFENDER = frozenset({1006, 1007, 1008, 1015, 1116, 1117, 1118, 1119, 1121, 1122, 1125, 1126})


class WindowsLines(LogFormat):
    """Base of the formats that parse Windows events in a text representation."""

    gives = GIVES
    lease_markers = HOLDER_MARKERS

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self.times = LooseTimes(context)

    def event(self, record: WindowsRecord) -> Event:
        """Return the event of a record. Raises LineError for an impossible time."""
        return event_of(record, self.context, self.times)


def event_of(record: WindowsRecord, context: FileContext, times: LooseTimes) -> Event:
    """Return the event of a record. Raises LineError for an impossible time."""
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
    return Event(time=time, device_ip=device, **fields)


def time_of(text: str | None, context: FileContext, times: LooseTimes) -> datetime | None:
    """Return the time in UTC; without an offset it is in the context's zone."""
    if not text:
        return None
    if len(text) == 27 and text[26] == "Z" and text[10] == "T":  # the event log's own format
        with suppress(ValueError):
            return datetime.fromisoformat(text)
    if text[4:5] == "-" and len(text) > 15:
        return from_iso(text, context.timezone)
    count = _COUNT.fullmatch(text)
    return from_epoch(count[1]) if count else times.read(text)


def reader_of(record: WindowsRecord) -> Reader:
    """Return the reader for this provider and event ID."""
    return _reader_at(record.provider, record.channel)(record)


@lru_cache(1024)
def _reader_at(provider: str, channel: str) -> Callable[[WindowsRecord], Reader]:
    origin = f"{provider} {channel}".lower()
    return next((reader for word, reader in _BY_PROVIDER if word in origin), _by_data)


def is_read_by_number(*source: str) -> bool:
    """Return whether the event ID alone determines the reader, for any data."""
    origin = " ".join(source).lower()
    return "sysmon" in origin or "security" in origin


def states_holder(event_id: int, provider: str) -> bool:
    """Return whether events of this ID and provider may state who had an address."""
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
    ("kaspersky", lambda _: services.kaspersky),
    ("klnagent", lambda _: services.kaspersky),
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
"""Data that a reader uses; unlisted readers may use all."""
