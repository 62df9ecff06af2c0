"""Lists with a line or two a value, each declared by its lines.

FortiGate's threat feeds (FortiOS Administration Guide, "Threat feeds") and Palo Alto Networks' external
dynamic lists (PAN-OS Administrator's Guide, "Formatting Guidelines for an External Dynamic List", "URL
category exceptions"): a name is the whole site, `*.name` what is below it; a URL has no scheme. An entry that
ends in a name is given `/`, for without it `evil.com` would also match `evil.com.other.example`. `^` and `*`
are tokens in a dynamic list, so a URL that holds them cannot be written.

Resolvers: Adblock syntax, as Pi-hole (since FTL 5.22) and AdGuard Home take it
(https://adguard-dns.io/kb/general/dns-filtering-syntax/); dnsmasq (dnsmasq(8), `--address`: an address left
empty answers NXDOMAIN), by `conf-file=/etc/dnsmasq.d/lamsach.conf`; hosts(5), which knows no names below a
name; Unbound's local zones (unbound.conf(5), `local-zone`), by `include: "/etc/unbound/lamsach.conf"` in the
section `server:`.

Sensors: ClamAV's hash signatures (https://docs.clamav.net/manual/Signatures/HashSignatures.html), the size
unknown; Wazuh's CDB lists (https://documentation.wazuh.com/current/user-manual/ruleset/cdb-list.html), which
have no comments, so that the stamp is the value of a key that no log holds; Zeek's intelligence framework
(https://docs.zeek.org/en/master/frameworks/intel.html): `redef Intel::read_files += { "lamsach.intel" };`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from lamsach.indicators.values.urls import split_url
from lamsach.indicators.writers.base import SYNTAX, LineList
from lamsach.indicators.writers.safety import ascii_words, slug, wire, words
from lamsach.model import Indicator, IndicatorType
from lamsach.model.indicator_types import BY_TYPE

_FORTIGATE: dict[str, Any] = {"most_entries": 131_072, "part_bytes": 10_000_000 - 1_000}
"""What FortiGate takes of one threat feed, without the stamp.

FortiOS Administration Guide, "External resources file format": 10 MB or 128 × 1,024 entries.
"""
_PALO_ALTO: dict[str, Any] = {"most_entries": 50_000}
"""What the smallest firewalls of Palo Alto Networks take of one kind of list.

PAN-OS Administrator's Guide, "External Dynamic List": entries by model.
"""


def _listed(
    name: str, title: str, doc: str, line: Callable[[Indicator], str] = LineList.line, **said: Any
) -> type[LineList]:
    """The writer of a list whose values are lines; `said` are further members of `Writer`."""
    members = {
        "__module__": __name__,
        "name": name,
        "title": title,
        "__doc__": doc,
        "line": staticmethod(line),
    }
    return cast("type[LineList]", type(name, (LineList,), members | said))


def _and_below(item: Indicator) -> str:
    return f"{item.value}\n*.{item.value}\n"


def _host_and_path(item: Indicator) -> str:
    _, host, rest = split_url(wire(item.value))
    return f"{host}{rest or '/'}\n"


def _feed_url(item: Indicator) -> str:
    return _and_below(item) if item.type is IndicatorType.DOMAIN else _host_and_path(item)


def _edl_url(item: Indicator) -> str:
    if item.type is IndicatorType.DOMAIN:
        return f"{item.value}/\n*.{item.value}/\n"
    return _host_and_path(item)


def _edl_lost(self: LineList, item: Indicator) -> str | None:
    """A wildcard's sign cannot be quoted."""
    return SYNTAX if item.type is IndicatorType.URL and "*" in item.value else None


def _note(item: Indicator) -> str:
    said = words(item.threat)
    return f" # {said}" if said else ""


def _signature(item: Indicator) -> str:
    """Functionality level 73 is the first that knows `*`."""
    return f"{item.value}:*:Lamsach.{slug(ascii_words(item.threat, 60)) or 'Listed'}:73\n"


def _wazuh(item: Indicator) -> str:
    key = f'"{item.value}"' if ":" in item.value else item.value
    return f"{key}:{ascii_words(item.threat).replace(':', ' ')}\n"


def _zeek(item: Indicator) -> str:
    value = wire(item.value) if item.type is IndicatorType.URL else item.value
    cells = (
        value.partition("://")[2] or value,
        f"Intel::{BY_TYPE[item.type].zeek.upper()}",
        _column(item.source) or "lamsach",
        _column(item.threat) or "-",
    )
    return "\t".join(cells) + "\n"


def _column(text: str | None) -> str:
    """Words for a column of Zeek's; a lone `-` would say that it is not set, which a source must be."""
    said = words(text)
    return "" if said == "-" else said


LINE_LISTS = (
    _listed("text", "Plain text", "Every kind of value."),
    _listed(
        "adblock",
        "Pi-hole and AdGuard Home filter list",
        "A listed name and all below it.",
        lambda item: f"||{item.value}^\n",
        comment="! ",
    ),
    _listed(
        "dnsmasq",
        "dnsmasq (also OpenWrt)",
        "A listed name and all below it do not exist.",
        lambda item: f"address=/{item.value}/\n",
        suffix=".conf",
    ),
    _listed(
        "hosts",
        "hosts file",
        "A listed name leads nowhere.",
        lambda item: f"0.0.0.0 {item.value}{_note(item)}\n",
        facts=frozenset({"threat"}),
    ),
    _listed(
        "unbound",
        "Unbound local zones",
        "A listed name and all below it do not exist.",
        lambda item: f'local-zone: "{item.value}." always_nxdomain{_note(item)}\n',
        head="server:\n",
        suffix=".conf",
        facts=frozenset({"threat"}),
    ),
    _listed(
        "fortigate_address",
        "FortiGate threat feed: addresses",
        "For `config system external-resource`, `set type address`.",
        **_FORTIGATE,
    ),
    _listed(
        "fortigate_domain",
        "FortiGate threat feed: domains",
        "For `config system external-resource`, `set type domain`, used in a DNS filter.",
        _and_below,
        **_FORTIGATE,
    ),
    _listed(
        "fortigate_url",
        "FortiGate threat feed: URLs",
        "For `config system external-resource`, `set type category`, used in a web filter.",
        _feed_url,
        **_FORTIGATE,
    ),
    _listed("edl", "Palo Alto external dynamic list: addresses", "Type *IP List*.", **_PALO_ALTO),
    _listed(
        "edl_domain",
        "Palo Alto external dynamic list: domains",
        "Type *Domain List*: a name, and `*.name` for those below it.",
        _and_below,
        **_PALO_ALTO,
    ),
    _listed(
        "edl_url",
        "Palo Alto external dynamic list: URLs",
        "Type *URL List*.",
        _edl_url,
        lost=_edl_lost,
        **_PALO_ALTO,
    ),
    _listed(
        "clamav_hdb",
        "ClamAV signatures (MD5)",
        "For a file `lamsach.hdb` in the database folder.",
        _signature,
        suffix=".hdb",
    ),
    _listed(
        "clamav_hsb",
        "ClamAV signatures (SHA-1, SHA-256)",
        "For a file `lamsach.hsb` in the database folder.",
        _signature,
        suffix=".hsb",
    ),
    _listed(
        "wazuh",
        "Wazuh CDB list",
        "Looked up by `list` rules: whole names, single addresses, hashes.",
        _wazuh,
        comment="lamsach-list:",
        suffix=".cdb.txt",
    ),
    _listed(
        "zeek",
        "Zeek intelligence file",
        "Tab-separated, with source and threat as notes. Zeek compares whole names, and URLs "
        "without their scheme.",
        _zeek,
        head="#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\n",
        suffix=".intel",
        facts=frozenset({"threat"}),
    ),
)
