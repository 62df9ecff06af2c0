"""Owner of a value in an unread field: the machine with the record's only private source address.

Not attributed: values of other parties in the record (referrer, e-mail address, another proxy's client), and
all unread values of lease and log-on records, such as domains of accounts.
"""

from __future__ import annotations

import re
from dataclasses import replace

from lamsach.logs.events.ends import is_internal, is_machine
from lamsach.logs.text.values import ip_of
from lamsach.model import Event, EventKind

_PARTY = (
    r"(?:src|source|client|clnt|local|user|host|machine|endpoint|workstation|origin|orig|requester|caller)"
)
# src=10.1.1.5   "srcip": "10.1.1.5"   client_ip:10.1.1.5   SrcIP=10.1.1.5   LocalAddressIP4":"10.1.1.5
# c-ip=10.1.1.5   src_endpoint.ip=10.1.1.5   id.orig_h: 10.1.1.5
_KEYED = re.compile(
    rf"(?<![A-Za-z0-9_.-])(?:(?:id\.)?{_PARTY}(?:[_. "
    rf"-]?(?:endpoint|host|machine|net|node|private|internal|real|v4|ipv4|ipv6))?"
    r"[_. -]?(?:ip|ips|addr|address|h|host)?(?:[_. -]?(?:v4|v6|ip4|ip6|address|addr))?|saddr"
    r"|sip|cip|c-ip|ip_src|ipsrc)"
    r"\\?[\"']?\s{0,3}[=:]\s{0,3}\\?[\"'\[(]?(?:[a-z.]{0,20}/)?(?P<value>[0-9A-Fa-f:.]{2,45})",
    re.IGNORECASE | re.ASCII,
)
# "src_endpoint":{"port":5,"ip":"10.1.1.5"}   "source": {"ip": "10.1.1.5"}
_NESTED = re.compile(
    rf"\"{_PARTY}(?:_?endpoint)?\"\s{{0,3}}:\s{{0,3}}\{{[^{{}}]{{0,400}}?\"(?:ip|address"
    rf"|addr)\"\s{{0,3}}:\s{{0,3}}\"(?P<value>[0-9A-Fa-f:.]{{2,45}})\"",
    re.IGNORECASE | re.ASCII,
)
_SEARCHED_CHARS = 65536
# referer=http://www.example/   "http_referrer": "www.example"
# x-forwarded-for=203.0.113.9   via: 1.1 proxy.example
_OTHER_PARTIES = re.compile(
    r"(?<![A-Za-z0-9])(?:[a-z]{1,12}[_.-]?)?(?:referr?er(?:[_.-]?(?:url|uri|host|domain))?"
    r"|x[_-]forwarded[_-]for|forwarded[_-]for|xff|via)"
    r"\\?[\"']?\s{0,3}[=:]\s{0,3}\\?(?:\"[^\"]{0,2048}|'[^']{0,2048}|[^\s\"',;|\t]{0,2048})",
    re.IGNORECASE | re.ASCII,
)
_MAIL = re.compile(r"[\w.+=-]{1,64}@[\w.-]{1,255}")


def stated_source(record: str, event: Event | None = None) -> str | None:
    """Return the only private source address of a record, in a read field or after a name such as `src`."""
    found: set[str] = set()
    if event is not None:
        foreign = event.inbound or event.forwarded or event.kind in (EventKind.LEASE, EventKind.LOGON)
        differs = event.device_ip not in (None, event.source_ip)
        if foreign or differs:
            return None
        if event.source_ip and is_internal(event.source_ip):
            found.add(event.source_ip)
    for pattern in (_KEYED, _NESTED):
        for match in pattern.finditer(record, 0, _SEARCHED_CHARS):
            address = ip_of(match["value"].rstrip(".:"))
            if address and is_internal(address):
                found.add(address)
            if len(found) > 1:
                return None
    return next((address for address in found if is_machine(address)), None)


def with_stated_source(event: Event, record: str) -> Event:
    """Add the machine that the record states, where its reader found none."""
    if event.device_ip or event.source_ip or event.device_name or event.device_mac or event.answers:
        return event
    source = stated_source(record, event)
    return event if source is None else replace(event, device_ip=source)


def own_text(text: str) -> str:
    """Return the text without values of other parties."""
    text = _OTHER_PARTIES.sub(" ", text)
    return _MAIL.sub(" ", text) if "@" in text else text
