"""Lines of firewalls and web servers that let an address through, or set up the own network: what they name is no indicator.

Only whole commands are known, by their first words or their verdict; a sentence (`allow 203.0.113.5 to ..`) is none.
"""

from __future__ import annotations

import re

_ADDRESS = r"[0-9a-fA-F][0-9a-fA-F.:]{2,44}(?:/\d{1,3})?"
_COMMAND = re.compile(
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
    r"|(?:sudo\s+)?ufw\s+allow\s.{1,400}|netsh\s.{1,400}\saction=(?:allow|bypass)\b.{0,400}|pass\s+(?:in|out|quick)\s.{1,400}|add\s+\S{1,64}\s.{1,200}\snomatch",
    re.IGNORECASE,
)
_SETTING = re.compile(
    # ip name-server 203.0.113.5    logging host 203.0.113.5    neighbor 203.0.113.5 remote-as 64500    (Cisco)
    r"(?:no\s+)?(?:ip\s+name-server|ip\s+domain[ -]lookup|ntp\s+(?:server|peer)|logging\s+(?:host|server|trap|source)?|snmp-server\s+host|tacacs-server|radius-server|ip(?:v6)?\s+address|ip\s+default-gateway"
    r"|ip\s+route\s+0\.0\.0\.0\s+0\.0\.0\.0|neighbor|router-id|aaa\s)\s.{1,300}"
    # set system name-server 203.0.113.5    (Junos)    nameserver 203.0.113.5    (resolv.conf)
    r"|set\s+system\s+(?:name-server|ntp|syslog|radius-server|tacplus-server)\s.{1,300}|nameserver\s+\S{2,60}"
    # dns_nameservers 203.0.113.5    cache_peer 203.0.113.5 parent 3128 0    (Squid)    forward-addr: 203.0.113.5    local-data-ptr: ".."    (Unbound)
    r"|(?:dns_nameservers|cache_peer|http_port|visible_hostname)\s.{1,300}|(?:forward-addr|forward-host|stub-addr|local-data-ptr|access-control|interface|outgoing-interface):\s.{1,300}",
    re.IGNORECASE,
)
_FIRST = frozenset("-@AaCcDdFfHhIiLlNnOoPpRrSsTtUuVv0123456789")


def lets_through(line: str) -> bool:
    """Whether a line is a command that lets through what it names, or that fetches a list from there."""
    return len(line) <= 1000 and line[:1] in _FIRST and _COMMAND.fullmatch(line) is not None


def sets_own(line: str) -> bool:
    """Whether a line of a configuration names the own network's machines: its name servers, its neighbours, its interfaces."""
    return len(line) <= 400 and line[:1] in _FIRST and _SETTING.fullmatch(line) is not None
