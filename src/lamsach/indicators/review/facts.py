"""Sources of the review's facts, each with the name and date of its list.

Small files of ours, the public suffix list, and the MISP project's warning lists
(`data/LICENSE.warning_lists`; `make carried` updates them).
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from ipaddress import ip_network
from typing import NamedTuple

from lamsach.indicators.values.addresses import Span, bits, span
from lamsach.indicators.values.names import private_rules, to_ascii_domain
from lamsach.model.indicator_types import DIGESTS, FORMS


class Level(StrEnum):
    """Danger of a value, and its consequence.

    `dangerous`: blocking it would cut the unit off from what it needs, so it is blocked only after a
    decision; a contact proves nothing. `doubtful`: it may hit others than intended; a contact proves nothing.
    `notable`: worth knowing before blocking it; blocking it is right, and a contact counts.
    """

    DANGEROUS = "dangerous"
    DOUBTFUL = "doubtful"
    NOTABLE = "notable"


class Kind(StrEnum):
    """Kinds of concerns."""

    OWN = "own"
    GOVERNMENT = "government"
    REGISTRY = "registry"
    BANK = "bank"
    RESOLVER = "public_resolver"
    TOP_SITE = "top_site"
    UPDATES = "updates"
    CERTIFICATES = "certificates"
    TIME = "time_server"
    SUFFIX = "public_suffix"
    BOGON = "bogon"
    WIDE = "wide_network"
    CDN = "cdn"
    CLOUD = "cloud"
    SHARED_HOSTING = "shared_hosting"
    DYNAMIC_DNS = "dynamic_dns"
    TENANT = "tenant"
    SINKHOLE = "sinkhole"
    SHORTENER = "shortener"
    HARMLESS_FILE = "harmless_file"
    HOMOGRAPH = "homograph"
    DISAGREE = "disagreement"


REASONS: dict[Kind, str] = {
    Kind.OWN: "This is, or holds, an address or a name of the own network.",
    Kind.GOVERNMENT: "This is, or holds, a name of a state body.",
    Kind.REGISTRY: "This is, or holds, a name or server of a registry of the Internet, such as VNNIC or a "
    "root server.",
    Kind.BANK: "This is, or holds, a name of a bank or payment service.",
    Kind.RESOLVER: "This is, or holds, a public name server: many machines ask it for good reasons.",
    Kind.TOP_SITE: "This is, or holds, one of the most visited sites.",
    Kind.UPDATES: "This is, or holds, a host that systems and antivirus programs fetch their updates from.",
    Kind.CERTIFICATES: "This is, or holds, a host that programs ask whether a certificate is still valid "
    "(OCSP, CRL).",
    Kind.TIME: "This is, or holds, a time server: machines set their clocks by it.",
    Kind.SUFFIX: "Everybody's names are under this one.",
    Kind.BOGON: "The addresses are private or reserved, or the name is internal: they name other machines "
    "in every network.",
    Kind.WIDE: "The network is very large.",
    Kind.CDN: "The addresses belong to a content network: thousands of sites share them.",
    Kind.CLOUD: "The addresses belong to a cloud: their user changes often.",
    Kind.SHARED_HOSTING: "The service is shared by many: narrow it to the address of what is meant.",
    Kind.DYNAMIC_DNS: "The name belongs to a service of changing names: narrow it to the name that is meant.",
    Kind.TENANT: "The name belongs to one user of a service that many share, and may pass to another: give "
    "it an end.",
    Kind.SINKHOLE: "Defenders run this address to count infected machines: a contact is a hit, but blocking "
    "it blinds them.",
    Kind.SHORTENER: "The service shortens links for everybody: narrow it to the link that is meant.",
    Kind.HARMLESS_FILE: "The file is a known harmless one.",
    Kind.HOMOGRAPH: "The name is written with letters that look like another name: make sure which one is "
    "meant.",
    Kind.DISAGREE: "Rows of the lists disagree about this value.",
}


@dataclass(frozen=True, slots=True)
class Concern:
    """One concern. `about` is the known name, network or statement; `source` the list and its date."""

    kind: Kind
    level: Level
    about: str = ""
    source: str = ""

    @property
    def reason(self) -> str:
        """Return the sentence for people."""
        return REASONS[self.kind]


class Meaning(NamedTuple):
    """Meaning of a list's entries. `level`: of an entry and its holders; `within`: of all below it."""

    kind: Kind
    level: Level
    within: Level


_DANGEROUS, _DOUBTFUL, _NOTABLE = Level.DANGEROUS, Level.DOUBTFUL, Level.NOTABLE

OWN_FILES: dict[str, Meaning] = {
    "government": Meaning(Kind.GOVERNMENT, _DANGEROUS, _DANGEROUS),
    "registry": Meaning(Kind.REGISTRY, _DANGEROUS, _DANGEROUS),
    "banks": Meaning(Kind.BANK, _DANGEROUS, _DANGEROUS),
    "updates": Meaning(Kind.UPDATES, _DANGEROUS, _DANGEROUS),
    "certificates": Meaning(Kind.CERTIFICATES, _DANGEROUS, _DANGEROUS),
    "time_servers": Meaning(Kind.TIME, _DANGEROUS, _DANGEROUS),
    "public_resolvers": Meaning(Kind.RESOLVER, _DANGEROUS, _DANGEROUS),
    "top_sites": Meaning(Kind.TOP_SITE, _DANGEROUS, _DOUBTFUL),
    "shared_hosting": Meaning(Kind.SHARED_HOSTING, _DANGEROUS, _NOTABLE),
    "dynamic_dns": Meaning(Kind.DYNAMIC_DNS, _DANGEROUS, _NOTABLE),
    "cdn": Meaning(Kind.CDN, _DANGEROUS, _DOUBTFUL),
}
"""Our files in `data`: a value a line, `# source:`, `# date:`. The first that knows a name wins."""

PRIVATE_SUFFIXES = Meaning(Kind.SHARED_HOSTING, _DANGEROUS, _NOTABLE)
"""The public suffix list's second part: names that companies give away subdomains of."""

WARNING_LISTS: dict[str, Meaning] = {
    name: meaning
    for names, meaning in (
        ("bank-website", Meaning(Kind.BANK, _DANGEROUS, _DANGEROUS)),
        ("dynamic-dns", Meaning(Kind.DYNAMIC_DNS, _DANGEROUS, _NOTABLE)),
        ("lots-project link-in-bio", Meaning(Kind.SHARED_HOSTING, _DANGEROUS, _NOTABLE)),
        ("url-shortener", Meaning(Kind.SHORTENER, _DANGEROUS, _NOTABLE)),
        ("microsoft-win10-connection-endpoints", Meaning(Kind.UPDATES, _DANGEROUS, _DOUBTFUL)),
        (
            "microsoft-office365 microsoft google captive-portals tranco10k",
            Meaning(Kind.TOP_SITE, _DANGEROUS, _DOUBTFUL),
        ),
        ("public-dns-v4 public-dns-v6", Meaning(Kind.RESOLVER, _DOUBTFUL, _DOUBTFUL)),
        ("cloudflare fastly akamai stackpath", Meaning(Kind.CDN, _DANGEROUS, _DOUBTFUL)),
        ("microsoft-office365-ip apple", Meaning(Kind.TOP_SITE, _DANGEROUS, _DOUBTFUL)),
        ("parking-domain ovh-cluster", Meaning(Kind.SHARED_HOSTING, _DOUBTFUL, _DOUBTFUL)),
        ("amazon-aws google-gcp microsoft-azure github zscaler", Meaning(Kind.CLOUD, _DOUBTFUL, _NOTABLE)),
        ("sinkholes", Meaning(Kind.SINKHOLE, _NOTABLE, _NOTABLE)),
        ("common-ioc-false-positive empty-hashes", Meaning(Kind.HARMLESS_FILE, _DOUBTFUL, _DOUBTFUL)),
    )
    for name in names.split()
}
"""Warning lists in use (https://github.com/MISP/misp-warninglists) by folder, best informed first."""


class Fact(NamedTuple):
    """One known value in its list's spelling, with its meaning and source."""

    value: str
    meaning: Meaning
    source: str


def own_facts() -> Iterator[Fact]:
    """Yield the facts of our own files."""
    for name, meaning in OWN_FILES.items():
        text = (files("lamsach.indicators.review") / "data" / f"{name}.txt").read_text(encoding="utf-8")
        date = next(
            line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("# date:")
        )
        for line in text.splitlines():
            if line and not line.startswith("#"):
                yield Fact(line, meaning, f"{name} {date}")


def suffix_facts() -> Iterator[Fact]:
    """Yield names under which companies give away subdomains; `*.` is any direct subdomain."""
    for rule in private_rules():
        yield Fact(rule, PRIVATE_SUFFIXES, "publicsuffix.org")


def without_www(name: str) -> str:
    """Strip the `www` that means the same site."""
    return name.removeprefix("www.") if name.count(".") > 1 else name


def name_key(name: str) -> str:
    """Return a name's key: reversed, so that subdomains are adjacent (`.moc.elpmaxe`)."""
    return f".{name[::-1]}"


def network_key(network: Span) -> str:
    """Return the key of a network, by first address (`4c0000200/24`); an address's has no length."""
    address_bits = bits(network.version)
    length = "" if network.length == address_bits else f"/{network.length}"
    return f"{network.version}{network.first:0{address_bits // 4}x}{length}"


def key_of(value: str) -> str | None:
    """Return the key of a name (`www` omitted), an address, a network or (`#`) a hash; None for others."""
    value = value.strip().strip(".")
    if ":" in value or value[-1:].isdigit():
        try:
            return network_key(span(str(ip_network(value, strict=False)) if "/" in value else value))
        except ValueError:
            pass
    if "." not in value and re.fullmatch(_HASH, value, re.ASCII | re.IGNORECASE):
        return f"#{value.lower()}"
    name = to_ascii_domain(value.removeprefix("*."))
    return name_key(without_www(name)) if name is not None and "." in name else None


_HASH = "|".join(FORMS[kind] for kind in DIGESTS)


def span_of(key: str) -> Span:
    """Return the address or network of a key."""
    version = int(key[0])
    first, _, length = key[1:].partition("/")
    return Span(version, int(first, 16), int(length or bits(version)))


def value_of(key: str) -> str:
    """Return the value of a key."""
    return key[:0:-1] if key[0] == "." else key[1:] if key[0] == "#" else span_of(key).text


def warning_lists() -> tuple[list[tuple[Meaning, str]], list[str]]:
    """Return meaning and source of each packed warning list, and the keys in order with the lists' numbers.

    `.moc.elpmaxe\t0 8w`: in list 0, and in list 8 with `www.` before it.
    """
    packed = (files("lamsach.indicators.review") / "data" / "warning_lists.gz").read_bytes()
    heads, _, lines = gzip.decompress(packed).decode().partition("\n\n")
    lists = [(WARNING_LISTS[head.partition(" ")[0]], f"MISP {head}") for head in heads.splitlines()]
    return lists, lines.splitlines()
