"""Lists with a line or two a value, each declared by its lines.

FortiGate's threat feeds (FortiOS Administration Guide, "Threat feeds") and Palo Alto Networks' external
dynamic lists (PAN-OS Administrator's Guide, "Formatting Guidelines for an External Dynamic List", "URL
category exceptions"): a name is the whole site, `*.name` all below it; a URL has no scheme. An entry that
ends in a name gets a `/`, as otherwise `evil.com` would also match `evil.com.other.example`. `^` and `*` are
tokens in a dynamic list, so URLs with them cannot be written.

Resolvers: Adblock syntax, for Pi-hole (since FTL 5.22) and AdGuard Home
(https://adguard-dns.io/kb/general/dns-filtering-syntax/); dnsmasq (dnsmasq(8), `--address`: an empty address
answers NXDOMAIN), by `conf-file=/etc/dnsmasq.d/lamsach.conf`; hosts(5), without names below a name; Unbound's
local zones (unbound.conf(5), `local-zone`), by `include: "/etc/unbound/lamsach.conf"` in the section
`server:`.

Sensors: ClamAV's hash signatures (https://docs.clamav.net/manual/Signatures/HashSignatures.html), size
unknown; Wazuh's CDB lists (https://documentation.wazuh.com/current/user-manual/ruleset/cdb-list.html), which
have no comments, so that the stamp is the value of a key that is in no log; Zeek's intelligence framework
(https://docs.zeek.org/en/master/frameworks/intel.html): `redef Intel::read_files += { "lamsach.intel" };`.
"""

from __future__ import annotations

from typing import Any

from lamsach.indicators.values.names import split_url
from lamsach.indicators.writers.base import SYNTAX, Writer, safe_ascii_words, safe_words, slug, wire_form
from lamsach.model import Indicator, IndicatorType
from lamsach.model.indicator_types import BY_TYPE

_FORTIGATE: dict[str, Any] = {"most_entries": 131_072, "part_bytes": 10_000_000 - 1_000}
"""Limits of one FortiGate threat feed, without the stamp.

FortiOS Administration Guide, "External resources file format": 10 MB or 128 × 1,024 entries.
"""
_PALO_ALTO: dict[str, Any] = {"most_entries": 50_000}
"""Limits of Palo Alto Networks' smallest firewalls ("External Dynamic List": entries by model)."""


def _value(item: Indicator) -> str:
    return f"{item.value}\n"


def _site(item: Indicator, end: str = "") -> str:
    if item.type is IndicatorType.DOMAIN:
        return f"{item.value}{end}\n*.{item.value}{end}\n"
    _, host, rest = split_url(wire_form(item.value))
    return f"{host}{rest or '/'}\n"


def _note(item: Indicator) -> str:
    threat = safe_words(item.threat)
    return f" # {threat}" if threat else ""


def _signature(item: Indicator) -> str:
    """Return a signature; functionality level 73 is the first with a `*` size."""
    return f"{item.value}:*:Lamsach.{slug(safe_ascii_words(item.threat, 60)) or 'Listed'}:73\n"


def _wazuh(item: Indicator) -> str:
    key = f'"{item.value}"' if ":" in item.value else item.value
    return f"{key}:{safe_ascii_words(item.threat).replace(':', ' ')}\n"


def _zeek(item: Indicator) -> str:
    value = wire_form(item.value) if item.type is IndicatorType.URL else item.value
    cells = (
        value.partition("://")[2] or value,
        f"Intel::{BY_TYPE[item.type].zeek.upper()}",
        _column(item.source) or "lamsach",
        _column(item.threat) or "-",
    )
    return "\t".join(cells) + "\n"


def _column(text: str | None) -> str:
    """Return words for a Zeek column; a lone `-` would mean unset, which a source must not be."""
    column = safe_words(text)
    return "" if column == "-" else column


LINE_LISTS = (
    # Every kind of value.
    Writer("text", "Plain text", ".txt", _value),
    # A listed name and all below it.
    Writer("adblock", "Pi-hole and AdGuard Home filter list", ".txt", lambda item: f"||{item.value}^\n",
        comment="! "),
    # A listed name and all below it do not exist.
    Writer("dnsmasq", "dnsmasq (also OpenWrt)", ".conf", lambda item: f"address=/{item.value}/\n"),
    # A listed name leads nowhere.
    Writer("hosts", "hosts file", ".txt", lambda item: f"0.0.0.0 {item.value}{_note(item)}\n",
        facts=frozenset({"threat"})),
    # A listed name and all below it do not exist.
    Writer("unbound", "Unbound local zones", ".conf",
        lambda item: f'local-zone: "{item.value}." always_nxdomain{_note(item)}\n', head="server:\n",
        facts=frozenset({"threat"})),
    # For `config system external-resource`, `set type address`.
    Writer("fortigate_address", "FortiGate threat feed: addresses", ".txt", _value, **_FORTIGATE),
    # For `config system external-resource`, `set type domain`, used in a DNS filter.
    Writer("fortigate_domain", "FortiGate threat feed: domains", ".txt", _site, **_FORTIGATE),
    # For `config system external-resource`, `set type category`, used in a web filter.
    Writer("fortigate_url", "FortiGate threat feed: URLs", ".txt", _site, **_FORTIGATE),
    # Type *IP List*.
    Writer("edl", "Palo Alto external dynamic list: addresses", ".txt", _value, **_PALO_ALTO),
    # Type *Domain List*: a name, and `*.name` for those below it.
    Writer("edl_domain", "Palo Alto external dynamic list: domains", ".txt", _site, **_PALO_ALTO),
    # Type *URL List*. A wildcard's sign cannot be quoted.
    Writer(
        "edl_url", "Palo Alto external dynamic list: URLs", ".txt", lambda item: _site(item, "/"),
        lost=lambda item: SYNTAX if item.type is IndicatorType.URL and "*" in item.value else None,
        **_PALO_ALTO),
    # For a file `lamsach.hdb` in the database folder.
    Writer("clamav_hdb", "ClamAV signatures (MD5)", ".hdb", _signature),
    # For a file `lamsach.hsb` in the database folder.
    Writer("clamav_hsb", "ClamAV signatures (SHA-1, SHA-256)", ".hsb", _signature),
    # Looked up by `list` rules: whole names, single addresses, hashes.
    Writer("wazuh", "Wazuh CDB list", ".cdb.txt", _wazuh, comment="lamsach-list:"),
    # Tab-separated, with source and threat as notes. Zeek compares whole names, and URLs without their
    # scheme.
    Writer("zeek", "Zeek intelligence file", ".intel", _zeek,
        head="#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\n", facts=frozenset({"threat"})),
)  # fmt: skip
