"""Lines of firewalls and web servers that let an address through: what they name is an exception and no indicator.

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
    r"|set\s+(?:shared\s+)?external-list\s.{1,400}",
    re.IGNORECASE,
)


def lets_through(line: str) -> bool:
    """Whether a line is a command that lets through what it names, or that fetches a list from there."""
    return len(line) <= 1000 and line[:1] in "-@AaIiPpRrSs0123456789" and _COMMAND.fullmatch(line) is not None
