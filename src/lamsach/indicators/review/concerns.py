"""Why a value of a list needs a second look, and how badly."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How badly. `dangerous`: blocking it would cut the unit off from what it needs; `doubtful`: it may hit others than are meant."""

    DANGEROUS = "dangerous"
    DOUBTFUL = "doubtful"


class Kind(StrEnum):
    """What is the matter with a value."""

    OWN = "own"
    GOVERNMENT = "government"
    BANK = "bank"
    RESOLVER = "public_resolver"
    TOP_SITE = "top_site"
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
    Kind.BANK: "This is, or holds, a name of a bank or payment service.",
    Kind.RESOLVER: "This is, or holds, a public name server: many machines ask it for good reasons.",
    Kind.TOP_SITE: "This is, or holds, one of the most visited sites.",
    Kind.SUFFIX: "Everybody's names stand under this one.",
    Kind.BOGON: "The addresses are private or reserved: they name other machines in every network.",
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
