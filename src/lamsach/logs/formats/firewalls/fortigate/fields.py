"""Values of a FortiGate record: kind, own end, names, answers, digests, outcome, VPN session, time.

Traps: see `format.py`. Source: FortiOS, FortiWeb and FortiClient Log Message Reference.
- `utmaction` of a security profile counts before the policy's `accept`; a session that was closed or timed
  out was allowed.
- VPN sessions are event/vpn 39424 and 39947 (SSL VPN tunnel up), 39425 (down), 39943 (statistics), 37138 and
  37139 (IPsec tunnel up, down), 37141 (IPsec statistics). The address is `tunnelip`, for IPsec also
  `assignip`; 0.0.0.0 and `(null)` are none. A web session (`ssl-web`) has no tunnel address. Statistics come
  every ten minutes and prove that the session is alive.
- Clocks, the most trustworthy first: `eventtime` counts seconds, milli-, micro- or nanoseconds since 1970;
  `date` and `time` are on the firewall's own clock, with offset `tz`, where stated; `rt` and `start` are
  CEF's; `timestamp` and `itime` are FortiAnalyzer's time of receipt.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from lamsach.errors import LineError
from lamsach.logs.events.ends import Role, Way, is_internal
from lamsach.logs.mappings.actions import verdict
from lamsach.logs.mappings.keyed_events import domain_in, hashes_of, host_in
from lamsach.logs.text.key_value import Fields, first, first_ip
from lamsach.logs.text.times.timestamps import MONTHS, from_epoch, from_iso
from lamsach.logs.text.values import among, domain_of, host_of_url, ip_of
from lamsach.model import Action, EventKind, LeaseAction

_BLOCKED = among(
    "deny denied block blocked drop dropped reset reset_client reset_server drop_session clear_session "
    "redirect quarantine quarantined ban ban-ip banned violation block-message rejected reject refused "
    "discard alert_deny deny_no_log period_block"
)
_ALLOWED = among(
    "accept allow allowed pass passed passthrough pass_session permit close client-rst server-rst timeout "
    "ip-conn start monitored monitor detected detect exempt log-only logged log warning override dns "
    "pass-through analytics alert log_only"
)
_LOGGED_ON = frozenset({"success", "logon", "login", "authenticated"})
_LOGONS = among("login authentication fsso-logon auth-logon ssl-login logon negotiate")
_REFUSED = frozenset({"failed", "failure", "fail", "denied", "locked", "timeout"})


def action_of(fields: Fields) -> Action:
    """Outcome of a contact."""
    if fields.get("utmaction", "").lower() in _BLOCKED:
        return Action.BLOCKED
    action = (fields.get("action") or fields.get("act") or fields.get("status") or "").lower()
    return verdict(action in _BLOCKED, action in _ALLOWED)


def logon_action_of(fields: Fields) -> Action:
    """Result of a log-on by its `status` (CEF: `outcome`), else by its action; unknown for a `logout`."""
    done = (fields.get("action") or fields.get("act") or "").lower()
    if "logout" in done or "logoff" in done:
        return Action.UNKNOWN
    status = (fields.get("status") or fields.get("outcome") or "").lower()
    if status in _REFUSED or done.endswith(("login-fail", "auth-failure")):
        return Action.BLOCKED
    if status in _LOGGED_ON and done in _LOGONS:
        return Action.ALLOWED
    return action_of(fields)


# ui="https(192.0.2.7)"  sproc=192.0.2.7
_USER_INTERFACE = re.compile(r"(?:[\w.-]{1,32}\()?([0-9A-Fa-f:.]{2,45})\)?")
_WEB = frozenset({"webfilter", "webcontent", "urlfilter", "waf", "http", "ztna"})
_SITES = ("qname", "hostname", "http_host", "dhost", "destinationDnsDomain", "sni")
DIGESTS = ("analyticscksum", "filehash", "fileHash", "sha256", "md5", "checksum")
_OWN_ROLES = frozenset({"lan", "dmz"})
_ARRIVING = frozenset({"local", "ztna", "anomaly"})
"""Subtypes of traffic to the firewall itself."""
# msg="Login disabled from IP 203.0.113.7 for 60 seconds because of 3 bad attempts"
_DISABLED = re.compile(r"Login disabled from IP ([0-9A-Fa-f:.]{2,45}) ", re.ASCII)


def is_client(fields: Fields) -> bool:
    """Return whether FortiClient wrote the record: whose `hostname` is the machine, not the site."""
    return "fctver" in fields or fields.get("devid", "").startswith("FCT")


def interface_ip(fields: Fields) -> str | None:
    """Address of an administrator, which system events state only as `ui="https(192.0.2.7)"`."""
    for key in ("ui", "sproc"):
        match = _USER_INTERFACE.fullmatch(fields.get(key, ""))
        if match and (address := ip_of(match[1])):
            return address
    disabled = _DISABLED.search(fields.get("msg", ""))
    return ip_of(disabled[1]) if disabled else None


def types_of(fields: Fields) -> tuple[str, str]:
    """Type and subtype; CEF has both in `cat=utm:webfilter`."""
    category = fields.get("cat", "").partition(":")
    return fields.get("type") or category[0], fields.get("subtype") or category[2]


def kind_of(fields: Fields) -> EventKind:
    """Event kind of a record by its type and subtype."""
    main, sub = types_of(fields)
    if sub == "dns" or main == "dns":
        return EventKind.DNS
    if main == "event":
        return (
            EventKind.LOGON
            if sub in ("vpn", "user") or "login" in fields.get("logdesc", "")
            else EventKind.OTHER
        )
    if sub in _WEB or main in _WEB or any(fields.get(key) for key in ("url", "request", "http_url")):
        return EventKind.WEB
    if hashes_of(fields, DIGESTS):
        return EventKind.FILE
    return EventKind.TLS if sub in ("ssl", "ssh") and fields.get("hostname") else EventKind.CONNECTION


def role_and_way(
    fields: Fields, kind: EventKind, source: str | None, destination: str | None
) -> tuple[Role, Way, str | None, str | None]:
    """Decide role and direction, a session's assigned address, and the translated destination."""
    if kind is EventKind.DNS:
        return Role.SERVES_THE_UNIT, Way.UNSTATED, None, None
    main, sub = types_of(fields)
    if kind is EventKind.LOGON or (main == "event" and destination is None):
        tunnel = first_ip(fields, "tunnelip", "assignip", "assigned_ip")
        return Role.BETWEEN, Way.CALLED, tunnel, None
    inner = first_ip(fields, "tranip") or destination
    if source and inner and not is_internal(source) and not is_internal(inner):
        if fields.get("srcintfrole") in _OWN_ROLES:
            return Role.BETWEEN, Way.OUTWARD, None, inner
        inward = (
            came_in(fields.get("srcintfrole", ""), fields.get("srcintf") or fields.get("src_int", ""))
            or fields.get("dstintfrole") in _OWN_ROLES
            or sub in _ARRIVING
        )
        return Role.BETWEEN, Way.INWARD if inward else Way.UNSTATED, None, inner
    return Role.BETWEEN, Way.UNSTATED, None, inner


def came_in(role: str, interface: str) -> bool:
    """Return whether a contact came from the Internet, by its interface's role or name (`wan1`)."""
    return role == "wan" or (role in ("", "undefined") and interface.lower().startswith("wan"))


def domain_of_record(fields: Fields, destination: str | None) -> str | None:
    """DNS question, host of URL or certificate, else the resolved name of an outside address."""
    if types_of(fields)[0] == "event":
        return domain_of(fields.get("qname", ""))
    if is_client(fields):
        return domain_of(fields.get("remotename", "")) or host_in(fields.get("url", ""))
    site = domain_in(fields, _SITES) or host_of_url(fields.get("url") or fields.get("request") or "")
    if site or (destination and is_internal(destination)):
        return site
    for key in ("dstname", "dst_name", "dstip", "dst"):
        name = domain_of(fields.get(key, ""))
        if name and "." in name and ip_of(name) is None:
            return name
    return None


def answers_of(fields: Fields) -> tuple[str, ...]:
    """Addresses of a DNS answer: ipaddr="198.51.100.4, 2001:db8::4"."""
    found = (ip_of(text) for text in re.split("[,; ]+", fields.get("ipaddr", "")[:4096]))
    return tuple(dict.fromkeys(address for address in found if address))


_ACTIONS = {
    "tunnel-up": LeaseAction.ASSIGNED,
    "tunnel-stats": LeaseAction.RENEWED,
    "tunnel-down": LeaseAction.RELEASED,
}
_NO_USER = frozenset({"N/A", "n/a", "unknown"})


def session(fields: Fields) -> tuple[LeaseAction, str, str] | None:
    """Lease action, tunnel address and user of a VPN session; None for any other record."""
    action = _ACTIONS.get(fields.get("action") or fields.get("act", ""))
    if action is None:
        return None
    address = first_ip(fields, "tunnelip", "assignip", "assigned_ip")
    user = first(fields, "xauthuser", "user", "eapuser", "suser", "duser")
    if address is None or user is None or user in _NO_USER:
        return None
    return action, address, user


# tz="+0700"  tz="-03:30"  tz="UTC+7:00"  tz="GMT-8"  timezone="(GMT+7:00)Bangkok,Hanoi,Jakarta"
_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2}):?(\d{2})?")
# start=Mar 06 2025 13:38:52
_CEF_TIME = re.compile(r"([A-Z][a-z]{2}) (\d{1,2}) (\d{4}) (\d{2}:\d{2}:\d{2})")


def time_of(fields: Fields, zone: tzinfo) -> datetime | None:
    """Time of the record in UTC, None when unstated. Raises LineError for an impossible time."""
    eventtime = fields.get("eventtime", "")
    if eventtime.isdigit() and len(eventtime) >= 9:
        try:
            return from_epoch(eventtime)
        except LineError:
            pass
    zone = _offset(fields.get("tz") or fields.get("timezone")) or zone
    if "date" in fields and "time" in fields:
        return from_iso(f"{fields['date']} {fields['time']}", zone)
    for key in ("rt", "start", "timestamp", "itime", "epoch"):
        value = fields.get(key, "")
        if value.isdigit() and len(value) >= 9:
            return from_epoch(value)
        written = _CEF_TIME.fullmatch(value)
        if written and written[1] in MONTHS:
            return from_iso(f"{written[3]}-{MONTHS[written[1]]:02}-{written[2]:0>2}T{written[4]}", zone)
        if len(value) >= 19 and value[4] in "-/":
            return from_iso(value, zone)
    return None


def _offset(text: str | None) -> tzinfo | None:
    if not text:
        return None
    if text in ("UTC", "GMT", "Z"):
        return UTC
    match = _OFFSET.fullmatch(text[1:].partition(")")[0] if text[0] == "(" else text)
    if match is None:
        return None
    delta = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
    return timezone(-delta if match[1] == "-" else delta) if delta < timedelta(hours=24) else None
