"""Why a value of a list needs a second look, and how badly."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How badly, and what follows from it.

    `dangerous`: blocking it would cut the unit off from what it needs, so it is blocked only after a decision; a contact proves nothing.
    `doubtful`: it may hit others than are meant; a contact proves nothing.
    `notable`: worth knowing before it blocks; blocking it is right, and a contact counts.
    """

    DANGEROUS = "dangerous"
    DOUBTFUL = "doubtful"
    NOTABLE = "notable"


class Kind(StrEnum):
    """What is the matter with a value."""

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
    Kind.REGISTRY: "This is, or holds, a name or server of a registry of the Internet, such as VNNIC or a root server.",
    Kind.BANK: "This is, or holds, a name of a bank or payment service.",
    Kind.RESOLVER: "This is, or holds, a public name server: many machines ask it for good reasons.",
    Kind.TOP_SITE: "This is, or holds, one of the most visited sites.",
    Kind.UPDATES: "This is, or holds, a host that systems and antivirus programs fetch their updates from.",
    Kind.CERTIFICATES: "This is, or holds, a host that programs ask whether a certificate is still valid (OCSP, CRL).",
    Kind.TIME: "This is, or holds, a time server: machines set their clocks by it.",
    Kind.SUFFIX: "Everybody's names stand under this one.",
    Kind.BOGON: "The addresses are private or reserved, or the name is internal: they name other machines in every network.",
    Kind.WIDE: "The network is very large.",
    Kind.CDN: "The addresses belong to a content network: thousands of sites share them.",
    Kind.CLOUD: "The addresses belong to a cloud: their user changes often.",
    Kind.SHARED_HOSTING: "The service is shared by many: narrow it to the address of what is meant.",
    Kind.DYNAMIC_DNS: "The name belongs to a service of changing names: narrow it to the name that is meant.",
    Kind.TENANT: "The name belongs to one user of a service that many share, and may pass to another: give it an end.",
    Kind.SINKHOLE: "Defenders run this address to count infected machines: a contact is a hit, but blocking it blinds them.",
    Kind.SHORTENER: "The service shortens links for everybody: narrow it to the link that is meant.",
    Kind.HARMLESS_FILE: "The file is a known harmless one.",
    Kind.HOMOGRAPH: "The name is written with letters that look like another name: make sure which one is meant.",
    Kind.DISAGREE: "Rows of the lists disagree about this value.",
}


@dataclass(frozen=True, slots=True)
class Concern:
    """One thing that is the matter. `about` is the known name, network or statement; `source` the list of facts that says so, with its date."""

    kind: Kind
    level: Level
    about: str = ""
    source: str = ""

    @property
    def reason(self) -> str:
        """The sentence for people."""
        return REASONS[self.kind]
