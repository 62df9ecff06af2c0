"""Meaning of a field name from its words, in any order and spelling.

Examples: `srcIpAddr`, `client.address`, `Remote Port`, `ip_dst`, `IP nguồn`. A name combines a role (whose:
`src`, `client`, `remote`, `dvc`) and a thing (what: `ip`, `port`, `host`, `mac`, `user`), with the words of
ECS, OCSF, Splunk CIM, CEF, LEEF, ASIM, OpenTelemetry's semantic conventions, GELF, NetFlow collectors and
vendors' field lists, in English, Vietnamese and Chinese. Names that their words do not explain are
exceptions in `column_names`. Traps:
- An unknown word before a role may be a vendor's prefix (`netconn_remote_ip`); after or before a thing it
  makes another thing (`src_ip_country`).
- `remote` and `local` are the ends of a connection only without another role: `downstream_remote_address`
  and `request.remote_address` are the client's.
- Durations have names like times: `request_time`, `session_time`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from lamsach.logs.text.values import among, by_word, in_order

_CLASSES: Mapping[str, str] = {
    "source":
        "c src source sources client cli clt click a 攻击源 orig originator initiator initiating "
        "submitter sender caller calling requesting attacker offender requester requestor subject principal "
        "actor downstream from nguon khach maykhach 源 客户端",
    "destination":
        "dst dest destination destinations server srv target b resp responder victim callback upstream to "
        "dich maychu dieukhien maychudieukhien 目的 目标 服务器",
    "near": "local lan laddr inside inner internal noibo 内网",
    "far": "remote raddr peer outside foreign",
    "external": "external outer",
    "nat":
        "nat wan nated natted snat translated xlate xlated xlat trans postnat postnapt mapped public pub "
        "congkhai 转换后 转换后的 nat后",
    "own":
        "dev int assigned leased framed virtual tunnel vpn managed infected affected impacted "
        "compromised recorded asset vm instance guest sta station agent",
    "named": "may maytram maytinh maynhiem thietbi maybinhiem duoccap private priv",
    "machine":
        "host hostname hostnames device endpoint computer machine workstation pc fqdn 主机 主机名 终端",
    "observer":
        "observer sensor dvc firewall fw appliance gateway gw reporter reporting exporter sampler collector",
    "other":
        "ap bssid nas switch wlc nexthop next previous old dhcp proxy relay syslog ntp manager management "
        "controller parent ja3 ja3s ja4 cert certificate issuer transaction",
    "web": "http https web www request requested req tls ssl handshake",
    "dns": "dns",
    "ip": "ip ips ipv4 ipv6 ip4 ip6 addr addrs address addresses ipaddr ipaddress diachi diachiip 地址",
    "port": "port ports prt cong 端口",
    "name": "name names ten",
    "mac":
        "mac macs macaddr macaddress hwaddr hwaddress hardwareaddress hardwareaddr physicaladdress "
        "ethernetaddress",
    "user":
        "user users username usernames account accounts login logon usr usrname email emailaddress "
        "mailaddress upn principalname subscriber nguoidung taikhoan "
        "用户 用户名",
    "url": "url urls uri",
    "path": "path",
    "domain": "domain domains sni site website tenmien 域名",
    "query": "query qry qname question rrname",
    "hash": "hash hashes md5 sha1 sha256 sha2 imphash mabam",
    "action": "action actions verdict disposition decision result outcome hanhdong 动作",
    "filler":
        "number numbers num value text string str v4 v6 tcp udp l4 process image details info connection "
        "conn network primary main current last logged loggedon on in of full original event acct x cs sc "
        "file app application after before transport nhiem l3",
}  # fmt: skip
_WORDS = by_word(_CLASSES)
_MEANINGS: Mapping[tuple[str, str], str] = {
    ("source", "ip"): "source", ("source", "port"): "source_port", ("source", "name"): "source_name",
    ("source", "mac"): "source_mac", ("source", "user"): "user", ("destination", "ip"): "destination",
    ("destination", "port"): "destination_port", ("destination", "name"): "destination_name",
    ("destination", "domain"): "domain", ("nat", "ip"): "nat", ("nat", "port"): "nat_port",
    ("own", "ip"): "ip", ("own", "name"): "name", ("own", "mac"): "mac", ("own", "user"): "user",
    ("observer", "ip"): "observer", ("observer", "name"): "observer", ("web", "name"): "domain",
    ("web", "domain"): "domain", ("web", "user"): "user", ("web", "path"): "path", ("dns", "name"): "query",
    ("dns", "domain"): "query", ("", "ip"): "ip", ("", "mac"): "mac", ("", "user"): "user",
    ("", "domain"): "domain", ("user", "port"): "source_port",
}  # fmt: skip
"""Field by role and thing."""
_ROLES = in_order("nat source destination near far observer own named machine user dns web")
"""Roles by rank; of `source` and `destination` the one nearer to the thing counts."""
_AS_ROLE = {
    **dict.fromkeys(("machine", "named", "user"), "own"),
    "near": "source",
    "far": "destination",
    "external": "destination",
}
_OF_ENDS = frozenset({"source", "destination", "near", "far", "nat"})
_BEHIND = _OF_ENDS | {"named"}
_ONE_OF_TWO = frozenset({"source", "destination"})
_TIMES = among("timestamp tstamp datetime date time ts thoigian thoidiem ngaygio 时间")
_OF_TIMES = among(
    "event log click start started starts first seen create created creation generated generation receive "
    "received receipt recv detection detected detect occurred flow device alert attack unix epoch iso "
    "iso8601 rfc3339 rfc3339ns ns ms us nano utc gmt local dt at on system record capture captured edge scan "
    "server scanned sent entry blocked raised report observed logged phathien xayra nhiem quet ghinhan "
    "batdau ketnoi dietvirus truycap 发生 日志 记录 攻击"
)
_OF_MOMENTS = among("request req query session conn connection")
"""Allowed with `timestamp`; a `request_time` is a duration."""
_HUMPS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+\d*|[A-Z]+\d*|\d+|[^\W\dA-Za-z_]+")
_APART = re.compile(r"[\W_]+")
_JOINED: dict[str, list[str]] = {}
for _word in sorted({*_WORDS, *_TIMES, *_OF_TIMES}):
    if (len(_word) > 2 or not _word.isascii() or _word == "ip") and _word not in ("from", "act"):
        _JOINED.setdefault(_word[0], []).append(_word)
_LONGEST = 48


@lru_cache(maxsize=4096)
def words_of(name: str) -> tuple[str, ...]:
    """Split a name into lower-case words at signs, camel-case humps, and known words (`srcipaddr`)."""
    pieces = [piece for piece in _APART.split(name[:100]) if piece]
    found: list[str] = []
    for piece in pieces:
        for part in [piece] if _known_words(piece.lower()) else _HUMPS.findall(piece):
            found += _known_words(part.lower()) or (part.lower(),)
    if len(pieces) > 1 and not all(
        word in _WORDS or word in _TIMES or word in _OF_TIMES for word in found
    ):  # người dùng, hành động
        return _known_words("".join(pieces).lower()) or tuple(found)
    return _merged(found)


def _merged(words: Sequence[str]) -> tuple[str, ...]:
    """Join neighbours that form a known word (`host name` is `hostname`)."""
    found: list[str] = []
    for word in words:
        if found and (both := found[-1] + word) in _WORDS:
            found[-1] = both
        else:
            found.append(word)
    return tuple(found)


def known_word(word: str) -> bool:
    """Return whether a word is a role or a thing."""
    return word.lower() in _WORDS


def _known_words(piece: str) -> tuple[str, ...]:
    """Split a piece into the fewest known words; empty when impossible."""
    if piece in _WORDS or len(piece) > _LONGEST:
        return (piece,)[: len(piece) <= _LONGEST]
    best: list[tuple[str, ...] | None] = [(), *(None for _ in piece)]
    for start in range(len(piece)):
        before = best[start]
        for word in _JOINED.get(piece[start], ()) if before is not None else ():
            end = start + len(word)
            if piece.startswith(word, start):
                longer = (*(before or ()), word)
                best[end] = min(best[end] or longer, longer, key=len)
    return best[-1] or ()


def meaning(words: Sequence[str]) -> str | None:
    """Return the field that a name of these words means, or None."""
    kinds = [_WORDS.get(word) for word in words]
    while kinds and kinds[-1] == "filler":
        kinds.pop()
    if not kinds or "other" in kinds:
        return "time" if _is_time(words) else None
    if kinds[-1] in ("hash", "action"):
        return kinds[-1]
    trailing_roles = {"named"} if kinds[-2:-1] == ["name"] else _BEHIND  # of a name server
    if kinds[-1] in trailing_roles and len(kinds) > 1:  # ip_src, port_dst, IP nguồn, tên máy trạm
        kinds = [kinds[-1], *kinds[:-1]]
    known = next((at for at, kind in enumerate(reversed(kinds)) if kind is None), len(kinds))
    thing, roles = _thing_and_roles(kinds[len(kinds) - known :])
    role = next((ranked for ranked in _ROLES if ranked in roles), "")
    if thing == "url":
        return thing
    if thing == "query":
        return thing if known == len(kinds) and role in ("", "dns") else None
    if "web" in roles and "far" in roles and not {"near", *_ONE_OF_TWO} & {*roles}:
        role = "source"  # the requester
    if "external" in roles:
        role = "nat" if role else "external"
    if role == "nat" and ("destination" in roles or "far" in roles):
        return None
    if role in _ONE_OF_TWO:
        role = next((ranked for ranked in roles if ranked in _ONE_OF_TWO), role)
    if known < len(kinds) and role not in _OF_ENDS:
        return "time" if _is_time(words) else None
    field = _MEANINGS.get((role, thing)) or _MEANINGS.get((_AS_ROLE.get(role, role), thing))
    return field or ("time" if _is_time(words) else None)


def _thing_and_roles(kinds: Sequence[str | None]) -> tuple[str, list[str]]:
    """Split the words' kinds into the thing, which is last, and the roles before it, nearest first."""
    back = [kind for kind in reversed(kinds) if kind and kind != "filler"]
    if not back:
        return "", []
    thing, roles = back[0], back[1:]
    if thing == "name" and roles and roles[0] in ("user", "query", "domain", "url"):
        thing, roles = roles[0], roles[1:]
    elif thing in ("machine", "named") and roles:  # IP máy nguồn
        thing = roles[0] if roles[0] in ("ip", "port", "mac") else "name"
    elif thing == "name" and "port" in roles:
        return "", []
    elif thing == "ip" and roles[:1] == ["url"]:
        thing = "url"
    elif thing in ("ip", "name") and "mac" in roles:
        thing = "mac"
    if thing == "query" and "url" in roles:
        return "", []
    if thing == "name" and "domain" in roles:
        thing = "domain"
    if thing == "domain" and "dns" not in roles and "query" in roles:
        roles = ["dns"]
    return thing, [
        "dns" if role == "query" else role for role in roles if role not in ("ip", "name", "mac", "url")
    ]


def _is_time(words: Sequence[str]) -> bool:
    named = _TIMES.intersection(words)
    others = [word for word in words if word not in _TIMES and word not in _OF_TIMES]
    if named:
        return not others or (named != {"time"} and _OF_MOMENTS.issuperset(others))
    if len(words) > 1 and words[-1] in ("start", "started"):
        return _OF_MOMENTS.issuperset(others)
    return len(words) > 1 and not others and (words[-1] in ("at", "on") or words[0] == "first")
