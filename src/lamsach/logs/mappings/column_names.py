"""Meanings of table columns and JSON keys by name: from their words (`name_grammar`), with exceptions.

Source of the exceptions: ECS, OCSF, the field lists of common firewalls, Sysmon's and Windows' event data,
NetFlow tools, exports of antivirus consoles (Kaspersky, ESET, Bkav), headings that people write in English
and Vietnamese, and Sangfor's logs in Chinese. Traps:
- A vendor may prefix all its names: `tk_username`, `tk_url` (`without_prefix`).
- `host` and `hostname` are the site in a web log, the sensor in a shipped record, and the machine elsewhere.
- `name`, `ip`, `port`, `user`, `domain` have a meaning only at the top of a record, not deeper.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache

from lamsach.logs.mappings.name_grammar import known_word, meaning, words_of
from lamsach.logs.text.values import among, by_word

EXCEPTIONS: Mapping[str, str] = {
    "time": "rt frametimeepoch generatetime stime timeflowstartns timereceivedns "
    "flowstartmilliseconds flowstartseconds ianaflowstartmilliseconds ianaflowstartseconds "
    "firstswitched eventcreated createdat t sourcerealtimetimestamp realtimetimestamp "
    "dateandtime timeofdetection occured occurred timeofoccurrence eventoccurred ngayphathien "
    "ngaythang ngaynhiem lanphathiencuoi lanphathiendau published when created start eventfirstseen "
    "firstpacket eventsec unixsecs lastblocked reqtimesec calendartime querytime detected lastseen "
    "received generated scanned submitted lastupdate logsourcetime dnstaptimestamprfc3339ns",
    "date": "date ngay ngayghinhan eventdate logdate localdate",
    "clock": "timeofday gio clock localtime giophut",
    "source": "src remotehostip initiator attacker saddr sa srchost sourcehost sourcehostname cip source "
    "idorigh orighost ianasourceipv4address ianasourceipv6address client clienthost origin nguon maynguon "
    "cintip cltsip csip fdcip queryaddress queryip accessdeviceip agentdetectioninfoagentipv4 "
    "ipsrcsaddr",
    "source_mac": "smac clientid",
    "source_name": "shost tenclient",
    "source_port": "srcl4portid ianasourcetransportport ipport sport spt sp cport idorigp csport fdcport "
    "queryport privateport privport portprivate subjectportprotocol srcp",
    "destination": "dst responder victim dip ianadestinationipv4address ianadestinationipv6address daddr da "
    "dest destination dsthost desthost destinationhost destinationhostname sip target idresph resphost dich "
    "maydich diachiketnoi ketnoiden ketnoitoi truycaptoi truycapden cdip fdsip srvdip vip objectip "
    "originip dnsserver ipdstsaddr",
    "destination_port": "dstl4portid ianadestinationtransportport dport dpt dp idrespp congketnoi cdport "
    "sdport fdsport srvdport vport objectport originport peerportprotocol dstp",
    "rule": "rule policy",
    "nat": "nat natsrc natsip translatedsource xlatesrc modsrc srcnat newsrcip connnewsrcip ssip",
    "nat_port": "natsport transport transportsrc xlatesport modsrcport newsrcport connnewsrcport ssport",
    "ip": "sourceinfoip yiaddr ipmayclient devicelocalip interfaceip",
    "name": "hostidentifier computer workstation sourcehostnameresolved device maynhiem maytinhnhiem "
    "hostnameofdevice pcname machine endpoint asset maybinhiem maytram maytinh thietbi may 主机名 主机名称 "
    "终端名称 计算机名 accessdevicehostname devicedetaildisplayname",
    "host": "host hostname agentname hostnames tenmaychu fqdn",
    "mac": "physical chaddr callingstationid diachivatly diachivatlymac",
    "user": "csusername suser targetusername authuser tendangnhap canbo nguoisudung taikhoandangnhap "
    "accountnameofuser 用户名称 登录用户 账号 alternateid "
    "actoralternateid who",
    "user_id": "userid userids",
    "query": "requestedname dnsrequest qh queriedname queriednames truyvan tentruyvan tenmientruyvan "
    "tenmientruycap querieddomain dnsreq "
    "csdnsname",
    "domain": "extensionsservername tlstlshandshakeextensionsservername xhost cshost urlhost trangweb "
    "tenmiendochai tenmienketnoi mienketnoi dhost dstdns authority originalhost clientrequesthost "
    "blockeddomain accesseddomain maliciousdomain detecteddomain "
    "objecthostname netconndomain hostheader vhost",
    "url": "csuri link uriquery duongdan diachiweb lienket fileoriginurl originatingurl intrusionurl "
    "requestline trangwebtruycap diachitruycap downloadsite 网址 request",
    "path": "httphttprequesturi path urlpath csuristem uripath",
    "answers": "answer answers response responses dnsanswers dnsanswersdata dnsresolvedip resolvedip "
    "resolvedips queryresults rdata answerip responsedata dnsanswer dnsrdata ketquatruyvan ipphangiai traloi "
    "ip4records ip6records dnsresp resolvedto scanswer",
    "hash": "imphashes mahash giatrihash giatribam mamd5 masha1 masha256 mabamtep bammd5 bamsha256 md5值",
    "details": "description eventdescription eventdetails details detail resource object detectedobject "
    "objectname objectpath objecturi filepath filename mota motasukien tentaptin duongdanfile "
    "duongdantaptin tenfile tenphanmemdochai tenmalware chitiet noidung doituong tentep duongdantep "
    "tenvirus virus virusname threatname detectname tenmadoc 病毒名称 威胁名称 文件名",
    "action": "act disp requeststatus event policyaction ruleaction "
    "firewallruleaction status eventtype actiontaken actionperformed resultdescription threathandled "
    "patterndispositiondescription resultstatus "
    "actualaction actiontype trangthai ketqua xuly hanhdongxuly ketquaxuly tinhtrangxuly trangthaixuly "
    "phuongthucxuly bienphapxuly cachxuly hanhdongdathuchien 系统动作 处理动作 执行动作 拦截动作 "
    "mitigationstatus remediationstatus actionpretty connectionstatus "
    "xresultcodehttpstatus loginstatus securityaction eventname responseaction state",
    "blocked": "blocked isblocked webfilterblocked",
    "observer": "observer devname devicehostname sensor logsource firewall collector dvc loghost gateway "
    "thietbighinhan nguonghinhan tuonglua fw appliance exporter",
    "lease_until": "leaseexpires leaseexpiration leaseexpiry expires expiry expiration expirationtime "
    "leaseend leaseexpirytime ends leaseuntil hethan ngayhethan thoihan",
    "lease_seconds": "leasetime leaseduration leaselength",
    "lease_start": "ngaycap leasestart leasestarts leaseobtained starts",
}
"""Field: names (lower case, no accents or signs) that mean it, although their words do not show it."""
NAMES = by_word(EXCEPTIONS)
_ONLY_AT_TOP = among(
    "ip initiator attacker responder victim t ts rt sa da sp dp sip dip cip ends starts expires expiry name "
    "address host user time date domain client origin source destination target site path link "
    "login account result outcome status response responses answer question hash mac gateway device endpoint "
    "query url uri action act gio ngay nguon dich diachi duongdan event port computer eventtype request when "
    "start state vip vport csip cdip ssip csport cdport sdport ssport who fw email published detected "
    "received generated scanned submitted created blocked resource appliance asset authority srcp dstp "
    "eventname rule policy may nat"
)
_AT_ANY_DEPTH = among(
    "md5 sha1 sha256 imphash qname rrname ipaddress ipaddr username macaddress macaddr verdict disposition"
)
"""One-word names that have a meaning at any depth."""
_ONLY_FLAT = frozenset({"devicehostname", "devname"})
"""Names of another machine (FortiAnalyzer, Zscaler); `device.hostname` is its own."""
_WRAPPERS = among(
    "id data event fields source message json record result log eventdata wineventdata properties metadata"
)
_FEWEST_OF_PREFIX = 4
_NAMELESS = re.compile(r"[\W_]+")
_OF_ENDPOINTS = frozenset({"name", "source_name", "host", "ip"})
_IDENTIFYING = among("source destination ip domain destination_name query url hash mac source_mac")
_TIMES = frozenset({"time", "date", "lease_start"})


@lru_cache(maxsize=8192)
def plain(name: str) -> str:
    """Normalize a column's name to lower-case ASCII letters and digits: `Địa chỉ nguồn` is `diachinguon`."""
    return _NAMELESS.sub("", _bare(name[:100]).lower())


def _bare(name: str) -> str:
    if name.isascii():
        return name
    text = unicodedata.normalize("NFKD", name.replace("Đ", "D").replace("đ", "d"))
    return "".join(c for c in text if not unicodedata.combining(c))


@lru_cache(maxsize=8192)
def field_of(key: str) -> str | None:
    """Return the field of a column name or dotted key, from the longest known suffix."""
    parts = [part for part in _bare(key[-300:]).split(".")[-6:] if plain(part)]
    while len(parts) > 1 and plain(parts[0]) in _WRAPPERS and _known(parts[1:2]) and not _known(parts):
        parts = parts[1:]
    return next((field for at in range(len(parts)) if (field := _known(parts[at:], top=at == 0))), None)


def _known(parts: Sequence[str], *, top: bool = True) -> str | None:
    """Return the field that these parts of a key mean together; `top`: they are the whole key."""
    name = plain("".join(parts))
    field = NAMES.get(name)
    if field and not (len(parts) > 1 and name in _ONLY_FLAT):
        return field if top or name not in _ONLY_AT_TOP else None
    outer = [part.removesuffix("Id").removesuffix("_id") or part for part in parts[:-1]]  # clientId.mac
    words = [word for part in (*outer, *parts[-1:]) for word in words_of(part)]
    return meaning(words) if top or len(words) > 1 or name in _AT_ANY_DEPTH else None


def without_prefix(keys: tuple[str, ...]) -> tuple[str, ...]:
    """Strip a meaningless vendor prefix that most of a record's names have: `tk_url`."""
    firsts = [key.partition("_")[0] for key in keys if "_" in key]
    first = max(firsts, key=firsts.count, default="")
    if firsts.count(first) < _FEWEST_OF_PREFIX or 2 * firsts.count(first) < len(keys) or known_word(first):
        return keys
    return tuple(key.removeprefix(f"{first}_") for key in keys)


# 2026-11-20 03:00:00   20/11/2026 3:00:00.123   but no offset, no `PM`, no number
_ENDS_WITH_CLOCK = re.compile(r".{6,40}\d{1,2}:\d{2}:\d{2}(?:[.,]\d{1,9})?", re.ASCII)


def in_utc(name: str, text: str) -> str:
    """Append the zone to a time whose column name states it (Sysmon's `UtcTime`)."""
    return f"{text}Z" if "utc" in plain(name) and _ENDS_WITH_CLOCK.fullmatch(text) else text


@lru_cache(maxsize=64)
def contextual_meanings(plain_names: frozenset[str]) -> Mapping[str, str]:
    """Return the meanings that names have in the context of other names."""
    found: dict[str, str] = {}
    for all_of, any_of, fields in _CONTEXTS:
        if all_of <= plain_names and (not any_of or not any_of.isdisjoint(plain_names)):
            found = {**fields, **found}
    if (
        not _REMOTE.isdisjoint(plain_names)
        and _METHODS & plain_names
        and _STATUSES & plain_names
        and not _NEAR & plain_names
    ):
        found |= _OF_SERVERS
    return found


FIREWALL_COLUMNS = among(
    "sourcezone natsourceip threatcontenttype sourceinterface srcintf virtualsystem virtualdomain"
)
"""Columns that only a firewall's table has."""
_SOURCES = among("src srcip sourceip sourceaddress clientip")
_FAR_ENDS = among("dst dstip dstaddr destip destinationip destination")
_OF_REQUESTS = {
    "requestedhost": "domain",
    "requestedpath": "path",
    "requesttimestampepoch": "time",
    "userid": "-",
}
_CONTEXTS: tuple[tuple[AbstractSet[str], AbstractSet[str], Mapping[str, str]], ...] = (
    # Zscaler: the user's machine, the site, and the internal address
    (frozenset({"deviceowner"}), frozenset(), {"devicehostname": "name"}),
    (frozenset({"deviceowner", "cintip"}), frozenset(), {"cintip": "ip", "hostname": "domain"}),
    # Skyhigh: the address after translation
    (frozenset({"requestedhost"}), frozenset(), _OF_REQUESTS),
    (frozenset({"requestedhost", "clientip"}), frozenset(), {"clientip": "source", "sourceip": "nat"}),
    # wireless networks: what joined an access point
    (frozenset(), frozenset({"ssid", "apmac", "bssid"}), {"hostname": "name"}),
    # Netskope: {"userip":"192.0.2.5","srcip":"198.51.100.20","hostname":"PC-1","device":"Windows Device"
    (frozenset({"userip", "srcip"}), frozenset(), {"hostname": "name", "device": "-"}),
    # Untangle; Sophos Central's API: {"endpoint_id":"5","dhost":"PC-1"
    (frozenset({"cclientaddr"}), frozenset(), {"hostname": "name", "sclientaddr": "nat",
        "sclientport": "nat_port", "sserveraddr": "destination", "sserverport": "destination_port"}),
    (frozenset({"dhost", "endpointid"}), frozenset(), {"dhost": "name"}),
    # FortiAnalyzer, Panorama
    (frozenset({"devicename"}), FIREWALL_COLUMNS, {"devicename": "observer"}),
    # Check Point: the gateway that wrote the record
    (frozenset({"origin"}), _SOURCES, {"origin": "observer"}),
    # W3C: client (c-) and server (s-) columns
    (frozenset({"cip"}), frozenset({"sip", "sport"}), {"sip": "destination", "sport": "destination_port",
        "scomputername": "observer"}),
    (frozenset({"dip"}), frozenset(), {"sip": "source"}),
    # Symantec: Local Host IP: 192.0.2.5,Remote Host IP: 203.0.113.7
    (frozenset({"localhostip"}), frozenset(), {"remotehostip": "destination"}),
    (frozenset({"client", "server"}), frozenset(), {"server": "destination"}),
    # {"fqdn":"a.example","qtype":"A"
    (frozenset({"fqdn"}), among("questiontype querytype qtype recordtype rrtype"), {"fqdn": "query"}),
    (frozenset({"fqdn"}), _FAR_ENDS | {"destinationport"}, {"fqdn": "domain"}),
    # NetScreen: src-xlated ip=198.51.100.2 port=1024     Huawei's URL filter: Page="/a", Host="www.example"
    (frozenset({"srcxlatedip", "port"}), frozenset(), {"port": "nat_port"}),
    (frozenset({"host", "page"}), frozenset(), {"host": "domain", "page": "path"}),
    # Shadowserver: ip,port,hostname,...,dst_ip,dst_port
    (frozenset({"ip", "port"}), among("dstport destport"), {"port": "source_port"}),
    (frozenset({"maychu"}), among("ipkhach ipnguon clientip sourceip"), {"maychu": "destination"}),
    (frozenset({"port"}), _FAR_ENDS, {"port": "destination_port"}),
    (frozenset({"protocolport"}), _FAR_ENDS, {"protocolport": "destination_port"}),
    (frozenset({"cong"}), among("dich ipdich diachidich maydich diachiketnoi ketnoiden ketnoitoi truycaptoi"),
        {"cong": "destination_port"}),
    # PowerDNS: {"from":"192.0.2.5","fromPort":51022,"to":"192.0.2.53","toPort":53
    (frozenset({"from", "fromport"}), frozenset(), {"from": "source", "to": "destination"}),
    # CoreDNS: {"remote":"192.0.2.5","port":"51022","name":"a.example.","rcode":
    (frozenset({"remote", "rcode"}), frozenset(), {"remote": "source", "port": "source_port", "name": "query",
        "server": "observer"}),
)  # fmt: skip
"""All of the first names and any of the second must be present for the meanings; first match wins."""
_REMOTE = among("remoteip remoteaddr remoteaddress remotehost")
_METHODS = among("method requestmethod httpmethod verb")
_STATUSES = among("status statuscode httpstatus httpstatuscode responsecode uri requesturi")
_NEAR = _SOURCES | among("localip localaddress localaddr localport sourceaddr srcaddr saddr")
_OF_SERVERS = {**dict.fromkeys(_REMOTE, "source"), "remoteport": "source_port"}
"""In a server's log the remote end is the client."""
CONTEXT_NAMES = frozenset(
    {"ipaddress", "sourcetype"}.union(
        _REMOTE, _METHODS, _STATUSES, _NEAR, *(all_of | any_of for all_of, any_of, _ in _CONTEXTS)
    )
)
"""Names whose presence changes the meaning of others."""


def fields_of(names: Sequence[str]) -> list[str | None]:
    """Return the fields of a table's columns.

    A column `time` after `date` is the time of day; `origin` with a source is the gateway that wrote the row
    (Check Point); `name` next to a hardware address is the machine's."""
    names = without_prefix(tuple(names))
    plain_names = [plain(name) for name in names]
    others = contextual_meanings(frozenset(plain_names))
    fields = [others.get(n) or field_of(name) for n, name in zip(plain_names, names, strict=True)]
    if "date" in fields:
        fields = [
            "clock" if f == "time" and n in ("time", "thoigian") else f
            for f, n in zip(fields, plain_names, strict=True)
        ]
    if any(f == "time" and n not in LATE_TIMES for f, n in zip(fields, plain_names, strict=True)):
        fields = [None if n in LATE_TIMES else f for f, n in zip(fields, plain_names, strict=True)]
    if "origin" in plain_names and fields.count("source") > plain_names.count("origin"):
        fields = ["observer" if n == "origin" else f for f, n in zip(fields, plain_names, strict=True)]
    if "mac" in fields and "name" not in fields:
        fields = ["name" if n == "name" else f for f, n in zip(fields, plain_names, strict=True)]
    return fields


LATE_TIMES = among("received receivedtime receivetime createdat lastseen lastupdate lastblocked updated")
"""Times after the event, which count only when there is no other."""


def is_contact_log(fields: Iterable[str | None]) -> bool:
    """Return whether these fields form a log: a machine or name, and one more known column."""
    known = {field for field in fields if field}
    return len(known) >= 2 and bool(known & _IDENTIFYING)


def is_detection_log(fields: Iterable[str | None]) -> bool:
    """Return whether these fields form an antivirus export: machine, detection, and time."""
    known = {field for field in fields if field}
    return bool(known & _OF_ENDPOINTS) and "details" in known and bool(known & _TIMES)


def has_time(fields: Iterable[str | None]) -> bool:
    """Return whether one of the fields is a time."""
    return any(field in _TIMES for field in fields)
