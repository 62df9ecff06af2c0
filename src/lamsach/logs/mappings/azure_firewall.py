"""The sentences of Azure Firewall's diagnostic log: `TCP request from 10.1.0.4:51000 to 203.0.113.9:443. Action: Deny.`

Source: https://learn.microsoft.com/azure/firewall/diagnostic-logs (`AzureFirewallNetworkRule`, `AzureFirewallApplicationRule`, `AzureFirewallDnsProxy`,
the legacy logs that carry a sentence in `properties.msg`). What the newer `AZFW..` tables state has keys of its own.
"""

from __future__ import annotations

import re

MARK = '"AzureFirewall'
"""Stands in the category of every such record."""
_END = r"\[?([0-9A-Fa-f.:]{3,45}?)\]?"
# TCP request from 10.1.0.4:51000 to 203.0.113.9:443. Action: Deny.   HTTPS request from 10.1.0.4:51000 to c2.example:443. Url: c2.example/a. Action: Deny.
# UDP request from 203.0.113.9:4000 to 198.51.100.7:53 was DNAT'ed to 10.1.0.5:53    ICMP Type=8 request from 10.1.0.4: to 203.0.113.9:. Action: Allow.
_REQUEST = re.compile(
    rf"(?P<protocol>[A-Za-z]{{2,10}})(?: Type=\d{{1,3}})? request from {_END}:(\d{{0,5}}) to \[?([^\s\]]{{1,253}}?)\]?:(\d{{0,5}})(?=[.,/ ]|$)",
    re.ASCII,
)
_URL = re.compile(r"\bUrl: (\S{1,2048}?)[.,]?(?: |$)", re.ASCII)
_ACTION = re.compile(r"\bAction: (\w{2,20})", re.ASCII)
# DNS Request: 10.1.0.4:51000 - 4711 A IN c2.example. udp 40 false 512 NOERROR qr,rd,ra 56 0.012s
_QUESTION = re.compile(
    rf"DNS Request: {_END}:(\d{{1,5}}) - \d{{1,5}} \w{{1,10}} \w{{2}} (\S{{1,255}}) ", re.ASCII
)


def values_of(sentence: str) -> dict[str, list[str]]:
    """Return what a sentence states, by the fields of `column_names`; nothing for one of another kind."""
    asked = _QUESTION.match(sentence)
    if asked:
        return {"source": [asked[1]], "source_port": [asked[2]], "query": [asked[3]]}
    request = _REQUEST.match(sentence)
    if request is None:
        return {}
    _, source, source_port, destination, destination_port = request.groups()
    url, action = _URL.search(sentence), _ACTION.search(sentence)
    values = {
        "source": source,
        "source_port": source_port,
        "destination": destination,
        "destination_port": destination_port,
        "url": url[1] if url else "",
        "action": action[1] if action else "",
    }
    return {field: [value] for field, value in values.items() if value}
