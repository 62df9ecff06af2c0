"""Where the facts of the review come from: small files of ours, the public suffix list, and the MISP project's warning lists (`data/LICENSE.warning_lists`; `make carried` takes them anew).

Each fact keeps the name and date of its list.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from importlib.resources import files
from typing import NamedTuple

from lamsach.indicators.review.concerns import Kind, Level
from lamsach.indicators.suffixes import private_rules


class Meaning(NamedTuple):
    """What a list's entries are. `level`: of an entry itself and of what holds it; `within`: of a name below it, or of an address or network in it."""

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
"""Our files in `data`: one value a line, `# source:` and `# date:` above. The first list that knows a name decides about the names below it."""

PRIVATE_SUFFIXES = Meaning(Kind.SHARED_HOSTING, _DANGEROUS, _NOTABLE)
"""The public suffix list's second part: names under which companies give names away."""

WARNING_LISTS: dict[str, Meaning] = {
    "bank-website": Meaning(Kind.BANK, _DANGEROUS, _DANGEROUS),
    "dynamic-dns": Meaning(Kind.DYNAMIC_DNS, _DANGEROUS, _NOTABLE),
    "lots-project": Meaning(Kind.SHARED_HOSTING, _DANGEROUS, _NOTABLE),
    "link-in-bio": Meaning(Kind.SHARED_HOSTING, _DANGEROUS, _NOTABLE),
    "url-shortener": Meaning(Kind.SHORTENER, _DANGEROUS, _NOTABLE),
    "microsoft-win10-connection-endpoints": Meaning(Kind.UPDATES, _DANGEROUS, _DOUBTFUL),
    "microsoft-office365": Meaning(Kind.TOP_SITE, _DANGEROUS, _DOUBTFUL),
    "microsoft": Meaning(Kind.TOP_SITE, _DANGEROUS, _DOUBTFUL),
    "google": Meaning(Kind.TOP_SITE, _DANGEROUS, _DOUBTFUL),
    "captive-portals": Meaning(Kind.TOP_SITE, _DANGEROUS, _DOUBTFUL),
    "tranco10k": Meaning(Kind.TOP_SITE, _DANGEROUS, _DOUBTFUL),
    "public-dns-v4": Meaning(Kind.RESOLVER, _DOUBTFUL, _DOUBTFUL),
    "public-dns-v6": Meaning(Kind.RESOLVER, _DOUBTFUL, _DOUBTFUL),
    "cloudflare": Meaning(Kind.CDN, _DANGEROUS, _DOUBTFUL),
    "fastly": Meaning(Kind.CDN, _DANGEROUS, _DOUBTFUL),
    "akamai": Meaning(Kind.CDN, _DANGEROUS, _DOUBTFUL),
    "stackpath": Meaning(Kind.CDN, _DANGEROUS, _DOUBTFUL),
    "microsoft-office365-ip": Meaning(Kind.TOP_SITE, _DANGEROUS, _DOUBTFUL),
    "apple": Meaning(Kind.TOP_SITE, _DANGEROUS, _DOUBTFUL),
    "parking-domain": Meaning(Kind.SHARED_HOSTING, _DOUBTFUL, _DOUBTFUL),
    "ovh-cluster": Meaning(Kind.SHARED_HOSTING, _DOUBTFUL, _DOUBTFUL),
    "amazon-aws": Meaning(Kind.CLOUD, _DOUBTFUL, _NOTABLE),
    "google-gcp": Meaning(Kind.CLOUD, _DOUBTFUL, _NOTABLE),
    "microsoft-azure": Meaning(Kind.CLOUD, _DOUBTFUL, _NOTABLE),
    "github": Meaning(Kind.CLOUD, _DOUBTFUL, _NOTABLE),
    "zscaler": Meaning(Kind.CLOUD, _DOUBTFUL, _NOTABLE),
    "sinkholes": Meaning(Kind.SINKHOLE, _NOTABLE, _NOTABLE),
    "common-ioc-false-positive": Meaning(Kind.HARMLESS_FILE, _DOUBTFUL, _DOUBTFUL),
    "empty-hashes": Meaning(Kind.HARMLESS_FILE, _DOUBTFUL, _DOUBTFUL),
}
"""The warning lists that are used (https://github.com/MISP/misp-warninglists), by their folder, those that know most about a name first, as in the file."""


class Fact(NamedTuple):
    """One known value, as the list writes it, and what it is."""

    value: str
    meaning: Meaning
    source: str


def _all(value: str) -> bool:
    return True


def all_facts(wanted: Callable[[str], bool] = _all) -> Iterator[Fact]:
    """Every fact whose value is wanted, our own first."""
    yield from filter(lambda fact: wanted(fact.value), own_facts())
    yield from filter(lambda fact: wanted(fact.value), suffix_facts())
    yield from warning_facts(wanted)


def own_facts() -> Iterator[Fact]:
    """The facts of our own files."""
    for name, meaning in OWN_FILES.items():
        text = (files("lamsach.indicators.review") / "data" / f"{name}.txt").read_text(encoding="utf-8")
        date = next(
            line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("# date:")
        )
        for line in text.splitlines():
            if line and not line.startswith("#"):
                yield Fact(line, meaning, f"{name} {date}")


def suffix_facts() -> Iterator[Fact]:
    """The names under which companies give names away; `*.` before one: each name right below it is such a name too."""
    for rule in private_rules():
        yield Fact(rule, PRIVATE_SUFFIXES, "publicsuffix.org")


def warning_facts(wanted: Callable[[str], bool] = _all) -> Iterator[Fact]:
    """The facts of the warning lists whose value is wanted."""
    packed = (files("lamsach.indicators.review") / "data" / "warning_lists.gz").read_bytes()
    meaning, source = None, ""
    for line in gzip.decompress(packed).decode().splitlines():
        if line.startswith("# "):
            name, version = line.split()[1:]
            meaning, source = WARNING_LISTS.get(name), f"MISP {name} {version}"
        elif meaning is not None and wanted(line):
            yield Fact(line, meaning, source)
