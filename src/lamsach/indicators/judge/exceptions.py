"""Rules for what is not to be blocked: lists of exceptions, clauses of queries that take out, commands that let through, verdicts of `benign`."""

from __future__ import annotations

from typing import NamedTuple

from lamsach.indicators.judge.queries import is_excluded
from lamsach.indicators.judge.rule import (
    ALL,
    COMMAND,
    LINE,
    MENTIONED,
    NO_DIGESTS,
    SAID,
    WRITTEN,
    Place,
    Rule,
    any_case,
    near,
)
from lamsach.indicators.values import refusals


class Said(NamedTuple):
    """What a cell, a field or a comment says, and under which heading: both as plain keys."""

    key: str
    heading: str


def words(text: str) -> frozenset[str]:
    """The words of a list with bars between them."""
    return frozenset(" ".join(word.split()) for word in text.split("|"))


_EXCEPTIONS = words("""
    whitelist|whitelisted|white list|white-list|allowlist|allowlisted|allow list|allow-list|safelist|safe list|exception|excluded|exclusion|do not block|not to be blocked|no block
    |ngoai le|ngoai tru|loai tru|danh sach trang|danh sach ngoai le|danh sach cho phep|cho phep|khong chan|khong duoc chan""")
_BENIGN = words("""
    benign|benign traffic|legitimate traffic|normal traffic|legit|legitimate|legitimate site|legitimate website|legitimate domain|legitimate service|goodware|known good|not malicious|non-malicious|false positive|false-positive|falsepositive|fp
    |luu luong hop le|luu luong binh thuong|hop le|hop phap|chinh thong|lanh tinh|khong doc hai|duong tinh gia|canh bao nham|bao nham""")
_VERDICTS = words(
    "clean|safe|trusted|harmless|good|white|ignore|ignored|sach|an toan|tin cay|whitelist candidate"
)
"""Words that say so only under a heading that promises a verdict."""
VERDICT_KEYS = words("""
    verdict|role|disposition|classification|reputation|assessment|conclusion|judgement|judgment|result|vai tro|phan loai|ket luan|danh gia|ket qua|ket qua danh gia|tinh chat""")
FLAGS = words("""
    whitelist|whitelisted|is_whitelisted|allowlist|allowlisted|allowed|false positive|false_positive|is_false_positive|is false positive|fp|benign|is_benign|is benign|excluded|ngoai le|ngoai tru
    |loai tru|duong tinh gia""")
DETECTS = "to_ids"
BLAMES = words("is_malicious|is malicious|ismalicious|malicious|doc hai|is_ioc|is ioc")
_YES = frozenset({"yes", "y", "true", "t", "1", "x", "co", "dung", "\u2713", "\u2714", "\u221a"})
_NO = frozenset({"no", "n", "false", "f", "0", "khong"})
_GOES_ON = r"(?:[^.;]|\.\w){0,60}$"
# Please allow good.example    Không chặn good.example và 203.0.113.58
_LET_PASS = any_case(
    rf"(?:(?:^\W{{0,8}}|[.;!?]\s{{1,3}})(?:please )?(?:allow|whitelist|permit|exempt)\b|\b(?:do not|don't|must not|should not|never) block\b|\bkhông (?:được |nên |cần )?chặn\b(?! được)){_GOES_ON}"
)
_ADDRESS = r"[0-9a-fA-F][0-9a-fA-F.:]{2,44}(?:/\d{1,3})?"
_COMMAND = any_case(
    # -A INPUT -s 203.0.113.5/32 -j ACCEPT    iptables -A INPUT -s 203.0.113.5 -j RETURN
    r"(?:(?:sudo\s+)?ip6?tables\s.{1,400}|-[AI]\s.{1,400})\s-j\s+(?:ACCEPT|RETURN)\b.{0,200}"
    # allow 203.0.113.5;    (nginx)    Allow from 203.0.113.5    Require ip 203.0.113.5    (Apache)
    rf"|allow\s+{_ADDRESS}\s*;(?:\s*#.{{0,200}})?|(?:allow\s+from|require\s+(?:ip|host))\s+\S.{{2,400}}"
    # permit ip any host 203.0.113.5    access-list 101 permit tcp host 203.0.113.5 any eq 443    (Cisco)
    r"|(?:access-list\s+\S{1,64}\s+)?(?:(?:extended|\d{1,6})\s+){0,2}permit\s+(?:ip|tcp|udp|icmp|host|any)\b.{1,400}"
    # ip saddr 203.0.113.5 accept    add rule inet filter input ip saddr 203.0.113.5 accept    (nftables)
    r"|(?:(?:add|insert)\s+rule\s[^;]{1,200}\s)?ip6?\s+[sd]addr\s[^;]{1,300}\saccept\b[^;]{0,100};?"
    # @@||good.example^    (AdBlock)
    r"|@@\|{1,2}\S{2,400}"
    # set external-list NAME type ip url https://..: where a firewall fetches a list (PAN-OS)
    r"|set\s+(?:shared\s+)?external-list\s.{1,400}"
    # ufw allow from 203.0.113.5    netsh advfirewall firewall add rule .. action=allow ..    pass in from 203.0.113.5 to any    (pf)    add SET 203.0.113.5 nomatch    (ipset)
    r"|(?:sudo\s+)?ufw\s+allow\s.{1,400}|netsh\s.{1,400}\saction=(?:allow|bypass)\b.{0,400}|pass\s+(?:in|out|quick)\s.{1,400}|add\s+\S{1,64}\s.{1,200}\snomatch"
)
_SETTING = any_case(
    # ip name-server 203.0.113.5    logging host 203.0.113.5    neighbor 203.0.113.5 remote-as 64500    (Cisco)
    r"(?:no\s+)?(?:ip\s+name-server|ip\s+domain[ -]lookup|ntp\s+(?:server|peer)|logging\s+(?:host|server|trap|source)?|snmp-server\s+host|tacacs-server|radius-server|ip(?:v6)?\s+address|ip\s+default-gateway"
    r"|ip\s+route\s+0\.0\.0\.0\s+0\.0\.0\.0|neighbor|router-id|aaa\s)\s.{1,300}"
    # set system name-server 203.0.113.5    (Junos)    nameserver 203.0.113.5    (resolv.conf)
    r"|set\s+system\s+(?:name-server|ntp|syslog|radius-server|tacplus-server)\s.{1,300}|nameserver\s+\S{2,60}"
    # dns_nameservers 203.0.113.5    cache_peer 203.0.113.5 parent 3128 0    (Squid)    forward-addr: 203.0.113.5    local-data-ptr: ".."    (Unbound)
    r"|(?:dns_nameservers|cache_peer|http_port|visible_hostname)\s.{1,300}|(?:forward-addr|forward-host|stub-addr|local-data-ptr|access-control|interface|outgoing-interface):\s.{1,300}"
)
_FIRST = frozenset("-@AaCcDdFfHhIiLlNnOoPpRrSsTtUuVv0123456789")


def lets_through(line: str) -> bool:
    """Return whether a line is a command that lets through what it names, or that fetches a list from there; a sentence (`allow 203.0.113.5 to ..`) is none."""
    return len(line) <= 1000 and line[:1] in _FIRST and _COMMAND.fullmatch(line) is not None


def _sets_own(line: str) -> bool:
    """Return whether a line of a configuration names the own network's machines: its name servers, its neighbours, its interfaces."""
    return len(line) <= 400 and line[:1] in _FIRST and _SETTING.fullmatch(line) is not None


def _filtered(place: Place) -> bool:
    return place.line.prose.filtered


def _in_open_clause(place: Place) -> bool:
    return 0 < place.line.excluded > place.start


RULES = (
    Rule("sigma_filter", ALL, LINE, _filtered, MENTIONED, refusals.ALLOWED, 10,
        taken=["detection:\n    selection:\n        DestinationHostname: evil-a.site"],
        refused=["detection:\n    filter_main:\n        DestinationHostname: good-a.site"]),
    Rule("query_excludes", ALL, WRITTEN,
        lambda place: is_excluded(place.text, place.start) or place.token.startswith("!"), MENTIONED,
        refusals.ALLOWED, 30,
        taken=['dest_ip IN ("203.0.113.58"', "host NOT IN ('good-a.site') OR host = 'evil-a.site"],
        refused=['RemoteUrl !in ("a.example", "good-a.site', 'NOT query="good-a.site',
            "host NOT IN ('good-a.site"]),
    Rule("let_pass", NO_DIGESTS, WRITTEN, near(_LET_PASS, 192), MENTIONED, refusals.ALLOWED, 50,
        taken=["Please block evil-a.site"],
        refused=["Please allow good-a.site", "Không chặn good-a.site và 203.0.113.58"]),
    Rule("open_clause", ALL, LINE, _in_open_clause, MENTIONED, refusals.ALLOWED, 97,
        taken=["let excluded = dynamic([\n'good-a.site'\n])\nevil-a.site"],
        refused=["let excluded = dynamic([\n'good-a.site'", "WHITELIST = [\n'good-a.site',\n'good-b.site'"]),
    Rule("lets_through", ALL, COMMAND, lets_through, MENTIONED, refusals.ALLOWED, 10,
        taken=["-A INPUT -s 203.0.113.58/32 -j DROP", "deny 203.0.113.58;"],
        refused=["-A INPUT -s 203.0.113.58/32 -j ACCEPT", "ufw allow from 203.0.113.58"]),
    Rule("own_setting", ALL, COMMAND, _sets_own, MENTIONED, refusals.OWN_CLIENT, 20,
        taken=["server 203.0.113.58"],
        refused=["nameserver 203.0.113.58", "ip name-server 203.0.113.58", "forward-addr: 203.0.113.58"]),
    Rule("said_exception", ALL, SAID,
        lambda said: said.key in _EXCEPTIONS or (said.heading in FLAGS and said.key in _YES), MENTIONED,
        refusals.ALLOWED, 10,
        taken=["domain,note\nevil-a.site,blocklist", "domain,false positive\nevil-a.site,no"],
        refused=["domain,note\ngood-a.site,whitelist", "domain,false positive\ngood-a.site,yes",
            "203.0.113.58 # whitelist"]),
    Rule("said_benign", ALL, SAID,
        lambda said: (said.key in _BENIGN or (said.heading in VERDICT_KEYS and said.key in _VERDICTS) or (said.heading in BLAMES and said.key in _NO)),
        MENTIONED, refusals.BENIGN, 20,
        taken=["domain,verdict\nevil-a.site,malicious", "domain,note\nevil-a.site,clean"],
        refused=["domain,verdict\ngood-a.site,clean", "good-a.site (legitimate)",
            "domain,malicious\ngood-a.site,no"]),
    Rule("not_for_detection", ALL, SAID, lambda said: said.heading == DETECTS and said.key in _NO, MENTIONED,
        refusals.NOT_FOR_DETECTION, 40, taken=["domain,to_ids\nevil-a.site,1"],
        refused=["domain,to_ids\ngood-a.site,0"]),
)  # fmt: skip
