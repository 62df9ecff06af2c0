"""What the columns of a table, or the keys of a JSON record, mean by their names, in English and Vietnamese, and of Sangfor's logs in Chinese.

Source of the names: ECS, OCSF, the field lists of the common firewalls, Sysmon's and Windows' event data, NetFlow tools, the exports of antivirus
consoles (Kaspersky, ESET, Bkav), and what people write above the columns of a sheet. Traps:
- `host` and `hostname` are the site in a web log, the sensor in a shipped record, and the machine elsewhere.
- `name`, `ip`, `port`, `user`, `domain` mean something only at the top of a record; deeper they belong to anything.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterable, Mapping, Sequence
from functools import lru_cache

FIELDS: Mapping[str, str] = {
    "time": "frametimeepoch timestamp datetime time creationtime creationdate eventtime timegenerated timecreated systemtime timelocal utctime logtime receivetime receivedtime"
    " generatetime generatedtime starttime stime flowstart flowstarttime timeflowstart timeflowstartns timereceived timereceivedns timestampstart recvtime flowstartmilliseconds flowstartseconds ianaflowstartmilliseconds ianaflowstartseconds startdate firstseen firstswitched datefirstseen eventcreated createdat eventstart timestart querytimestamp createddatetime unixtime ts t sourcerealtimetimestamp realtimetimestamp"
    " dateandtime datetimeutc detectiontime detectedtime timeofdetection occured occurred timeofoccurrence eventoccurred detectiondate"
    " thoigianphathien thoigianxayra thoigiannhiem thoigianquet ngayphathien ngaygio thoigian thoidiem thoigianghinhan thoigianbatdau ngaythang"
    " thoigianketnoi ngaynhiem lanphathiencuoi lanphathiendau thoidiemphathien thoigiandietvirus"
    " 时间 发生时间 日志时间 记录时间 攻击时间",
    "date": "date ngay eventdate logdate localdate ngayghinhan",
    "clock": "timeofday gio clock localtime giophut",
    "source": "ipipsrc ipv6ipv6src src srcip sourceip sourceaddress srcaddr srcaddress sourceaddr saddr ipsrc sa srchost sourcehost sourcehostname clientip"
    " clientaddress clientaddr cip source ipsource internalip localip localaddress callingip remotehostip"
    " idorigh orighost srcipv4 srcipaddress sourceipaddress sourceipv4address ipv4srcaddr ipv6srcaddr sourceipv6address ianasourceipv4address ianasourceipv6address"
    " flowsrcip srcipv6 srcipaddr ipclient client clienthost origin attackerip srcendpointip"
    " localaddressip4 localaddressip6 diachinguon ipnguon nguon diachiipnguon maynguon diachimaytram ipmaytram"
    " 源ip 源地址 源ip地址 源主机ip 内网ip 主机ip 攻击源ip 客户端ip",
    "source_port": "tcptcpsrcport udpudpsrcport portsrc srcl4portid ianasourcetransportport localaddressport ipport srcport sourceport sport spt sp clientport cport localport idorigp l4srcport sourcetransportport srcendpointport"
    " congnguon"
    " 源端口",
    "destination": "ipipdst ipv6ipv6dst dst dip ianadestinationipv4address ianadestinationipv6address dstip destinationip destinationaddress dstaddr dstaddress destinationaddr destaddr daddr ipdst da dest destip"
    " destaddress destination dsthost desthost destinationhost destinationhostname serverip serveraddress serveraddr sip remoteip"
    " remoteaddress target targetip idresph resphost dstipv4 dstipaddress destinationipaddress destinationipv4address"
    " ipv4dstaddr ipv6dstaddr destinationipv6address dstipv6 dstipaddr externalip dstendpointip"
    " remoteaddressip4 remoteaddressip6 diachidich ipdich dich diachiipdich maydich diachiketnoi ketnoiden"
    " 目的ip 目标ip 目的地址 目标地址 目的ip地址 服务器ip",
    "destination_port": "tcptcpdstport udpudpdstport portdst dstl4portid ianadestinationtransportport dstport destinationport destport dport dpt dp serverport remoteport targetport idrespp l4dstport"
    " destinationtransportport dstendpointport congdich congketnoi"
    " 目的端口 目标端口",
    "nat": "natsrc natsourceip natsrcip natsourceaddress sourcenatip sourcetranslatedaddress translatedsource transip xlatesrc"
    " natsourceaddr postnatsourceipv4address srcnatip natip nataddress translatedip translatedaddress xlateip xlatedip snatip postnatip publicip publicaddress natsrcipaddr natsrcipaddress sourcenatipaddress srcnatipaddr"
    " modsrc 转换后的ip 转换后ip 转换后源ip 转换后的源ip nat后ip",
    "nat_port": "natsourceport natsrcport natsport sourcenatport sourcetranslatedport transport transportsrc xlatesport natport translatedport xlateport xlatedport snatport postnatport publicport srcnatport"
    " postnaptsourcetransportport modsrcport"
    " 转换后的端口 转换后端口 转换后源端口 转换后的源端口",
    "ip": "ip ipaddress ipaddr address hostip deviceip endpointip leasedip assignedip assignedaddr assignedaddress ipdevice"
    " agentip userip sourceinfoip machineip computerip diachiip diachi ipmay ipthietbi yiaddr"
    " diachiipmaytram diachiipmay diachiipmaytinh diachiipthietbi ipmaytinh ipmaynhiem diachiipmaynhiem ipmayclient",
    "name": "hostidentifier srcendpointhostname devicename machinename computername computer workstation workstationname clienthostname sourcehostnameresolved endpointname"
    " device clientdevice managedcomputer infectedcomputer tenmaynhiem maynhiem maytinhnhiem tenclient"
    " srcname hostnameofdevice pcname srccomputer clientname endpoint"
    " tenmay tenmaytinh tenmaybinhiem maybinhiem tenthietbi maytram maytinh thietbi tenmaytram"
    " 主机名 主机名称 终端名称 计算机名",
    "host": "host hostname agentname hostnames dnshostname tenmaychu fqdn",
    "mac": "mac macaddress macaddr clientmac srcmac sourcemac devicemac hwaddress hardwareaddress ethernetaddress chaddr"
    " clientmacaddress callingstationid diachimac macnguon physicaladdress"
    " mac地址 源mac 源mac地址",
    "user": "user csusername username userid account accountname srcuser sourceuser sourceusername suser usr login loginname targetusername"
    " subjectusername authuser clientusername usrname nguoidung taikhoan tendangnhap tennguoidung canbo nguoisudung taikhoandangnhap accountnameofuser accountupn initiatingprocessaccountname initiatingprocessaccountupn"
    " 用户 用户名 用户名称 登录用户 账号",
    "query": "dnsqryname dnsdnsqryname query dnsquery queryname dnsquestionname questionname qname rrname dnsname requestedname dnsrequest question qh queryhostname"
    " dnsquerystring querydomain queriedname queriednames dnsqueryname dnsrrname truyvan tentruyvan tenmientruyvan",
    "domain": "extensionsservername tlstlshandshakeextensionsservername httphttphost domain domainname destinationdomain dstdomain urldomain sni servername tlssni tlsclientservername desthostname dsthostname dstendpointhostname"
    " site website requesthost httphost xhost cshost webhost requesteddomain urlhost remotehost destinationname"
    " tenmien trangweb webdomain tenmiendochai tenmienketnoi tenmiendich mienketnoi"
    " 域名",
    "url": "url uri requesturl httpurl fullurl urlfull urloriginal requesturi csuri link uriquery requestedurl httprequesturl"
    " httpuri duongdan diachiweb lienket remoteurl fileoriginurl originatingurl intrusionurl downloadsite"
    " 网址 url地址 访问url",
    "path": "httphttprequesturi path urlpath requestpath csuristem httppath uripath",
    "answers": "answer answers response responses dnsanswers dnsanswersdata dnsresolvedip resolvedip resolvedips queryresults rdata answerip"
    " responsedata dnsanswer dnsrdata ketquatruyvan ipphangiai traloi",
    "hash": "md5 sha1 sha256 hash hashes md5after sha1after sha256after filehash filemd5 filesha1 filesha256 filehashmd5 filehashsha1 filehashsha256 hashmd5"
    " hashsha1 hashsha256 appsha256 processhashmd5 processhashsha1 processhashsha256 md5hash sha256hash sha1hash imphashes mabam mahash giatrihash giatribam mamd5 masha1 masha256 mabamtep hashfile bammd5 bamsha256 applicationhash initiatingprocesssha256 initiatingprocesssha1 initiatingprocessmd5"
    " 文件md5 md5值",
    "details": "description eventdescription eventdetails details detail object detectedobject objectname objectpath objecturi filepath filename"
    " mota motasukien tentaptin duongdanfile duongdantaptin tenfile tenphanmemdochai tenmalware chitiet noidung doituong tentep duongdantep tenvirus virus virusname threatname detectname tenmadoc"
    " 病毒名称 威胁名称 文件名",
    "action": "action act disp requeststatus event eventaction deviceaction disposition verdict decision policyaction ruleaction result outcome eventoutcome"
    " firewallaction firewallruleaction status eventtype actiontaken actionperformed resultdescription threathandled actualaction actiontype"
    " hanhdong trangthai ketqua xuly hanhdongxuly ketquaxuly tinhtrangxuly trangthaixuly phuongthucxuly bienphapxuly cachxuly hanhdongdathuchien"
    " 动作 系统动作 处理动作 执行动作 拦截动作",
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
        "dip",
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
        "properties",
    }
)
_NAMELESS = re.compile(r"[\W_]+")
_OF_ENDPOINTS = frozenset({"name", "host", "ip"})
_IDENTIFYING = frozenset({"source", "destination", "ip", "domain", "query", "url", "hash", "mac"})
_TIMES = frozenset({"time", "date", "lease_start"})


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


# 2026-11-20 03:00:00   20/11/2026 3:00:00.123   but no offset, no `PM`, no number
_ENDS_WITH_CLOCK = re.compile(r".{6,40}\d{1,2}:\d{2}:\d{2}(?:[.,]\d{1,9})?", re.ASCII)


def in_utc(name: str, text: str) -> str:
    """A time whose name says what it lacks (Sysmon's `UtcTime`), with its zone."""
    return f"{text}Z" if "utc" in plain(name) and _ENDS_WITH_CLOCK.fullmatch(text) else text


def beside(plain_names: Container[str]) -> Mapping[str, str]:
    """What names mean because of another beside them: `sip` is a server's address, beside `dip` the source's; `origin` beside `src` is the
    gateway that wrote the record (Check Point); `devicehostname` beside `deviceowner` is the user's machine (Zscaler), `devicename`
    beside a firewall's columns the firewall (FortiAnalyzer, Panorama); `source_ip` beside `client_ip` and `requested_host` the
    address behind which the client went out (Skyhigh)."""
    if "deviceowner" in plain_names:
        return _BESIDE_OWNER
    if "requestedhost" in plain_names:
        return _OF_SKYHIGH if "clientip" in plain_names else _OF_REQUESTS
    if "devicename" in plain_names and any(name in plain_names for name in OF_FIREWALLS):
        return _BESIDE_ZONES
    if "origin" in plain_names and any(name in plain_names for name in _SOURCES):
        return _BESIDE_SOURCE
    return _BESIDE_DIP if "dip" in plain_names else {}


_SOURCES = ("src", "srcip", "sourceip", "sourceaddress", "clientip")
OF_FIREWALLS = (
    "sourcezone",
    "natsourceip",
    "threatcontenttype",
    "sourceinterface",
    "srcintf",
    "virtualsystem",
    "virtualdomain",
)
"""Columns that only a firewall's table has."""
_BESIDE_ZONES = {"devicename": "observer"}
_OF_REQUESTS = {"requestedhost": "domain", "requestedpath": "path", "requesttimestampepoch": "time"}
_OF_SKYHIGH = {**_OF_REQUESTS, "clientip": "source", "sourceip": "nat"}
_BESIDE_OWNER = {"devicehostname": "name"}
_BESIDE_DIP = {"sip": "source"}
_BESIDE_SOURCE = {"origin": "observer"}


def fields_of(names: Sequence[str]) -> list[str | None]:
    """The fields of a table's columns. With `date` and a second column `time`, the latter is the time of day; `origin` beside a source
    is the gateway that wrote the row (Check Point)."""
    plain_names = [plain(name) for name in names]
    others = beside(plain_names)
    fields = [others.get(n) or field_of(name) for n, name in zip(plain_names, names, strict=True)]
    if "date" in fields:
        fields = [
            "clock" if f == "time" and n in ("time", "thoigian") else f
            for f, n in zip(fields, plain_names, strict=True)
        ]
    if "origin" in plain_names and fields.count("source") > plain_names.count("origin"):
        fields = ["observer" if n == "origin" else f for f, n in zip(fields, plain_names, strict=True)]
    return fields


def tells_of_contacts(fields: Iterable[str | None]) -> bool:
    """Whether columns of these fields make a log: a machine or a name in it, and one more known column."""
    known = {field for field in fields if field}
    return len(known) >= 2 and bool(known & _IDENTIFYING)


def tells_of_detections(fields: Iterable[str | None]) -> bool:
    """Whether columns of these fields make an antivirus console's export: a machine, what was found on it, and when."""
    known = {field for field in fields if field}
    return bool(known & _OF_ENDPOINTS) and "details" in known and bool(known & _TIMES)


def tells_time(fields: Iterable[str | None]) -> bool:
    """Whether one of the columns is a time."""
    return any(field in _TIMES for field in fields)
