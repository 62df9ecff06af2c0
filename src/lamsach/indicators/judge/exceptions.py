"""Rules for values that are not to be blocked.

Exceptions, excluding clauses, commands that let traffic pass, verdicts of `benign`, name servers, partners,
victims.
"""

from __future__ import annotations

from typing import NamedTuple

from lamsach.indicators.judge.queries import is_excluded
from lamsach.indicators.judge.rule import (
    ADDRESS,
    ALL,
    CELL,
    COMMAND,
    LINE,
    NAMES,
    NO_DIGESTS,
    STATEMENT,
    WRITTEN,
    Rule,
    any_case,
    near,
)
from lamsach.indicators.judge.vocabulary import vocabulary
from lamsach.indicators.tables.fields import Field
from lamsach.indicators.values import refusals


class Statement(NamedTuple):
    """Verdict in a cell, field or comment, and its heading, both as plain keys."""

    key: str
    heading: str


_EXCEPTIONS = vocabulary("exceptions")
_BENIGN = vocabulary("benign")
_VERDICTS = vocabulary("verdicts")
"""Words that are a verdict only under a heading that promises one."""
VERDICT_KEYS = vocabulary("verdict_headings")
FLAGS = vocabulary("flags")
DETECTS = "to_ids"
BLAMES = vocabulary("blaming_headings")
_YES = frozenset({"yes", "y", "true", "t", "1", "x", "co", "dung", "\u2713", "\u2714", "\u221a"})
_NO = frozenset({"no", "n", "false", "f", "0", "khong"})
_NO_STOP_UNTIL_END = r"(?:[^.;]|\.\w){0,60}$"
# Please allow good.example    Không chặn good.example và 203.0.113.58
_LET_PASS = any_case(
    rf"(?:(?:^\W{{0,8}}|[.;!?]\s{{1,3}})(?:please )?(?:allow|whitelist|permit|exempt)\b|\b(?:do "
    rf"not|don't|must not|should not|never) block\b|\bkhông (?:được |nên |cần )?chặn\b(?! "
    rf"được)){_NO_STOP_UNTIL_END}"
)
_ADDRESS = r"[0-9a-fA-F][0-9a-fA-F.:]{2,44}(?:/\d{1,3})?"
_COMMAND = any_case(
    # -A INPUT -s 203.0.113.5/32 -j ACCEPT    iptables -A INPUT -s 203.0.113.5 -j RETURN
    r"(?:(?:sudo\s+)?ip6?tables\s.{1,400}|-[AI]\s.{1,400})\s-j\s+(?:ACCEPT|RETURN)\b.{0,200}"
    # allow 203.0.113.5;    (nginx)    Allow from 203.0.113.5    Require ip 203.0.113.5    (Apache)
    rf"|allow\s+{_ADDRESS}\s*;(?:\s*#.{{0,200}})?|(?:allow\s+from|require\s+(?:ip|host))\s+\S.{{2,400}}"
    # permit ip any host 203.0.113.5    access-list 101 permit tcp host 203.0.113.5 any eq 443    (Cisco)
    r"|(?:access-list\s+\S{1,64}\s+)?(?:(?:extended|\d{1,6})\s+){0,2}permit\s+(?:ip|tcp|udp"
    r"|icmp|host|any)\b.{1,400}"
    # ip saddr 203.0.113.5 accept    add rule inet filter input ip saddr 203.0.113.5 accept    (nftables)
    r"|(?:(?:add|insert)\s+rule\s[^;]{1,200}\s)?ip6?\s+[sd]addr\s[^;]{1,300}\saccept\b[^;]{0,100};?"
    # @@||good.example^    (AdBlock)
    r"|@@\|{1,2}\S{2,400}"
    # set external-list NAME type ip url https://..: where a firewall fetches a list (PAN-OS)
    r"|set\s+(?:shared\s+)?external-list\s.{1,400}"
    # ufw allow from 203.0.113.5    netsh advfirewall firewall add rule .. action=allow ..    pass in from
    # 203.0.113.5 to any    (pf)    add SET 203.0.113.5 nomatch    (ipset)
    r"|(?:sudo\s+)?ufw\s+allow\s.{1,400}|netsh\s.{1,400}\saction=(?:allow|bypass)\b.{0,400}"
    r"|pass\s+(?:in|out|quick)\s.{1,400}|add\s+\S{1,64}\s.{1,200}\snomatch"
)
_SETTING = any_case(
    # ip name-server 203.0.113.5    logging host 203.0.113.5    neighbor 203.0.113.5 remote-as 64500
    # (Cisco)
    r"(?:no\s+)?(?:ip\s+name-server|ip\s+domain[ -]lookup|ntp\s+(?:server|peer)|logging\s+"
    r"(?:host|server|trap|source)?|snmp-server\s+host|tacacs-server|radius-server|ip(?:v6)?"
    r"\s+address|ip\s+default-gateway"
    r"|ip\s+route\s+0\.0\.0\.0\s+0\.0\.0\.0|neighbor|router-id|aaa\s)\s.{1,300}"
    # set system name-server 203.0.113.5    (Junos)    nameserver 203.0.113.5    (resolv.conf)
    r"|set\s+system\s+(?:name-server|ntp|syslog|radius-server|tacplus-server)\s.{1,300}|nameserver\s+\S{2,60}"
    # dns_nameservers 203.0.113.5    cache_peer 203.0.113.5 parent 3128 0    (Squid)    forward-addr:
    # 203.0.113.5    local-data-ptr: ".."    (Unbound)
    r"|(?:dns_nameservers|cache_peer|http_port|visible_hostname)\s.{1,300}|(?:forward-addr"
    r"|forward-host|stub-addr|local-data-ptr|access-control|interface|outgoing-interface):"
    r"\s.{1,300}"
)
_STARTS = frozenset("-@AaCcDdFfHhIiLlNnOoPpRrSsTtUuVv0123456789")


def is_allowing_command(line: str) -> bool:
    """Return whether a line is a command that allows what it names, or fetches a list."""
    return len(line) <= 1000 and line[:1] in _STARTS and _COMMAND.fullmatch(line) is not None


_VICTIM = vocabulary("victims")


RESOLVERS = vocabulary("resolvers")
"""Addresses of public name servers, which malware queries like any other program."""
_NOT_NEGATED = r"(?![^.;]{0,60}\b(?:not|never|avoid|stop|không|ngừng|dừng|tránh|đừng)\b)"
_NAME_SERVER = (
    r"(?:dns|resolvers?|name ?servers?|forwarders?|ntp|time servers?|máy chủ phân giải|phân giải "
    r"tên miền|máy chủ thời gian)\b"
)
# We recommend the resolver 203.0.113.53    Set your DNS to 203.0.113.53    Đề nghị các đơn vị dùng DNS
# 203.0.113.53
_RECOMMENDED = any_case(
    rf"(?:\b(?:recommend\w{{0,6}}|advis\w{{1,3}}|suggest\w{{0,4}}|should|please)\b|(?:^\W{{0,8}}"
    rf"|[.:;!?]\s{{1,3}})(?:use|set|configure|switch|point|change"
    rf"|prefer)\b){_NOT_NEGATED}[^.;]{{0,60}}\b{_NAME_SERVER}{_NO_STOP_UNTIL_END}"
    rf"|\b(?:khuyến nghị|khuyến cáo|đề nghị|yêu cầu|nên|hãy|cần)\b{_NOT_NEGATED}(?:[^.;]|\.\w){{0,90}}\b(?:"
    rf"sử dụng|dùng|cấu hình|trỏ|chuyển|đặt|thiết lập)\b[^.;]{{0,40}}\b{_NAME_SERVER}{_NO_STOP_UNTIL_END}"
)
# our partner Example Ltd (partner.example)    Đơn vị phối hợp: partner.example
_PARTNER = any_case(
    r"(?:\b(?:our|trusted|security|research|technology) partners?\b|\bin (?:cooperation"
    r"|collaboration|partnership) with\b|\bpartner(?:ed|ing) with\b|\bđối tác\b|\b(?:phối hợp"
    r"|hợp tác) (?:với|cùng)\b|\b(?:đơn vị|cơ quan) phối hợp\b)[^.;]{0,60}$"
)
# the victim's machine 203.0.113.58    máy nạn nhân có địa chỉ IP 203.0.113.58    infected hosts (203.0.113.58
# hacked the mail server of Example Ltd (mail.example, 203.0.113.58
_OF_VICTIM = any_case(
    r"(?:\b(?:victims?(?:'s|s'|’s)?|nạn nhân"
    r"|(?:máy|thiết bị|ip)\b[^.;:()]{0,40}\bbị (?:lây )?nhiễm(?: mã độc)?"
    r"|infected (?:hosts?|machines?|devices?|computers?|systems?|clients?))"
    r"(?: (?:hosts?|machines?|devices?|computers?|networks?|servers?|ips?|at|with|address(?:es)?|the|có"
    r"|địa chỉ|máy(?: chủ| tính)?|là|số)){0,4}\s{0,3}[(:]?\s{0,2}"
    r"|\b(?:(?:compromised|breached|hacked|broke into) (?:the|an?|its|their|our|one of)"
    r"|(?:xâm nhập|tấn công)(?: thành công)?(?: vào)?(?: các)? (?:máy chủ|hệ thống|website|cổng|trang|mạng)"
    r"(?=[^()]{0,60} của ))\b(?![^()]{0,80}\b(?:used|hosting|c2|c&c|phát tán|điều khiển)\b)"
    r"[^.;:()]{4,80}\((?:[^\s()]{4,100},\s)?)$"
)
# 203.0.113.58 is a scanner of a known project and can be ignored    203.0.113.58 là địa chỉ hợp lệ
# máy 203.0.113.58 của đơn vị kết nối tới máy chủ độc hại    203.0.113.58 là IP của mình    .. is our proxy
_OWN_SIDE = r"(?:quý )?(?:đơn vị|cơ quan|công ty|mình|chúng tôi|don vi|co quan|minh|chung toi|ours?\b|us\b)"
_MACHINE = any_case(
    r"\b(?:máy(?: chủ| tính| trạm)?|thiết bị|địa chỉ|ip|hosts?|machine|may(?: chu| tinh| tram)?)"
    r"(?: ip)?[ :(]{1,3}$"
)
_OF_US = any_case(rf"[)\s]{{1,3}}(?:của|thuộc|tại|cua|thuoc|tai) {_OWN_SIDE}")
# Máy trạm 203.0.113.58 gửi truy vấn    các máy tính của Sở Y tế (IP: 203.0.113.58) kết nối về    our sinkhole
# 203.0.113.58
_CLIENT = any_case(
    r"\b(?:(?:máy|thiết bị)(?: tính| trạm)?|workstation|laptop|endpoint)"
    r"(?: (?:của|tại|thuộc) [^.;:()]{2,60})?"
    r"[ (]{1,2}(?:(?:địa chỉ )?ip(?: (?:public|wan|nguồn))?[ :]{0,3})?$"
)
_ACTS = any_case(
    r"[)\s,]{1,3}(?:(?:đã|thường xuyên|liên tục|có) ){0,3}(?:gửi|kết nối|truy vấn|truy cập|tải|nhiễm|bị nhiễm"
    r"|contact|connect|quer|beacon|download|request|resolv|was infected|is infected)"
)
_OUR = any_case(
    r"\bour (?:own )?(?:sinkholes?|scanners?|honeypots?|sensors?|prox(?:y|ies)|servers?|gateways?|resolvers?"
    r"|networks?|hosts?|machines?)(?: (?:at|is|are))?[ :(]{1,3}$"
)
_IS_OURS = any_case(
    rf"\s{{1,3}}(?:là|la|is|are) (?:our|(?:[^\W\d_]{{1,8}} ){{0,4}}(?:của|cua|thuộc|of) {_OWN_SIDE})"
)
_CLEARED = any_case(
    r"[^.;:]{0,80}?(?:\b(?:can|may|should) (?:safely )?be (?:safely )?(?:ignored|disregarded|excluded)\b"
    r"|\b(?:is|are|was|were) (?:an? |known |likely |probably ){0,3}(?:benign|legitimate|harmless"
    r"|false positives?)\b(?![- ]look|[^.;]{0,60}\b(?:hacked|compromised|abused|hijacked|infected)\b)"
    r"|\bcó thể bỏ qua\b"
    r"|\blà (?:các |một )?(?:(?:địa chỉ|tên miền|máy chủ|trang|dịch vụ|ip) ){0,2}"
    r"(?:hợp lệ|hợp pháp|lành tính|không độc hại)\b"
    r"(?![^.;]{0,60} (?:bị (?:tấn công|chiếm|lợi dụng|xâm)|giả mạo)))"
)
_RECOMMENDED_WORDS = vocabulary("recommended")


RULES = (
    Rule("sigma_filter", ALL, LINE, lambda found: found.line.prose.filtered, refusals.ALLOWED, 10,
        accepted=["detection:\n    selection:\n        DestinationHostname: evil-a.site"],
        refused=["detection:\n    filter_main:\n        DestinationHostname: good-a.site"]),
    Rule("query_excludes", ALL, WRITTEN,
        lambda found: is_excluded(found.text, found.start) or found.token.startswith("!"), refusals.ALLOWED,
        30, accepted=['dest_ip IN ("203.0.113.58"', "host NOT IN ('good-a.site') OR host = 'evil-a.site"],
        refused=['RemoteUrl !in ("a.example", "good-a.site', 'NOT query="good-a.site',
            "host NOT IN ('good-a.site"]),
    Rule("let_pass", NO_DIGESTS, WRITTEN, near(_LET_PASS, 192), refusals.ALLOWED, 46,
        accepted=["Please block evil-a.site"],
        refused=["Please allow good-a.site", "Không chặn good-a.site và 203.0.113.58"]),
    Rule("open_clause", ALL, LINE, lambda found: 0 < found.line.excluded > found.start, refusals.ALLOWED, 97,
        accepted=["let excluded = dynamic([\n'good-a.site'\n])\nevil-a.site"],
        refused=["let excluded = dynamic([\n'good-a.site'", "WHITELIST = [\n'good-a.site',\n'good-b.site'"]),
    Rule("lets_through", ALL, COMMAND, is_allowing_command, refusals.ALLOWED, 10,
        accepted=["-A INPUT -s 203.0.113.58/32 -j DROP", "deny 203.0.113.58;"],
        refused=["-A INPUT -s 203.0.113.58/32 -j ACCEPT", "ufw allow from 203.0.113.58"]),
    Rule("own_setting", ALL, COMMAND,
        lambda line: len(line) <= 400 and line[:1] in _STARTS and _SETTING.fullmatch(line),
        refusals.OWN_CLIENT, 20, accepted=["server 203.0.113.58"],
        refused=["nameserver 203.0.113.58", "ip name-server 203.0.113.58", "forward-addr: 203.0.113.58"]),
    Rule("said_exception", ALL, STATEMENT,
        lambda stated: stated.key in _EXCEPTIONS or (stated.heading in FLAGS and stated.key in _YES),
        refusals.ALLOWED, 10,
        accepted=["domain,note\nevil-a.site,blocklist", "domain,false positive\nevil-a.site,no"],
        refused=["domain,note\ngood-a.site,whitelist", "domain,false positive\ngood-a.site,yes",
            "203.0.113.58 # whitelist"]),
    Rule("said_benign", ALL, STATEMENT,
        lambda stated: stated.key in _BENIGN or (stated.heading in VERDICT_KEYS and stated.key in _VERDICTS)
        or (stated.heading in BLAMES and stated.key in _NO), refusals.BENIGN, 20,
        accepted=["domain,verdict\nevil-a.site,malicious", "domain,note\nevil-a.site,clean"],
        refused=["domain,verdict\ngood-a.site,clean", "good-a.site (legitimate)",
            "domain,malicious\ngood-a.site,no"]),
    Rule("not_for_detection", ALL, STATEMENT, lambda stated: stated.heading == DETECTS and stated.key in _NO,
        refusals.NOT_FOR_DETECTION, 40, accepted=["domain,to_ids\nevil-a.site,1"],
        refused=["domain,to_ids\ngood-a.site,0"]),
    Rule("said_victim", ALL, STATEMENT, lambda stated: stated.key in _VICTIM, refusals.VICTIM, 50,
        accepted=["ip,role\n203.0.113.58,c2"],
        refused=["ip,role\n203.0.113.58,victim", "ip,ghi chú\n203.0.113.58,máy bị nhiễm"]),
    Rule("victims_column", ALL, CELL, lambda cell: cell.field is Field.VICTIM, refusals.VICTIM, 10,
        accepted=["c2 ip,threat\n203.0.113.58,Mirai"],
        refused=["victim ip,threat\n203.0.113.58,Mirai", '{"victim": "203.0.113.58", "threat": "Mirai"}']),
    Rule("recommended_resolver", NO_DIGESTS, WRITTEN, near(_RECOMMENDED, 192), refusals.RECOMMENDED, 47,
        accepted=["The malware sets the DNS to 203.0.113.53", "Do not use the resolver 203.0.113.53"],
        refused=["We recommend the resolver 203.0.113.53", "Đề nghị các đơn vị dùng DNS 203.0.113.53",
            "Đề nghị đơn vị làm theo hướng dẫn tại https://ncsc.gov.vn và sử dụng DNS 203.0.113.53"]),
    Rule("partner", NAMES, WRITTEN, near(_PARTNER, 192), refusals.RECOMMENDED, 47,
        accepted=["The botnet uses evil-a.site"],
        refused=["Thanks to our partner Example Ltd (partner-a.site"]),
    Rule("of_a_victim", NO_DIGESTS, WRITTEN, near(_OF_VICTIM, 192), refusals.VICTIM, 48,
        accepted=["Máy bị nhiễm kết nối tới 203.0.113.58", "The victim's machine asked evil-a.site",
            "The infected hosts contact 203.0.113.58", "Victims are sent to evil-a.site (203.0.113.58",
            "They hacked the sites of others, used as C2 (evil-b.site, evil-a.site",
            "Compromised sites deliver it (evil-a.site", "Tên miền bị nhiễm mã độc: evil-a.site",
            "Các địa chỉ tham gia tấn công mạng (203.0.113.58",
            "Nhóm tấn công APT sử dụng máy chủ riêng (evil-a.site"],
        refused=["It came from the victim's machine 203.0.113.58", "Máy nạn nhân có địa chỉ IP 203.0.113.58",
            "Đã xâm nhập máy chủ thư của đơn vị (mail.unit-a.site",
            "They compromised the mail server of Example Ltd (mail.unit-a.site, 203.0.113.58"]),
    Rule("own_machine", NO_DIGESTS, WRITTEN,
        lambda found: _IS_OURS.match(found.text, found.end)
        or (_MACHINE.search(found.near) and _OF_US.match(found.text, found.end))
        or (_CLIENT.search(found.near) and _ACTS.match(found.text, found.end)) or _OUR.search(found.near),
        refusals.VICTIM, 50,
        accepted=["Máy của đơn vị kết nối tới 203.0.113.58", "203.0.113.58 là máy chủ của nhóm tấn công",
            "Máy chủ 203.0.113.58 gửi lệnh tới máy nạn nhân"],
        refused=["Ghi nhận máy 203.0.113.58 của đơn vị kết nối tới máy chủ độc hại",
            "203.0.113.58 la ip cua minh, dung block", "203.0.113.58 is our proxy",
            "Our sinkhole 203.0.113.58", "Máy trạm 203.0.113.58 gửi truy vấn DNS",
            "phát hiện các máy tính của Sở Y tế (IP Public: 203.0.113.58) thường xuyên kết nối ra ngoài"]),
    Rule("cleared", NO_DIGESTS, WRITTEN, lambda found: _CLEARED.match(found.text, found.end), refusals.BENIGN,
        49, accepted=["They use evil-a.site, which is not benign",
            "evil-a.site is a legitimate site that was hacked to deliver it",
            "evil-a.site là trang hợp pháp của một công ty bị tấn công",
            "evil-a.site is a legitimate-looking page of theirs"],
        refused=["We saw 203.0.113.58 too, it is a scanner and can be ignored",
            "Ghi nhận 203.0.113.58 là địa chỉ hợp lệ của đơn vị"]),
    Rule("public_resolver", ADDRESS, WRITTEN, lambda found: not found.line.alone and found.value in RESOLVERS,
        refusals.WELL_KNOWN, 60, accepted=["8.8.8.8", "It asks 203.0.113.53"], refused=["It asks 8.8.8.8"]),
    Rule("said_recommended", ALL, STATEMENT, lambda stated: stated.key in _RECOMMENDED_WORDS,
        refusals.RECOMMENDED, 30, accepted=["ip,role\n203.0.113.53,resolver of the botnet"],
        refused=["ip,role\n203.0.113.53,recommended resolver", "ip,vai trò\n203.0.113.53,đối tác"]),
)  # fmt: skip
