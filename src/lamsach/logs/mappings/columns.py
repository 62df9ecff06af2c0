"""Events of records whose columns or keys are known by name (`lamsach.logs.mappings.column_names`)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from lamsach.errors import LineError
from lamsach.logs.events.ends import changed, event_between, is_internal, is_machine, own_end
from lamsach.logs.mappings.actions import ALLOWED_ABROAD, BLOCKED_ABROAD, first_action
from lamsach.logs.mappings.antivirus import hashes_in
from lamsach.logs.mappings.column_names import fields_of as fields_of
from lamsach.logs.mappings.column_names import is_contact_log as is_contact_log
from lamsach.logs.mappings.column_names import plain
from lamsach.logs.mappings.keyed_events import host_in
from lamsach.logs.text.times.loose_times import LooseTimes
from lamsach.logs.text.values import (
    among,
    answers_among,
    domain_of,
    hash_of,
    host_and_port,
    host_of_url,
    ip_of,
    mac_of,
    port_of,
    question_of,
    stated,
)
from lamsach.model import Action, Event, EventKind, LeaseAction

# C:\Users\an\a.exe   \\server\share\a.exe
_FILE_PATH = re.compile(r"[A-Za-z]:[\\/]|\\\\|file:")
# 'http://bad.example/gate' blocked due to category
_URL_IN_TEXT = re.compile(r"(?:^|[\s'\"(<])(https?://[^\s'\"<>()]{3,2000})")
# GET http://bad.example/gate HTTP/1.1
_METHOD = re.compile(r"(?:GET|POST|HEAD|PUT|OPTIONS|DELETE|PATCH|CONNECT|TRACE|PROPFIND) (?=\S)")
_WORDS = re.compile(r"[a-z]+")
# 0.020431   Wireshark and others: seconds since the first record, without a date
_SHORTEST_MOMENT = len("1/2/26 3:04")
_SINCE_START = re.compile(r"\d{1,7}\.\d{3,9}", re.ASCII)
# 12   0.5   1800 ms
_DURATION = re.compile(r"\d{1,7}(?:\.\d{1,9})?(?: ?[a-z]{1,4})?", re.ASCII | re.IGNORECASE)
_BLOCKED = BLOCKED_ABROAD | among(
    "block blocked blocks deny denied drop dropped reject rejected refused refuse reset sinkhole sinkholed "
    "prevented quarantined forbidden prevent blacklisted gravity denylist"
)
_ALLOWED = ALLOWED_ABROAD | among(
    "allow allowed accept accepted pass passed permit permitted forward forwarded success successful ok "
    "monitored detected start close established"
)
_DETECTED = frozenset({"detected", "detect"})
_RELEASED = frozenset({"release", "released", "expire", "expired", "deleted", "free", "freed", "delete"})
_RENEWED = frozenset({"renew", "renewed", "renewal"})
# -1   1029   S-1-5-21-1   1f0e6a52-1c3d-4b5a-9d8e-000000000001
IDENTIFIER = re.compile(r"(?a)-?[\d-]{1,20}|S-1-[\d-]+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NO = frozenset({"false", "0", "no", "none", "never"})
_PEOPLE, _OF_CONTACTS = frozenset({"user", "user_id"}), among("name mac hash url path domain query")
_WEB_WORDS = frozenset({"url", "path"})


Values = Mapping[str, Sequence[str]]
"""The values of each field in a record, best first."""


def event_of(values: Values, times: LooseTimes, host_is_device: bool = True) -> Event:
    """Return the event of a record.

    `host_is_device`: whether `host` names the machine, unless it is a site or an address. Raises LineError
    for an impossible time, or without any known column."""
    time = time_of(values, times)
    source_ip, source_name, source_port = _end(values, "source")
    destination_ip, destination_name, destination_port = _end(values, "destination")
    own_ips = [ip for value in _texts(values, "ip", "name") if (ip := ip_of(value.strip()))]
    host_is_device = host_is_device or (source_ip in own_ips or destination_ip in own_ips)
    host_ip, host_name, site = _host(values, host_is_device)
    own_ip = own_ips[0] if own_ips else host_ip
    if not (source_ip or destination_ip or source_name or destination_name):
        source_ip = _visitor(values, own_ip)
    elif not (source_ip or source_name) and own_ip != destination_ip:
        source_ip = own_ip
    device = own_end(source_ip, destination_ip, otherwise=own_ip)
    near = "source" if device != destination_ip or device == source_ip else "destination"
    query, url = question_of(_query_name(values)), _url(values)
    host_name, site = _split_host_and_site(host_name, site, url)
    domain = query or _domain(values) or site or destination_name
    names = [_named(values, field) for field in ("name", f"{near}_name")]
    names.append(source_name if near == "source" else None)
    event = event_between(
        (source_ip, source_port),
        (destination_ip, destination_port),
        time=time,
        kind=EventKind.OTHER,
        observer=_one(values, "observer") or (host_name if not host_is_device else None),
        device_name=next(filter(None, names), host_name if host_is_device else None),
        device_mac=_mac(values, near),
        domain=domain,
        url=url,
        otherwise=own_ip,
        **_plain_values(values),
    )
    machine = event.device_ip or event.device_name or source_ip or destination_ip
    if not (machine or domain or url or event.hashes or event.device_mac or time):
        raise LineError("The record has no known column.")
    return _finished(event, values, _optional_time(values, "lease_until", times), is_query=query is not None)


def _split_host_and_site(
    host: str | None, site: str | None, url: str | None
) -> tuple[str | None, str | None]:
    """Separate the machine in `host` from the site: the URL's host, or that of a bare path."""
    named = host_in(url) if url else None
    if named and host and named == host.lower():
        host = None
    of_path = host and "." in host and (url or "").startswith("/")
    return host, named or site or (host_in(host) if host and of_path else None)


def _visitor(values: Values, address: str | None) -> str | None:
    """Return the public address of a record that names only a user: the origin of a log-on."""
    named = values.keys().isdisjoint(_PEOPLE) or not values.keys().isdisjoint(_OF_CONTACTS)
    return None if named or not address or is_internal(address) or not is_machine(address) else address


def _mac(values: Values, near: str) -> str | None:
    """Return the hardware address of the unit's own end."""
    texts = _texts(values, "mac", *(("source_mac", "source") if near == "source" else ()), "user")
    return next((mac for text in texts if (mac := mac_of(text))), None)


def _plain_values(values: Values) -> dict[str, Any]:
    """Return the event fields that depend on no other."""
    texts = _texts(values, "hash", "details")
    nat, _, nat_port = _end(values, "nat")
    return {
        "source_nat_ip": nat,
        "source_nat_port": nat_port,
        "user": _user(values),
        "answers": answers_among(values.get("answers", ())),
        "hashes": tuple(dict.fromkeys(h for text in texts for h in hashes_in(text))) if texts else (),
        "action": _action(values, _ALLOWED, _BLOCKED),
        "inbound": "action" in values and any(text.startswith("Inbound") for text in values["action"]),
    }


def _texts(values: Values, *fields: str) -> list[str]:
    return [text for field in fields if field in values for text in values[field]]


def _finished(event: Event, values: Values, until: datetime | None, *, is_query: bool) -> Event:
    """Set the event's kind: a lease, a detection of a possibly executed file, or by its fields."""
    if "details" in values and event.action is Action.ALLOWED and _words(values) & _DETECTED:
        event = changed(event, action=Action.UNKNOWN)  # "detected" by an antivirus: it may have run
    lease = until is not None or "lease_start" in values or "lease_seconds" in values
    if lease and event.device_mac and event.device_ip:
        return _lease(event, values, until)
    return _with_kind(event, is_query)


def _query_name(values: Values) -> str | None:
    """Return the query name: the first value that is only a name, not `class IN, type A, a.example`."""
    texts = [text for value in values.get("query", ()) if (text := stated(value[:1024]))]
    return next((text for text in texts if domain_of(text)), texts[0] if texts else None)


def _user(values: Values) -> str | None:
    """Return the user: the first value that is no number, identifier or hardware address, else any."""
    stated_users = (*values.get("user", ()), *values.get("user_id", ()))
    texts = [text for value in stated_users if (text := stated(value[:1024])) and not mac_of(text)]
    return next((text for text in texts if not IDENTIFIER.fullmatch(text)), texts[0] if texts else None)


def _named(values: Values, field: str) -> str | None:
    """Return the name of an end, unless it is an address."""
    if field not in values:
        return None
    texts = (text for value in values.get(field, ()) if (text := stated(value[:1024])))
    return next((text for text in texts if not ip_of(text) and not mac_of(text)), None)


def _with_kind(event: Event, is_query: bool) -> Event:
    kind = EventKind.OTHER
    if is_query:
        kind = EventKind.DNS
    elif event.url:
        kind = EventKind.WEB
    elif event.destination_ip or (event.source_ip and event.domain):
        kind = EventKind.CONNECTION
    elif event.hashes:
        kind = EventKind.FILE
    return changed(event, kind=kind)


def _lease(event: Event, values: Values, until: datetime | None) -> Event:
    words = _words(values)
    action = LeaseAction.ASSIGNED
    if words & _RELEASED:
        action = LeaseAction.RELEASED
    elif words & _RENEWED:
        action = LeaseAction.RENEWED
    return changed(event, kind=EventKind.LEASE, action=action, lease_until=until)


def _one(values: Values, field: str) -> str | None:
    return next((text for value in values.get(field, ()) if (text := stated(value[:1024]))), None)


def _first_ip(values: Values, field: str) -> str | None:
    return next((ip for value in values.get(field, ()) if (ip := ip_of(value.strip()))), None)


def _first_port(values: Values, field: str) -> int | None:
    texts = (part for value in values.get(field, ()) for part in value.split("/", 2))  # 443/tcp https/443
    return next((port for text in texts if (port := port_of(text)) is not None), None)


def _end(values: Values, field: str) -> tuple[str | None, str | None, int | None]:
    """Return address, name and port of one end, from `a`, `a:port`, or a name."""
    address = name = None
    port = _first_port(values, f"{field}_port")
    for value in values.get(field, ()):
        text = stated(value[:400])
        if text is None or "@" in text:  # an e-mail address
            continue
        host, own_port = host_and_port(text.split(" ", 1)[0])
        if host and ip_of(host):
            address = address or host
            port = own_port if port is None else port
        elif host and not host.isdigit():
            name = name or host
            port = own_port if port is None else port
    return address or _first_ip(values, f"{field}_name"), name, port


def _host(values: Values, host_is_device: bool) -> tuple[str | None, str | None, str | None]:
    """Classify `host`: an address, a machine's name, or (with a URL) a site."""
    if "host" not in values:
        return None, None, None
    texts = [text for value in values["host"] if (text := stated(value[:1024]))]
    web = host_is_device and any(values.get(field) for field in _WEB_WORDS)
    hosts = [host_and_port(text)[0] or "" for text in texts]
    site = next((host for host in hosts if web and "." in host and not ip_of(host)), None)
    at = next((at for at, host in enumerate(hosts) if host != site or not site), None)
    if at is None:
        return None, None, site
    return (hosts[at], None, site) if ip_of(hosts[at]) else (None, texts[at], site)


def _domain(values: Values) -> str | None:
    for value in (*values.get("domain", ()), *values.get("destination_name", ())):
        host, _ = host_and_port(value.strip())
        if host and "." in host:
            return host
        inside = host_of_url(value.strip())
        if inside:
            return inside
    return None


def _url(values: Values) -> str | None:
    """Return the URL as stated; an absolute one before a path."""
    texts = [
        _METHOD.sub("", text, 1).split(" ", 1)[0] if _METHOD.match(text) else text
        for field in ("url", "path")
        for value in values.get(field, ())
        if (text := stated(value[:8192]))
    ]
    texts += [
        text
        for value in values.get("details", ())
        if (text := value.strip()[:8192]).startswith(("http://", "https://"))
    ]
    if not texts:
        matches = (_URL_IN_TEXT.search(value[:8192]) for value in _texts(values, "action", "details"))
        texts = [found[1] for found in matches if found]
    absolute = next((text for text in texts if "://" in text[:20]), None)
    plausible = (text for text in texts if ("/" in text or "." in text) and not _FILE_PATH.match(text))
    return absolute or next(plausible, None)


def _words(values: Values) -> set[str]:
    words: set[str] = set()
    for value in values.get("action", ()):
        words.add(plain(value[:64]))
        words.update(_WORDS.findall(value[:64].lower()))
    return words


def _action(values: Values, allowed: frozenset[str], blocked: frozenset[str]) -> Action:
    words = _words(values)
    stated_blocked = {plain(value[:64]) for value in values.get("blocked", ())} - {""}
    if stated_blocked and not stated_blocked <= _NO:
        return Action.BLOCKED
    if words & blocked:
        return Action.BLOCKED
    if words & allowed:
        return Action.ALLOWED
    verbs = (text for text in values.get("rule", ()) if text.isalpha())  # `rule=deny`, not its name
    found = first_action(*values.get("action", ()), *verbs)
    return Action.ALLOWED if stated_blocked and found is Action.UNKNOWN else found


def time_of(values: Values, times: LooseTimes) -> datetime | None:
    """Return the time of a record. Raises LineError for an invalid one."""
    date, clock = _one(values, "date"), _one(values, "clock")
    if date and clock:
        return times.read(f"{date} {clock}")
    texts = [
        text
        for field in ("time", "lease_start", "date", "clock")
        for value in values.get(field, ())
        if (text := stated(value)) and not (field == "clock" and len(text) < _SHORTEST_MOMENT)
    ]
    return _first_time([text for text in texts if not _SINCE_START.fullmatch(text)], times)


def _first_time(texts: Sequence[str], times: LooseTimes) -> datetime | None:
    """Return the first valid time. Raises LineError if none is, unless all are mere durations."""
    problem: LineError | None = None
    for text in texts:
        try:
            return times.read(text)
        except LineError as error:
            problem = problem or (None if _DURATION.fullmatch(text) else error)
    if problem:
        raise problem
    return None


def _optional_time(values: Values, field: str, times: LooseTimes) -> datetime | None:
    text = _one(values, field)
    try:
        return times.read(text) if text else None
    except LineError:
        return None


def is_plausible(field: str, text: str) -> bool:
    """Return whether a cell's value fits the field, to distinguish logs from tables with similar headings."""
    text = text.strip()
    if stated(text) is None:
        return True
    if field in ("source", "destination", "ip"):
        return host_and_port(text)[0] is not None or ip_of(text.split(" ", 1)[0]) is not None
    if field == "mac":
        return mac_of(text) is not None
    if field == "hash":
        return hash_of(text) is not None or "=" in text
    return True
