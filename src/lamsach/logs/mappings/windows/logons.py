"""Log-ons and address holders in Windows events: log-ons, shares, Remote Desktop, RADIUS, leases.

Source: https://learn.microsoft.com/windows/security/threat-protection/auditing/event-4624 and related pages,
the manifests of Microsoft-Windows-TerminalServices and -RemoteDesktopServices,
https://learn.microsoft.com/windows-server/networking/technologies/nps/. Traps:
- The machine that wrote the event is the server; the address is the client's. So the server is the
  observer, and the client the device, except for an external client: then the server is the device.
- A machine account (`PC-17$`) names the machine at that address, not a person.
- An event about a console log-on has no address, or loopback.
"""

from __future__ import annotations

import re
from typing import Any

from lamsach.logs.events.ends import Way, is_internal
from lamsach.logs.mappings.windows.record import WindowsRecord, machine_address, machine_of, user_of
from lamsach.logs.text.values import host_and_port, in_order, ip_of, mac_of, stated
from lamsach.model import Action, EventKind, LeaseAction

Fields = dict[str, Any]

LOGONS = frozenset(
    {4624, 4625, 4634, 4647, 4648, 4768, 4769, 4770, 4771, 4772, 4773, 4774, 4775, 4776, 4777, 4778, 4779,
        4675, 4820, 4821, 4964,
     5140, 5142, 5143, 5144, 5145, 528, 529, 530, 531, 532, 533, 534, 535, 536, 537, 538, 539, 540, 551, 552,
     672, 673, 674, 675, 676, 677, 678, 680, 681, 682, 683}
)  # fmt: skip
"""Security events with an account and its origin; IDs of three digits predate Windows Vista."""
RADIUS = frozenset(range(6272, 6281))
_FAILED = frozenset({
    2947, 4625, 4771, 4772, 4773, 4775, 4777, 529, 530, 531, 532, 533, 534, 535, 536, 537, 539, 675, 676, 677,
    681
})  # fmt: skip
ADDRESS = in_order(
    "ipaddress clientaddress sourcenetworkaddress sourceaddress networkaddress sourceip clientip "
    "ipstring address param3 clientipaddress client clientname"
)
PORT = ("ipport", "clientport", "sourceport", "clientaddress", "clientip", "ipstring")
USER = ("targetusername", "accountname", "user", "param1", "username", "subjectusername", "useraccount")
STATION = ("workstationname", "workstation", "clientname", "clientmachine", "sourceworkstation")
# Creating WSMan Session. The connection string is: srv01/wsman?PSVersion=5.1
_CONNECTION = re.compile(r"connection string is: (\S{1,500})")
_LEASES = {
    10: LeaseAction.ASSIGNED, 11: LeaseAction.RENEWED, 12: LeaseAction.RELEASED, 16: LeaseAction.EXPIRED,
    17: LeaseAction.EXPIRED, 18: LeaseAction.EXPIRED
}  # fmt: skip


def logon(record: WindowsRecord) -> Fields:
    """Parse a log-on: user, client address, and server (`observer`)."""
    address = record.ip(*ADDRESS) or ip_of((record.text(*STATION) or "").strip("\\ "))
    share = 5140 <= record.event_id <= 5145
    account = record.text("subjectusername", *USER) if share else record.text(*USER)
    client = machine_address(address)
    fields: Fields = {
        "kind": EventKind.LOGON,
        "observer": record.computer,
        "source_ip": address,
        "source_port": record.port(*PORT),
        "way": Way.CALLED,
        "user": user_of(account),
        "action": Action.BLOCKED if _failed(record) else Action.ALLOWED,
    }
    if client is None:
        fields["device_name"] = _station(record) if record.event_id in (4776, 4777, 680, 681) else None
        if fields["device_name"] is None:  # a console log-on, at the machine itself
            fields["device_name"], fields["observer"] = record.computer, None
    elif is_internal(client):
        fields["device_name"] = machine_of(account) or _client_station(record)
    else:
        fields["device_name"] = record.computer
        fields["inbound"] = True
    return fields


def attempt(record: WindowsRecord) -> Fields:
    """Parse a log-on at a program (SQL Server, OpenSSH, VPN) whose ID does not state the outcome."""
    text = f"{record.message} {record.data.get('payload', '')}".lower()
    outcomes = (
        ("fail", Action.BLOCKED),
        ("denied", Action.BLOCKED),
        ("invalid", Action.BLOCKED),
        ("accepted", Action.ALLOWED),
    )
    action = next((action for word, action in outcomes if word in text), Action.UNKNOWN)
    return logon(record) | {"action": action}


def locked_out(record: WindowsRecord) -> Fields:
    """Parse 4740: the locked account and the calling computer, which replaces the account's domain."""
    caller = (record.text("callercomputername", "targetdomainname") or "").strip("\\ ")
    name = caller if 0 < len(caller) <= 255 and not ip_of(caller) else None
    return {
        "kind": EventKind.LOGON,
        "observer": record.computer if name else None,
        "device_name": name or record.computer,
        "user": user_of(record.text(*USER)),
        "action": Action.BLOCKED,
    }


def _failed(record: WindowsRecord) -> bool:
    if record.event_id in _FAILED or (record.event_id == 551 and "smbserver" in record.provider.lower()):
        return True
    status = record.data.get("status", "").lower()
    return record.event_id in (4768, 4769, 4776) and status not in ("", "-", "0x0", "0", "0x00000000")


def _station(record: WindowsRecord) -> str | None:
    """Return the client's stated name, unless it is an address."""
    name = record.text(*STATION)
    name = name.strip("\\ ") if name else None
    return name if name and len(name) <= 255 and not ip_of(name) else None


def _client_station(record: WindowsRecord) -> str | None:
    """Return the client's name, unless it is the server's own, as in Remote Desktop log-ons."""
    name = _station(record)
    own = (record.computer or "").partition(".")[0].lower()
    return name if name and name.partition(".")[0].lower() != own else None


def remote_desktop(record: WindowsRecord) -> Fields:
    """Parse Remote Desktop at the server: 1149, 21 to 25, 131, 139, 140, 261."""
    fields = logon(record)
    if record.event_id in (139, 140):
        fields["action"] = Action.BLOCKED
    return fields


def remote_desktop_client(record: WindowsRecord) -> Fields:
    """Parse Remote Desktop from this machine: 1024 (name or address), 1102 (address)."""
    value = record.text("value", "server name", "servername") or ""
    address = ip_of(value)
    return {
        "kind": EventKind.CONNECTION,
        "device_name": record.computer,
        "destination_ip": address,
        "domain": None if address or not value else value.lower()[:253],
    }


def ntlm(record: WindowsRecord) -> Fields:
    """Parse NTLM audit events: 8001 on the client, 8002, 8003 on the server, 8004 to 8006 on the DC."""
    user = user_of(record.text("username", "clientusername"))
    user = None if user == "(NULL)" else user
    if record.event_id in (8001, 4001):
        target = (record.text("targetname") or "").partition("/")[2].partition("@")[0]
        return {
            "kind": EventKind.CONNECTION,
            "device_name": record.computer,
            "destination_ip": ip_of(target),
            "domain": None if ip_of(target) or "." not in target else target.lower()[:253],
            "user": user,
        }
    station = _station(record)
    return {
        "kind": EventKind.LOGON,
        "observer": record.computer if station else None,
        "device_name": station or record.computer,
        "user": user,
        "action": Action.BLOCKED if record.event_id in (4002, 4003, 4004) else Action.ALLOWED,
    }


def remote_shell(record: WindowsRecord) -> Fields:
    """Parse WinRM: 6 names the server reached (`srv01.unit.example/wsman?PSVersion=5.1`)."""
    connection = _CONNECTION.search(record.message[:2000])
    target = record.text("connection", "connectionstring") or (connection[1] if connection else "")
    host = target.rpartition("//")[2].partition("/")[0].partition("?")[0]
    address, port = host_and_port(host)
    remote = ip_of(address or "")
    client = record.ip("clientip", "clientipaddress", "ipaddress")
    fields: Fields = {
        "kind": EventKind.CONNECTION if address else EventKind.OTHER,
        "device_name": record.computer,
        "destination_ip": remote,
        "destination_port": port,
        "domain": None if remote or not address else address.lower()[:253],
        "user": user_of(record.text("username", "user")),
    }
    if client:
        fields |= {"source_ip": client, "inbound": True, "kind": EventKind.LOGON}
    return fields


def radius(record: WindowsRecord) -> Fields:
    """Parse a Network Policy Server decision: the client's MAC or IP address, and the user."""
    station = record.text("callingstationid", "callingstationidentifier") or ""
    address = ip_of(station)
    granted = record.event_id in (6272, 6278)
    return {
        "kind": EventKind.LOGON,
        "observer": record.computer,
        "source_ip": address,
        "way": Way.CALLED,
        "device_mac": mac_of(station.partition(" ")[0]),
        "device_name": record.text("subjectmachinename") and _plain(record.data["subjectmachinename"]),
        "user": user_of(record.text("subjectusername", "fullyqualifiedsubjectusername")),
        "action": Action.ALLOWED if granted else Action.BLOCKED,
    }


def _plain(name: str) -> str | None:
    return stated(machine_of(name) or name.rpartition("\\")[2])


def lease(record: WindowsRecord) -> Fields:
    """Parse a DHCP server or client event with address and hardware address."""
    address = record.ip(
        "ipaddress", "address", "leasedipaddress", "allottedipaddress", "clientipaddress", "reservedip"
    )
    mac = mac_of(
        record.text("macaddress", "hwaddress", "clientid", "physicaladdress", "clientmac", "clientuid")
    )
    action = _LEASES.get(record.event_id) if "server" in record.provider.lower() else None
    fields: Fields = {
        "kind": EventKind.LEASE if action and address and mac else EventKind.OTHER,
        "observer": record.computer if action else None,
        "given": machine_address(address),
        "device_mac": mac,
        "device_name": record.text("hostname", "clientname") if action else record.computer,
    }
    if fields["kind"] is EventKind.LEASE:
        fields["action"] = action
    return fields


def vpn_address(record: WindowsRecord) -> Fields:
    """Parse RRAS 20274: `The user X connected on port Y has been assigned address Z` (unnamed data)."""
    texts = record.unnamed or record.message[:2000].split()
    address = next((ip for text in reversed(texts) if (ip := ip_of(text.rstrip(".")))), None)
    user = next((text for text in texts if "\\" in text or "@" in text), None)
    return {
        "kind": EventKind.LOGON,
        "observer": record.computer,
        "given": machine_address(address),
        "user": user_of(user),
        "action": Action.ALLOWED,
    }


DIRECTORY = {
    2889: ("ipaddress", "targetusername"),
    2946: ("account", "callersid", "ipaddress"),
    2947: ("account", "callersid", "ipaddress"),
}
"""Unnamed data of a controller's events: unsigned binds, managed accounts' passwords."""


def directory(record: WindowsRecord) -> Fields:
    """Parse 2889, 2946 and 2947: a domain controller's client, as `192.0.2.5:51234` or `192.0.2.5`."""
    names = DIRECTORY[record.event_id]
    record.data.update({name: text for name, text in zip(names, record.unnamed, strict=False) if text})
    return logon(record)
