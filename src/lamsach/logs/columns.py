"""What the columns of a table, or the keys of a JSON record, mean by their names, in English and Vietnamese.

Source of the names: ECS, OCSF, the field lists of the common firewalls, Sysmon's and Windows' event data, NetFlow tools, and what
people write above the columns of a sheet. Traps:
- `host` and `hostname` are the site in a web log, the sensor in a shipped record, and the machine elsewhere.
- `name`, `ip`, `port`, `user`, `domain` mean something only at the top of a record; deeper they belong to anything.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from lamsach.errors import LineError
from lamsach.logs.direction import own_side
from lamsach.logs.loose_times import LooseTimes
from lamsach.logs.values import (
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

FIELDS: Mapping[str, str] = {
    "time": "timestamp datetime time eventtime timegenerated timecreated systemtime timelocal utctime logtime receivetime receivedtime"
    " generatetime generatedtime starttime startdate firstseen firstswitched datefirstseen eventcreated eventstart timestart ts t sourcerealtimetimestamp realtimetimestamp"
    " dateandtime datetimeutc ngaygio thoigian thoidiem thoigianghinhan thoigianbatdau ngaythang",
    "date": "date ngay eventdate logdate localdate ngayghinhan",
    "clock": "timeofday gio clock localtime giophut",
    "source": "src srcip sourceip sourceaddress srcaddr srcaddress sourceaddr saddr ipsrc sa srchost sourcehost sourcehostname clientip"
    " clientaddress clientaddr cip source ipsource internalip localip localaddress callingip remotehostip"
    " idorigh orighost srcipv4 srcipaddress sourceipaddress sourceipv4address ipv4srcaddr ipv6srcaddr sourceipv6address"
    " flowsrcip srcipv6 client clienthost origin attackerip srcendpointip"
    " diachinguon ipnguon nguon diachiipnguon maynguon diachimaytram ipmaytram",
    "source_port": "ipport srcport sourceport sport spt sp clientport cport localport idorigp l4srcport sourcetransportport srcendpointport"
    " congnguon",
    "destination": "dst dstip destinationip destinationaddress dstaddr dstaddress destinationaddr destaddr daddr ipdst da dest destip"
    " destaddress destination dsthost desthost destinationhost destinationhostname serverip serveraddress serveraddr sip remoteip"
    " remoteaddress target targetip idresph resphost dstipv4 dstipaddress destinationipaddress destinationipv4address"
    " ipv4dstaddr ipv6dstaddr destinationipv6address dstipv6 externalip dstendpointip"
    " diachidich ipdich dich diachiipdich maydich diachiketnoi ketnoiden",
    "destination_port": "dstport destinationport destport dport dpt dp serverport remoteport targetport idrespp l4dstport"
    " destinationtransportport dstendpointport congdich congketnoi",
    "nat": "natsrc natsourceip natsrcip natsourceaddress sourcenatip sourcetranslatedaddress translatedsource transip xlatesrc"
    " natsourceaddr postnatsourceipv4address srcnatip",
    "nat_port": "natsourceport natsrcport natsport sourcenatport sourcetranslatedport transport transportsrc xlatesport"
    " postnaptsourcetransportport",
    "ip": "ip ipaddress ipaddr address hostip deviceip endpointip leasedip assignedip assignedaddr assignedaddress ipdevice"
    " agentip machineip computerip diachiip diachi ipmay ipthietbi yiaddr",
    "name": "devicename machinename computername computer workstation workstationname clienthostname sourcehostnameresolved endpointname"
    " srcname hostnameofdevice pcname srccomputer clientname endpoint"
    " tenmay tenmaytinh tenthietbi maytram maytinh thietbi tenmaytram",
    "host": "host hostname agentname hostnames dnshostname tenmaychu fqdn",
    "mac": "mac macaddress macaddr clientmac srcmac sourcemac devicemac hwaddress hardwareaddress ethernetaddress chaddr"
    " clientmacaddress callingstationid diachimac macnguon physicaladdress",
    "user": "user username userid account accountname srcuser sourceuser sourceusername suser usr login loginname targetusername"
    " subjectusername authuser clientusername usrname nguoidung taikhoan tendangnhap tennguoidung canbo",
    "query": "query dnsquery queryname dnsquestionname questionname qname rrname dnsname requestedname dnsrequest question qh"
    " querydomain queriedname queriednames dnsqueryname dnsrrname truyvan tentruyvan tenmientruyvan",
    "domain": "domain domainname destinationdomain dstdomain urldomain sni servername tlssni tlsclientservername desthostname dsthostname"
    " site website requesthost httphost xhost cshost webhost requesteddomain urlhost remotehost destinationname"
    " tenmien trangweb",
    "url": "url uri requesturl httpurl fullurl urlfull urloriginal requesturi csuri link uriquery requestedurl httprequesturl"
    " httpuri duongdan diachiweb lienket",
    "path": "path urlpath requestpath csuristem httppath uripath",
    "answers": "answer answers response responses dnsanswers dnsanswersdata dnsresolvedip resolvedip resolvedips queryresults rdata answerip"
    " responsedata dnsanswer dnsrdata ketquatruyvan ipphangiai traloi",
    "hash": "md5 sha1 sha256 hash hashes filehash filemd5 filesha1 filesha256 filehashmd5 filehashsha1 filehashsha256 hashmd5"
    " hashsha1 hashsha256 processhashmd5 processhashsha1 processhashsha256 md5hash sha256hash sha1hash imphashes mabam",
    "action": "action act eventaction deviceaction disposition verdict decision policyaction ruleaction result outcome eventoutcome"
    " firewallaction status eventtype hanhdong trangthai ketqua xuly",
    "observer": "observer observername observerhostname devname devicehostname sensor sensorname logsource firewall firewallname collector"
    " dvc dvchost reportinghost loghost gateway gatewayname thietbighinhan nguonghinhan tuonglua",
    "lease_until": "leaseexpires leaseexpiration leaseexpiry expires expiry expiration expirationtime leaseend leaseexpirytime ends"
    " leaseuntil hethan ngayhethan thoihan",
    "lease_seconds": "leasetime leaseduration leaselength",
    "lease_start": "leasestart leasestarts leaseobtained starts",
}
"""Field: the names (lower case, letters and digits only, no accents) that mean it."""
NAMES: Mapping[str, str] = {name: field for field, names in FIELDS.items() for name in names.split()}
_ONLY_AT_TOP = frozenset(
    [
        "ip",
        "t",
        "ts",
        "sa",
        "da",
        "sp",
        "dp",
        "sip",
        "cip",
        "ends",
        "starts",
        "expires",
        "expiry",
        "name",
        "address",
        "host",
        "hostname",
        "user",
        "time",
        "date",
        "domain",
        "client",
        "origin",
        "source",
        "destination",
        "target",
        "site",
        "path",
        "link",
        "login",
        "account",
        "result",
        "outcome",
        "status",
        "response",
        "responses",
        "answer",
        "question",
        "hash",
        "mac",
        "gateway",
        "device",
        "endpoint",
        "query",
        "url",
        "uri",
        "action",
        "act",
        "gio",
        "ngay",
        "nguon",
        "dich",
        "diachi",
        "duongdan",
        "event",
        "port",
        "computer",
        "login",
        "eventtype",
    ]
)
_WRAPPERS = frozenset(
    {
        "data",
        "event",
        "fields",
        "source",
        "message",
        "json",
        "record",
        "result",
        "log",
        "eventdata",
        "wineventdata",
    }
)
_NAMELESS = re.compile(r"[\W_]+")
_IDENTIFYING = frozenset({"source", "destination", "ip", "domain", "query", "url", "hash", "mac"})
_TIMES = frozenset({"time", "date", "lease_start"})
_HASHES = re.compile(r"(?<![0-9A-Za-z])(?:[0-9A-Fa-f]{64}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{32})(?![0-9A-Za-z])")
_ANSWER_SPLIT = re.compile(r"[;,|\s]+")
_WORDS = re.compile(r"[a-z]+")
_BLOCKED = frozenset(
    [
        "block",
        "blocked",
        "blocks",
        "deny",
        "denied",
        "drop",
        "dropped",
        "reject",
        "rejected",
        "refused",
        "refuse",
        "reset",
        "sinkhole",
        "sinkholed",
        "prevented",
        "quarantined",
        "forbidden",
        "chan",
        "cam",
        "tuchoi",
        "dachan",
        "bichan",
        "prevent",
        "blacklisted",
    ]
)
_ALLOWED = frozenset(
    [
        "allow",
        "allowed",
        "accept",
        "accepted",
        "pass",
        "passed",
        "permit",
        "permitted",
        "forward",
        "forwarded",
        "success",
        "successful",
        "ok",
        "monitored",
        "detected",
        "chophep",
        "duocphep",
        "thanhcong",
        "start",
        "close",
        "established",
    ]
)
_RELEASED = frozenset({"release", "released", "expire", "expired", "deleted", "free", "freed", "delete"})
_RENEWED = frozenset({"renew", "renewed", "renewal"})
_WEB_WORDS = frozenset({"url", "path"})


@lru_cache(maxsize=8192)
def plain(name: str) -> str:
    """A column's name in lower-case letters and digits, without accents: `Địa chỉ nguồn` is `diachinguon`."""
    text = unicodedata.normalize("NFKD", name[:100].replace("Đ", "D").replace("đ", "d"))
    return _NAMELESS.sub("", "".join(c for c in text if not unicodedata.combining(c)).lower())


@lru_cache(maxsize=8192)
def field_of(key: str) -> str | None:
    """The field that a column's name or a dotted key means: the longest run of its last parts that is known."""
    parts = [part for part in map(plain, key.split(".")[-6:]) if part]
    while (
        parts
        and parts[0] in _WRAPPERS
        and len(parts) > 1
        and parts[1] in NAMES
        and "".join(parts) not in NAMES
    ):
        parts = parts[1:]
    for start in range(len(parts)):
        name = "".join(parts[start:])
        field = NAMES.get(name)
        if field and (start == 0 or name not in _ONLY_AT_TOP):
            return field
    return None


def fields_of(names: Sequence[str]) -> list[str | None]:
    """The fields of a table's columns. With `date` and a second column `time`, the latter is the time of day."""
    fields = [field_of(name) for name in names]
    if "date" in fields:
        fields = [
            "clock" if f == "time" and plain(n) in ("time", "thoigian") else f
            for f, n in zip(fields, names, strict=True)
        ]
    return fields


def tells_of_contacts(fields: Iterable[str | None]) -> bool:
    """Whether columns of these fields make a log: a machine or a name in it, and one more known column."""
    known = {field for field in fields if field}
    return len(known) >= 2 and bool(known & _IDENTIFYING)


def tells_time(fields: Iterable[str | None]) -> bool:
    """Whether one of the columns is a time."""
    return any(field in _TIMES for field in fields)


Values = Mapping[str, Sequence[str]]
"""Field: the values that a record has for it, the best first."""


def event_of(values: Values, times: LooseTimes, host_is_device: bool = True) -> Event:
    """The event of a record. `host_is_device`: whether `host` names the machine, when it does not name a site or an address.

    Raises LineError when the record has a time that cannot be, or nothing at all that is known.
    """
    time = _time(values, times)
    source_ip, source_name, source_port = _end(values, "source", "source_port")
    destination_ip, destination_name, destination_port = _end(values, "destination", "destination_port")
    host_ip, host_name, site = _host(values, host_is_device)
    own = _first_ip(values, "ip") or host_ip
    query, url = question_of(_one(values, "query")), _url(values)
    domain = query or _domain(values) or (host_of_url(url) if url else None) or site or destination_name
    mac = next((mac for text in values.get("mac", ()) if (mac := mac_of(text))), None)
    hashes = tuple(
        dict.fromkeys(h.lower() for text in values.get("hash", ()) for h in _HASHES.findall(text[:4096]))
    )
    until = _optional_time(values, "lease_until", times)
    event = Event(
        time=time,
        observer=_one(values, "observer") or (host_name if not host_is_device else None),
        source_ip=source_ip,
        source_port=source_port,
        destination_ip=destination_ip,
        destination_port=destination_port,
        source_nat_ip=_first_ip(values, "nat"),
        source_nat_port=_first_port(values, "nat_port"),
        device_ip=(own_side(source_ip, destination_ip) if source_ip or destination_ip else None) or own,
        device_name=_one(values, "name") or source_name or (host_name if host_is_device else None),
        device_mac=mac,
        user=_one(values, "user"),
        domain=domain,
        url=url,
        answers=_answers(values),
        hashes=hashes,
        action=_action(values, _ALLOWED, _BLOCKED),
    )
    lease = until is not None or "lease_start" in values or "lease_seconds" in values
    if lease and mac and event.device_ip:
        return _lease(event, values, until)
    if not any((event.device_ip, source_ip, destination_ip, domain, url, hashes, mac, time)):
        raise LineError("The record has no known column.")
    return _with_kind(event, query is not None)


def _with_kind(event: Event, asked: bool) -> Event:
    kind = EventKind.OTHER
    if asked:
        kind = EventKind.DNS
    elif event.url:
        kind = EventKind.WEB
    elif event.destination_ip or (event.source_ip and event.domain):
        kind = EventKind.CONNECTION
    elif event.hashes:
        kind = EventKind.FILE
    return replace(event, kind=kind)


def _lease(event: Event, values: Values, until: datetime | None) -> Event:
    words = _words(values)
    action = LeaseAction.ASSIGNED
    if words & _RELEASED:
        action = LeaseAction.RELEASED
    elif words & _RENEWED:
        action = LeaseAction.RENEWED
    return replace(event, kind=EventKind.LEASE, action=action, lease_until=until)


def _one(values: Values, field: str) -> str | None:
    return next((text for value in values.get(field, ()) if (text := stated(value[:1024]))), None)


def _first_ip(values: Values, field: str) -> str | None:
    return next((ip for value in values.get(field, ()) if (ip := ip_of(value.strip()))), None)


def _first_port(values: Values, field: str) -> int | None:
    return next((port for value in values.get(field, ()) if (port := port_of(value)) is not None), None)


def _end(values: Values, field: str, port_field: str) -> tuple[str | None, str | None, int | None]:
    """Address, name and port of one end of a connection, from `a`, `a:port`, or a name."""
    address = name = None
    port = _first_port(values, port_field)
    for value in values.get(field, ()):
        text = stated(value[:400])
        if text is None:
            continue
        host, own_port = host_and_port(text.split(" ", 1)[0])
        if host and ip_of(host):
            address = address or host
            port = own_port if port is None else port
        elif host and not host.isdigit():
            name = name or host
            port = own_port if port is None else port
    return address, name, port


def _host(values: Values, host_is_device: bool) -> tuple[str | None, str | None, str | None]:
    """What `host` is: an address, a machine's name, or (beside a URL) a site."""
    text = _one(values, "host")
    if text is None:
        return None, None, None
    host, _ = host_and_port(text)
    if host and ip_of(host):
        return host, None, None
    if host_is_device and any(values.get(field) for field in _WEB_WORDS) and host and "." in host:
        return None, None, host
    return None, text, None


def _domain(values: Values) -> str | None:
    for value in values.get("domain", ()):
        host, _ = host_and_port(value.strip())
        if host and "." in host:
            return host
        inside = host_of_url(value.strip())
        if inside:
            return inside
    return None


def _url(values: Values) -> str | None:
    """The URL as the log states it; an absolute one before a path."""
    texts = [
        text for field in ("url", "path") for value in values.get(field, ()) if (text := stated(value[:8192]))
    ]
    absolute = next((text for text in texts if "://" in text[:20]), None)
    plausible = (text for text in texts if "/" in text or "." in text)
    return absolute or next(plausible, None)


def _answers(values: Values) -> tuple[str, ...]:
    """Addresses and names in a list or in text such as Sysmon's `type:  5 a.example;::ffff:192.0.2.7;`."""
    found: dict[str, None] = {}
    for value in values.get("answers", ()):
        for word in _ANSWER_SPLIT.split(value[:8192]):
            answer = ip_of(word) or (domain_of(word) if "." in word else None)
            if answer:
                found.setdefault(answer)
    return tuple(found)


def _words(values: Values) -> set[str]:
    words: set[str] = set()
    for value in values.get("action", ()):
        words.add(plain(value[:64]))
        words.update(_WORDS.findall(value[:64].lower()))
    return words


def _action(values: Values, allowed: frozenset[str], blocked: frozenset[str]) -> Action:
    words = _words(values)
    if words & blocked:
        return Action.BLOCKED
    return Action.ALLOWED if words & allowed else Action.UNKNOWN


def _time(values: Values, times: LooseTimes) -> datetime | None:
    date, clock = _one(values, "date"), _one(values, "clock")
    if date and clock:
        return times.read(f"{date} {clock}")
    for field in ("time", "lease_start", "date"):
        for value in values.get(field, ()):
            text = stated(value)
            if text:
                return times.read(text)
    return None


def _optional_time(values: Values, field: str, times: LooseTimes) -> datetime | None:
    text = _one(values, field)
    try:
        return times.read(text) if text else None
    except LineError:
        return None


def is_plausible(field: str, text: str) -> bool:
    """Whether a table's cell can be of this field; used to tell a log from another table with similar headings."""
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
