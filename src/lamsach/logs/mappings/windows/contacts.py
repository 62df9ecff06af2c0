"""Contacts in Windows events: connections, DNS queries, downloads, files, and scripts with addresses.

Source: https://learn.microsoft.com/sysinternals/downloads/sysmon (event schema), the Security auditing
reference (https://learn.microsoft.com/windows/security/threat-protection/auditing/event-5156), the manifests
of Microsoft-Windows-DNS-Client, Microsoft-Windows-Bits-Client, Microsoft-Windows-PowerShell and
Microsoft-Windows-Windows Defender. Traps:
- In 5156 and related events `SourceAddress` is the machine's own side, even of an inbound connection, but
  for packets (5150 to 5153) the sender; in Sysmon's event 3 it is usually the side that opened the
  connection, but not for UDP answers and in old versions.
- 5154, 5155, 5158 and 5159 state where a program listens: 0.0.0.0 means every address of the machine.
- Sysmon's `QueryResults` and the DNS client's contain IPv4 addresses as `::ffff:192.0.2.1`, other records
  as `type:  5 name`.
- An IMPHASH has the length of an MD5 but is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from lamsach.logs.events.ends import Role, Way, is_internal, own_end
from lamsach.logs.mappings.script_mentions import mentions
from lamsach.logs.mappings.windows.record import WindowsRecord, machine_address, user_of
from lamsach.logs.text.dns_names import question_name
from lamsach.logs.text.values import among, domain_of, hash_of, host_of_url, in_order, ip_of
from lamsach.model import Action, EventKind

Fields = dict[str, Any]
"""Arguments of `Event`."""

_INBOUND = "%%14592"
FILTERED, PACKETS = range(5150, 5160), range(5150, 5154)
"""Events of the filtering platform, and among them those of single packets."""
BLOCKED = frozenset({*PACKETS, 5155, 5157, 5159})
_BINDS = frozenset({5154, 5155, 5158, 5159})
# type:  5 cdn.evil.example
_TYPED = re.compile(r"type:\s{0,4}(\d{1,5})\s{1,4}(\S.{0,400})")
_NAMES_OF_TYPES = frozenset({"2", "5", "12", "15", "33", "39", "64", "65"})
# SHA1=..,MD5=..,SHA256=..,IMPHASH=..
_HASH_VALUE = re.compile(r"=\s?([0-9A-Fa-f]{32,64})")
_HASH_KINDS = ("MD5", "SHA1", "SHA-1", "SHA256", "SHA-256")
# Sysmon 15: [ZoneTransfer]  ZoneId=3  ReferrerUrl=https://mail.example/  HostUrl=https://evil.example/a.exe
_HOST_URL = re.compile(r"HostUrl=((?:https?|ftp)://\S{3,2000})", re.IGNORECASE)
_FILE_DATA = frozenset({"hashes", "hash", "path", "targetfilename"})
_MOST_ANSWERS = 200
SOURCE = in_order(
    "sourceip sourceaddress sourceipaddress srcip ipaddress clientaddress clientip clientipaddress "
    "ipstring sourcenetworkaddress networkaddress callerip clientname client peeraddress ip sourceipv4 "
    "src_ip_addr address"
)
DESTINATION = in_order(
    "destinationip destaddress destinationaddress destip dstip destinationipaddress serveraddress "
    "serverip targetip targetserver remoteaddress remoteip dnsserveripaddress dst_ip_addr"
)
SOURCE_PORT = in_order("sourceport srcport src_port ipport clientport clientaddress clientip ipstring")
DESTINATION_PORT = in_order("destinationport destport dstport dst_port serverport remoteport serveraddress")
TEXTS = (
    "commandline", "parentcommandline", "processcommandline", "scriptblocktext", "payload", "hostapplication",
    "command line", "process command line", "contents", "arguments", "destination", "details",
    "process creation"
)  # fmt: skip
_CLIENTS = among(
    "clientaddress clientip clientipaddress clientname client callerip peeraddress sourcenetworkaddress"
)
"""Data that name the client of the machine that wrote the event."""
QUESTION, ANSWER = ("queryname", "query", "name"), ("queryresults", "queryresponse")
SOURCE_NAMES, DESTINATION_NAMES, _TEXT_NAMES = frozenset(SOURCE), frozenset(DESTINATION), frozenset(TEXTS)


def connection(record: WindowsRecord) -> Fields:
    """Parse Sysmon 3, the filtering platform's 5150 to 5159, or any event with two ends."""
    source, destination = record.ip(*SOURCE), record.ip(*DESTINATION)
    source_port, destination_port = record.port(*SOURCE_PORT), record.port(*DESTINATION_PORT)
    data = record.data
    if source is None and record.event_id in _BINDS:
        source = ip_of(data.get("sourceaddress", ""))
    initiated, direction = data.get("initiated", "").lower(), data.get("direction", "")
    inbound = initiated == "false" or direction == _INBOUND or direction.lower() in ("inbound", "in")
    facts: Fields = {"way": Way.UNSTATED}
    if inbound and record.event_id in PACKETS:
        sent = is_internal(source or "") and not is_internal(destination or "")
        facts["way"] = Way.UNSTATED if sent else Way.TO_OWN
    elif record.event_id in FILTERED or initiated == "true":
        facts["role"] = Role.HOLDER
    elif initiated == "false":
        own = _accepting(source, source_port, destination, destination_port)
        facts = {"given": machine_address(own)}
    if source is None and destination:  # a machine requesting an address
        source = ip_of(data.get("sourceaddress") or data.get("sourceip") or "")
    remote_name = record.text("destinationhostname")
    return {
        "kind": EventKind.CONNECTION,
        "source_ip": source,
        "source_port": source_port,
        "destination_ip": destination,
        "destination_port": destination_port,
        **facts,
        "device_name": record.computer,
        "user": user_of(record.text("user")),
        "domain": domain_of(remote_name) if remote_name and not inbound else None,
        "inbound": inbound,
        "action": Action.BLOCKED if record.event_id in BLOCKED else Action.ALLOWED,
    }


def _accepting(
    source: str | None, source_port: int | None, destination: str | None, destination_port: int | None
) -> str | None:
    """Return the side that accepted a connection: the internal one, or the one with the service's port."""
    if source and destination and is_internal(source) != is_internal(destination):
        return source if is_internal(source) else destination
    if source_port and destination_port and source_port < min(destination_port, 49152):
        return source
    return destination or source


def question(record: WindowsRecord) -> Fields:
    """Parse a DNS query of the machine: Sysmon 22; DNS client 3006, 3008, 3010, 3011, 3018, 3020."""
    client = record.event_id != 22
    results, response = (record.data.get(name, "") for name in ANSWER)
    answers = *answers_of(results or response), *record.answers
    return {
        "kind": EventKind.DNS,
        "source_ip": record.ip("sourceip"),
        "destination_ip": record.ip("dnsserveripaddress", "dnsserverip", "destinationip"),
        "role": Role.HOLDER,
        "device_name": record.computer,
        "user": user_of(record.text("user")),
        "domain": question_name(record.text(*QUESTION) or ""),
        "answers": tuple(dict.fromkeys(answers)),
        "response": client and record.event_id in (3008, 3011, 3018, 3020),
    }


def answers_of(text: str) -> tuple[str, ...]:
    """Return the addresses and names in `type:  5 cdn.evil.example;::ffff:192.0.2.1;`."""
    found: list[str] = []
    for piece in text.split(";")[:_MOST_ANSWERS]:
        piece = piece.strip()
        if not piece or piece == "-":
            continue
        address = ip_of(piece)
        typed = None if address else _TYPED.match(piece)
        if typed and typed[1] in _NAMES_OF_TYPES:
            value = domain_of(typed[2].split()[-1])
        else:
            value = address
        if value:
            found.append(value)
    return tuple(found)


def download(record: WindowsRecord) -> Fields:
    """Parse a BITS transfer (3, 4, 59, 60, 61, 16403) or any event with a URL."""
    url = record.text("url", "remotename", "uri", "requesturl", "remoteurl", "weburl")
    return {
        "kind": EventKind.WEB,
        "source_ip": record.ip(*SOURCE),
        "device_name": record.computer,
        "user": user_of(record.text("user", "accountname")),
        "url": url,
        "domain": host_of_url(url) if url else None,
        "hashes": hashes_of(record),
    }


def file_or_process(record: WindowsRecord) -> Fields:
    """Parse files, processes and anything else: Sysmon, Security 4688, PowerShell.

    Sysmon 1, 6, 7, 11, 15, 23, 26, 29; PowerShell 4103, 4104, 800. An executed text may name several
    addresses: the first URL is the event's, the others are `mentioned`."""
    data = record.data
    texts = [] if _TEXT_NAMES.isdisjoint(data) else [value for name in TEXTS if (value := data.get(name))]
    if record.unnamed and "powershell" in record.provider.lower():
        texts += record.unnamed
    found = mentions("\n".join(texts)) if texts else ()
    origin = _HOST_URL.search(data["contents"][:4000]) if "contents" in data else None
    url = origin[1] if origin else url_in(found)
    if SOURCE_NAMES.isdisjoint(data) and DESTINATION_NAMES.isdisjoint(data):
        sides: Fields = {}
    else:
        sides = _sides(record)
    client = own_end(sides.get("source_ip"), sides.get("destination_ip"), Way.CALLED)
    of_client = machine_address(client) and not _CLIENTS.isdisjoint(data)
    return {
        **sides,
        "kind": EventKind.OTHER if _FILE_DATA.isdisjoint(data) else EventKind.FILE,
        "observer": record.computer if of_client else None,
        "device_name": None if of_client else record.computer,
        "user": user_of(record.text("user", "subjectusername", "targetusername", "accountname")),
        "url": url,
        "domain": host_of_url(url) if url else None,
        "hashes": hashes_of(record),
        "mentioned": tuple(value for value in found if value != url),
    }


def url_in(found: Iterable[str]) -> str | None:
    """Return the first URL among mentions."""
    return next((value for value in found if "://" in value), None)


def anything(record: WindowsRecord) -> Fields:
    """Parse an event of an unknown log: everything that its data and text mention.

    An address there may be the machine's client, so no device is blamed."""
    fields = file_or_process(record)
    texts = [*record.data.values(), *record.unnamed, record.message]
    found = mentions("\n".join(texts))
    known = {fields["url"], fields.get("source_ip"), fields.get("destination_ip"), record.computer}
    fields["mentioned"] = tuple(value for value in found if value not in known)
    fields["inbound"] = True
    return fields


def _sides(record: WindowsRecord) -> Fields:
    source, destination = record.ip(*SOURCE), record.ip(*DESTINATION)
    return {
        "source_ip": source,
        "source_port": record.port(*SOURCE_PORT),
        "destination_ip": destination,
        "destination_port": record.port(*DESTINATION_PORT),
        "way": Way.CALLED,
        "inbound": bool(source and not is_internal(source) and not destination),
    }


# Path: file:_C:\Users\a\x.exe; webfile:_C:\Users\a\x.exe|https://evil.example/x.exe|pid:11,ProcessStart:1
_WEB_FILE = re.compile(r"(https?://[^|;\s]{3,2000})", re.IGNORECASE)


def detection(record: WindowsRecord) -> Fields:
    """Parse a detection: Defender 1006, 1007, 1015, 1116 to 1119; network protection 1125, 1126."""
    paths = " ".join(record.data.get(name, "") for name in ("path", "destination", "url", "uri"))
    urls = _WEB_FILE.findall(paths[:20_000])
    done = (record.text("action name") or "").lower()
    blocked = record.event_id in (1007, 1117, 1126, 1121) and done not in (
        "allow",
        "no action",
        "not applicable",
    )
    url = urls[0] if urls else None
    return {
        "kind": EventKind.FILE,
        "device_name": record.computer,
        "user": user_of(record.text("detection user", "user")),
        "url": url,
        "domain": host_of_url(url)
        if url
        else record.text("destination") and domain_of(record.data["destination"]),
        "hashes": hashes_of(record),
        "mentioned": tuple(urls[1:20]),
        "action": Action.BLOCKED if blocked else Action.UNKNOWN,
    }


def hashes_of(record: WindowsRecord) -> tuple[str, ...]:
    """Return the MD5, SHA-1 and SHA-256 values of the event, without the IMPHASH."""
    data = record.data
    if _HASH_NAMES.isdisjoint(data):
        return ()
    return digests_in(*[data[name] for name in HASH_DATA if name in data])


HASH_DATA = ("hashes", "hash", "md5", "sha1", "sha256", "sha256hash", "filehash", "sha1hash", "md5hash",
    "sha1 hash", "sha256 hash")  # fmt: skip
_HASH_NAMES = frozenset(HASH_DATA)
_DIGEST_LENGTHS = (32, 40, 64)


@lru_cache(4096)
def digests_in(*texts: str) -> tuple[str, ...]:
    """Return digests in lower case: from pairs (`MD5=..`), or all in a text without pairs."""
    digests: list[str | None] = []
    for text in texts:
        if "=" in text:
            digests += _in_pairs(text[:2000])
        elif text:
            digests += map(hash_of, text[:2000].replace(",", " ").split())
    return tuple(dict.fromkeys(digest for digest in digests if digest and digest.strip("0")))


def _in_pairs(text: str) -> Iterator[str]:
    for match in _HASH_VALUE.finditer(text):
        position, digest = match.start(), match[1]
        position -= text[position - 1 : position].isspace()
        if len(digest) in _DIGEST_LENGTHS and text[max(position - 7, 0) : position].upper().endswith(
            _HASH_KINDS
        ):
            yield digest.lower()
