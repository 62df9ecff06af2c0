"""Blocklists of programs: hosts, adblock (also Pi-hole, AdGuard), dnsmasq, Unbound, BIND and others.

Also Spamhaus DROP, Wazuh, and response policy zones
(https://datatracker.ietf.org/doc/html/draft-vixie-dnsop-dns-rpz-00) of BIND, Unbound and Knot. Values that
such a list *allows* (`@@||good.example^`, `local-zone: .. transparent`) are refused as exceptions.

Filter lists (https://adguard-dns.io/kb/general/dns-filtering-syntax/, syntax of uBlock Origin and Adblock
Plus) are recognized although many lines differ from the plain `||evil.example^`; a rule's options may make
its name conditional, and other lines may block one name in another spelling.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv6Address
from typing import NamedTuple

from lamsach.indicators.files.source import ListSource
from lamsach.indicators.formats import line_by_line, line_format
from lamsach.indicators.text.extract import Found
from lamsach.indicators.values import refusals
from lamsach.indicators.values.normalise import Refused, plain_value, refuse_value
from lamsach.indicators.values.records import Entry, Facts, entries, read_text, refusal, whole_value
from lamsach.model import Indicator, IndicatorType, Reference

_HEAD = re.compile(
    r"\ufeff?\s*\[Adblock|(?m:^! (?:Title|Homepage|Expires|Last modified|Version):)", re.IGNORECASE
)
_RULE = re.compile(r"(?:@@)?\|\|[^\s|^$]+\^?(?:\$\S+)?")
_MIN_RULES = 3
"""Minimum number of rules with two bars in a list without a head."""
# evil.example^    ://evil.example^    *.evil.example    evil.example
_NAME = re.compile(r"(?:://|\*\.)?((?:[\w-]{1,63}\.){1,10}[\w-]{2,63})\^?")
# 0.0.0.0 evil.example
_HOSTS = re.compile(r"(?:0\.0\.0\.0|127\.0\.0\.1|::1?)\s+([\w.-]{4,253})(?:\s+#.*)?")
_BY_OPTION = {
    "badfilter": refusals.DISABLED,
    **dict.fromkeys(
        ("domain", "from", "to", "denyallow", "ctag", "client", "app", "dnstype"), refusals.CONDITIONAL
    ),
}
"""Reasons to refuse a rule by its options: it withdraws another, or holds for some pages or machines only."""


def begins_filter(head: str, lines: Sequence[str]) -> bool:
    """Return whether a text with this head and these lines (no comments) is a filter list.

    Its head states it, or it has several rules with two bars and almost nothing but rules.
    """
    others = [line for line in lines if not _RULE.fullmatch(line)]
    rules = len(lines) - len(others)
    if not rules or _HEAD.search(head):
        return rules > 0
    known = sum(line.startswith(("@@", "/")) or blocked_name(line) is not None for line in others)
    return rules >= _MIN_RULES and rules * 5 >= len(lines) and (rules + known) * 10 >= 9 * len(lines)


def blocked_name(line: str) -> str | None:
    """Return the single name that a line of another spelling blocks, or None."""
    match = _NAME.fullmatch(line) or _HOSTS.fullmatch(line)
    return match[1] if match else None


_SAMPLE = 300
_LOCAL = """localhost localhost.localdomain local broadcasthost ip6-localhost ip6-loopback ip6-localnet
    ip6-mcastprefix ip6-allnodes ip6-allrouters ip6-allhosts 0.0.0.0"""
_LOCAL_NAMES = frozenset(_LOCAL.split())
"""Names of the machine itself in hosts files."""


class Dialect(NamedTuple):
    """Line syntax of one program.

    Groups: `value` (blocked), `allow` (non-empty: an exception), `options` (of a filter's rule), `note`.
    `between` separates several values, `setting` matches a line that configures the program.
    """

    name: str
    line: re.Pattern[str]
    between: str | None = None
    setting: re.Pattern[str] | None = None


_DIALECTS = (
    # 0.0.0.0 evil.example www.evil.example # note           hosts(5)
    Dialect("hosts", re.compile(r"(?:0\.0\.0\.0|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1?|fe80::1%lo0|ff0\d::\d"
        r"|255\.255\.255\.255)[ \t]+(?P<value>[^#]*[^#\s])\s*(?:#+\s*(?P<note>.*))?"), between=" "),
    # ||evil.example^$important    @@||good.example^    |http://evil.example/x|
    Dialect("adblock", re.compile(
        r"(?P<allow>@@)?\|{1,2}(?:\*\.)?(?P<value>[^$^|\s*]+?)\^?\|?(?:\$(?P<options>[a-z0-9~].*))?")),
    # address=/evil.example/www.evil.example/0.0.0.0     server=/evil.example/      bogus-nxdomain=203.0.113.5
    # dnsmasq(8)     server=/corp.example/192.0.2.1     server=/good.example/#: the server for these names,
    # which are therefore answered
    Dialect("dnsmasq", re.compile(
        r"(?:(?:(?P<allow>server(?==/\S*/[^/\s]+(?:\s|$)))|address|server|local|ipset"
        r"|nftset)=/(?P<value>[^\s#]+?)/(?:[\w.:#,@]*)"
        r"|bogus-nxdomain=(?P<bogus>\S+))\s*(?:#\s*(?P<note>.*))?"), between="/",
        setting=re.compile(r"[a-z0-9-]{2,40}=.*")),
    # local-zone: "evil.example" always_nxdomain      local-data: "evil.example A 0.0.0.0"     unbound.conf(5)
    Dialect("unbound", re.compile(
        r"local-(?:zone|data):\s*\"?(?P<value>[^\s\"]+)(?:\"?\s+(?:(?P<allow>transparent"
        r"|typetransparent|nodefault|always_transparent|inform)\b)?[^#]*)?(?:#\s*(?P<note>.*))?"),
        setting=re.compile(r"[a-z0-9-]{2,40}:\s.*")),
    # zone "evil.example" { type master; file "null.zone"; };      BIND named.conf
    Dialect("bind", re.compile(
        r"zone\s+\"(?P<value>[^\"]+)\"\s*(?:IN\s*)?\{\s*type\s+(?:(?P<allow>forward|hint"
        r"|slave|secondary)|\w+)\b.*", re.IGNORECASE)),
    # 192.0.2.0/24 ; SBL000000      https://www.spamhaus.org/drop/
    Dialect("spamhaus", re.compile(r"(?P<value>[0-9a-fA-F.:]+/\d{1,3})\s*;\s*(?P<note>SBL\w+.*)")),
    # 192.0.2.9#4#2#Malicious Host#CN#Beijing#39.9,116.3#3      AlienVault's reputation list: reliability,
    # risk, activity
    Dialect(
        "reputation", re.compile(r"(?P<value>\d{1,3}(?:\.\d{1,3}){3})#\d{1,2}#\d{1,2}#(?P<note>[^#]*)#.*")),
    # (\.|^)evil\.example$    ^(.+\.)?evil\.example$       Pi-hole's regular expressions for a name and its
    # subdomains
    Dialect("pihole", re.compile(
        r"(?:\((?:\^\|\\\.|\\\.\|\^)\)|\^\((?:\.[+*]|\[\^\.\]\+)\\\.\)[?*])(?P<value>[\w\\.-]+)\$")),
    # 203.0.113.5:mirai     evil.example:       Wazuh CDB lists
    Dialect("wazuh", re.compile(r"(?P<value>\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?|[0-9a-fA-F]{32,64}|"
        r"(?=[^:]*[a-z])[\w-]+(?:\.[\w-]+)+):(?!\d+(?:$|[/?,;]))(?!.*(?:\d\.\d{1,3}\.\d"
        r"|[0-9a-fA-F]{32}))(?P<note>[^/:].*)?")),
)  # fmt: skip
_ADBLOCK = next(dialect for dialect in _DIALECTS if dialect.name == "adblock")
_COMMENT = re.compile(r"\s*(?:#(?!#)|!|;|//|\[Adblock|server:\s*$|forward-zone:|\$)", re.IGNORECASE)
# 216.239.38.120 www.search.example: a name that a hosts file answers itself is not blocked
_REDIRECT = re.compile(r"[0-9a-fA-F.:]{3,45}(?:[ \t]+[\w-]{1,63}(?:\.[\w-]{1,63}){1,10}){1,20}(?=\s|#|$)")
_COSMETIC = re.compile(r"#[@?$%]{0,3}#")


@line_format(
    "Blocklist of a resolver or filter",
    "hosts, adblock (Pi-hole, AdGuard), dnsmasq, Unbound, BIND zones, Spamhaus DROP, Wazuh CDB; what is "
    "allowed, redirected or blocked under conditions only is refused",
    lambda source: _dialect(source.text_head),
)
def read_blocklist(source: ListSource) -> Iterator[Entry]:
    """Read line by line, in the dialect of most of the first lines."""
    dialect = _dialect(source.text_head) or _DIALECTS[0]
    line_of = dialect.line
    may_allow = "allow" in line_of.groupindex

    def read(line: str, reference: Reference) -> Iterable[Entry]:
        text = line.strip()
        match = line_of.fullmatch(text)
        if match is None:
            return _other(text, dialect, reference) if text and not _COMMENT.match(text) else ()
        allowed = may_allow and match["allow"]
        if match.lastgroup == "value" and not allowed and (plain := plain_value(match["value"])) is not None:
            return (Indicator(plain[0], plain[1], None, None, reference),)
        return _entries(match, dialect, reference)

    return line_by_line(source, read)


def _dialect(head: str) -> Dialect | None:
    """Return the dialect of most of the first lines that are no comments."""
    lines = [line for line in map(str.strip, head.splitlines()[: 4 * _SAMPLE]) if line]
    lines = [line for line in lines if not _COMMENT.match(line)][:_SAMPLE]
    lines = [line for line in lines if _COSMETIC.search(line) is None]
    if begins_filter(head, lines):
        return _ADBLOCK
    for dialect in _DIALECTS if lines else ():
        if sum(dialect.line.fullmatch(line) is not None for line in lines) * 10 >= 6 * len(lines):
            return dialect
    return None


def _entries(match: re.Match[str], dialect: Dialect, reference: Reference) -> Iterator[Entry]:
    groups = match.groupdict("")
    value = groups["value"] or groups.get("bogus", "")
    options = groups.get("options", "").split(",")
    names = {option.strip().lstrip("~").partition("=")[0].lower() for option in options}
    reason = next((reason for name, reason in _BY_OPTION.items() if name in names), "")
    reason = refusals.ALLOWED if groups.get("allow") else reason
    found: list[Found] = []
    for text in value.split(dialect.between.strip() or None) if dialect.between else [value]:
        text = text.strip().replace("\\.", ".").removeprefix("||").rstrip("^")
        if text and text != "#" and text.lower() not in _LOCAL_NAMES:
            found += [refuse_value(item, reason) for item in read_text(text)] if reason else read_text(text)
    yield from entries(found, reference, Facts.of(groups.get("note")))


def _other(text: str, dialect: Dialect, reference: Reference) -> Iterator[Entry]:
    """Yield the entries of a line of another kind: a bare value, or a rule that no log can show."""
    if dialect.name == "hosts" and (match := _REDIRECT.match(text)) is not None:
        found = [item for word in match[0].split() for item in whole_value(word)]
        yield from entries([refuse_value(item, refusals.REDIRECTED) for item in found], reference)
    elif dialect.name == "adblock" and (name := blocked_name(text)) is not None:
        yield from entries(read_text(name), reference)
    elif (
        dialect.name == "adblock"
        or _COSMETIC.search(text)
        or text.startswith(("@@", "/", "~"))
        or "*" in text
        or (dialect.setting is not None and dialect.setting.fullmatch(text))
    ):
        yield refusal(reference, text, refusals.UNREAD_RULE)
    else:
        yield from entries(read_text(text), reference)


# evil.example 60 IN CNAME .        *.evil.example CNAME rpz-drop.       32.5.113.0.203.rpz-ip CNAME .
_RECORD = re.compile(
    r"(?P<owner>[^\s;$()\"]+)\s+(?:\d+[smhdwSMHDW]?\s+)?(?:IN\s+)?(?:\d+[smhdwSMHDW]?\s+)?"
    r"(?P<type>CNAME|A|AAAA|TXT|DNAME)\s+(?P<target>[^;]+?)\s*(?:;\s*(?P<note>.*))?",
    re.IGNORECASE,
)
_ORIGIN = re.compile(r"\$ORIGIN\s+(\S+)", re.IGNORECASE)
_SOA = re.compile(r"(?m)^(?:@|\S+)?\s.{0,80}\bSOA\b", re.IGNORECASE)
_SOA_OWNER = re.compile(r"(?P<owner>\S+)?\s+(?:\d+\S*\s+)?(?:IN\s+)?(?:\d+\S*\s+)?SOA\s", re.IGNORECASE)
# evil.example.rpz.local: an absolute name, with a zone that the list does not state
_ZONE = re.compile(r"\.(?:rpz|[\w-]*blocklist|[\w-]*policy|db\.rpz)(?:\.[\w-]+){0,4}$")
_PASSTHRU = re.compile(r"rpz-passthru\.?", re.IGNORECASE)
_TRIGGER = re.compile(r"(?P<body>.+)\.(?P<kind>rpz-(?:ip|client-ip|nsdname|nsip))", re.IGNORECASE)


def _begins(source: ListSource) -> bool:
    head = source.text_head
    if re.search(r"(?m)\bCNAME\s+(?:\.|\*\.|rpz-\w+\.?)\s*(?:;.*)?\r?$", head, re.IGNORECASE) is None:
        return False
    if _SOA.search(head) is not None or "rpz" in head.lower():
        return True
    lines = [line for line in map(str.strip, head.splitlines()[:200]) if line and line[0] not in ";$#"]
    return sum(_RECORD.fullmatch(line) is not None for line in lines) * 2 >= len(lines)


@line_format(
    "Response policy zone (RPZ)",
    "names, `rpz-ip`, `rpz-nsip`, `rpz-nsdname`; `rpz-passthru` is an exception",
    _begins,
)
def read_rpz(source: ListSource) -> Iterator[Entry]:
    """Read record by record. A name relative to the zone is blocked; a passing one is an exception."""
    origin = ""
    depth = 0

    def read(line: str, reference: Reference) -> Iterable[Entry]:
        nonlocal origin, depth
        text = line.partition(";")[0]
        if depth > 0:
            depth += text.count("(") - text.count(")")
        elif match := _ORIGIN.match(text):
            origin = match[1].strip(".").lower()
        elif match := _SOA_OWNER.match(text):
            depth += text.count("(") - text.count(")")
            if (owner := match["owner"] or "").endswith("."):
                origin = owner.strip(".").lower()
        elif match := _RECORD.fullmatch(line.strip()):
            return entries(_values(match, origin), reference, Facts.of(match["note"]))
        return ()

    return line_by_line(source, read)


def _values(match: re.Match[str], origin: str) -> list[Found]:
    owner = match["owner"].lower()
    if owner == "@":
        return []
    if owner.endswith("."):
        owner = owner.rstrip(".")
        owner = owner.removesuffix("." + origin) if origin else _ZONE.sub("", owner)
    found = _trigger(owner) if ".rpz-" in owner else read_text(owner)
    if _PASSTHRU.fullmatch(match["target"]) or match["target"].strip(".").lower() == owner:
        return [refuse_value(item, refusals.ALLOWED) for item in found]
    return found


def _trigger(owner: str) -> list[Found]:
    match = _TRIGGER.fullmatch(owner)
    kind = match["kind"].lower() if match else ""
    if match is None or kind == "rpz-nsdname":
        return read_text(match["body"], IndicatorType.DOMAIN) if match else read_text(owner)
    if kind == "rpz-client-ip":
        return [Refused(refusals.OWN_CLIENT, owner)]
    network = _network(match["body"])
    return read_text(network) if network else [Refused(refusals.BAD_RECORD, owner)]


def _network(body: str) -> str | None:
    """Parse `24.0.113.0.203` (203.0.113.0/24), `128.1.zz.db8.2001` (2001:db8::1/128; section 4.2.1)."""
    length, *parts = body.split(".")
    if not length.isdecimal() or not parts:
        return None
    parts.reverse()
    if len(parts) == 4 and all(part.isdecimal() for part in parts):
        return f"{'.'.join(parts)}/{length}"
    text = ":".join("" if part == "zz" else part for part in parts)
    text = (":" if text.startswith(":") else "") + text + (":" if text.endswith(":") else "")
    try:
        return f"{IPv6Address(text)}/{length}"
    except ValueError:
        return None
