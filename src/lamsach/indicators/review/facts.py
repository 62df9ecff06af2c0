"""Where the facts of the review come from: small files of ours, and the MISP project's warning lists (`pymispwarninglists`, BSD-3-Clause).

Each fact keeps the name and date of its list. Without the package the review is made with our own files, and says so.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from lamsach.indicators.review.concerns import Kind, Level

OWN_FILES: dict[str, tuple[Kind, Level]] = {
    "public_resolvers": (Kind.RESOLVER, Level.DANGEROUS),
    "government": (Kind.GOVERNMENT, Level.DANGEROUS),
    "banks": (Kind.BANK, Level.DANGEROUS),
    "top_sites": (Kind.TOP_SITE, Level.DANGEROUS),
    "shared_hosting": (Kind.SHARED_HOSTING, Level.DOUBTFUL),
    "dynamic_dns": (Kind.DYNAMIC_DNS, Level.DOUBTFUL),
    "cdn": (Kind.CDN, Level.DOUBTFUL),
}
"""Our files in `data`: one value a line, `# source:` and `# date:` above."""

WARNING_LISTS: dict[str, tuple[Kind, Level]] = {
    "bank-website": (Kind.BANK, Level.DANGEROUS),
    "tranco10k": (Kind.TOP_SITE, Level.DANGEROUS),
    "microsoft-office365": (Kind.TOP_SITE, Level.DANGEROUS),
    "microsoft": (Kind.TOP_SITE, Level.DANGEROUS),
    "google": (Kind.TOP_SITE, Level.DANGEROUS),
    "public-dns-v4": (Kind.RESOLVER, Level.DOUBTFUL),
    "public-dns-v6": (Kind.RESOLVER, Level.DOUBTFUL),
    "cloudflare": (Kind.CDN, Level.DOUBTFUL),
    "fastly": (Kind.CDN, Level.DOUBTFUL),
    "akamai": (Kind.CDN, Level.DOUBTFUL),
    "stackpath": (Kind.CDN, Level.DOUBTFUL),
    "amazon-aws": (Kind.CLOUD, Level.DOUBTFUL),
    "google-gcp": (Kind.CLOUD, Level.DOUBTFUL),
    "microsoft-azure": (Kind.CLOUD, Level.DOUBTFUL),
    "microsoft-office365-ip": (Kind.CLOUD, Level.DOUBTFUL),
    "apple": (Kind.CLOUD, Level.DOUBTFUL),
    "github": (Kind.CLOUD, Level.DOUBTFUL),
    "zscaler": (Kind.CLOUD, Level.DOUBTFUL),
    "dynamic-dns": (Kind.DYNAMIC_DNS, Level.DOUBTFUL),
    "lots-project": (Kind.SHARED_HOSTING, Level.DOUBTFUL),
    "link-in-bio": (Kind.SHARED_HOSTING, Level.DOUBTFUL),
    "url-shortener": (Kind.SHORTENER, Level.DOUBTFUL),
    "sinkholes": (Kind.SINKHOLE, Level.DOUBTFUL),
    "common-ioc-false-positive": (Kind.HARMLESS_FILE, Level.DOUBTFUL),
    "empty-hashes": (Kind.HARMLESS_FILE, Level.DOUBTFUL),
}
"""The warning lists that are used (https://github.com/MISP/misp-warninglists), by their folder."""

PACKAGE = "pymispwarninglists"


class Fact(NamedTuple):
    """One known value, as the list writes it, and what it is."""

    value: str
    kind: Kind
    level: Level
    source: str


def own_facts() -> Iterator[Fact]:
    """The facts of our own files."""
    for name, (kind, level) in OWN_FILES.items():
        text = (files("lamsach.indicators.review") / "data" / f"{name}.txt").read_text(encoding="utf-8")
        date = next(
            line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("# date:")
        )
        for line in text.splitlines():
            if line and not line.startswith("#"):
                yield Fact(line, kind, level, f"{name} {date}")


def warning_facts() -> Iterator[Fact]:
    """The facts of the warning lists; none without the package."""
    folder = _folder()
    if folder is None:
        return
    for name, (kind, level) in WARNING_LISTS.items():
        path = folder / name / "list.json"
        if not path.is_file():
            continue
        record = json.loads(path.read_text(encoding="utf-8"))
        source = f"MISP {name} {record.get('version', '')}".strip()
        for value in record["list"]:
            yield Fact(str(value), kind, level, source)


def has_warning_lists() -> bool:
    """Whether the package with the warning lists is installed."""
    return _folder() is not None


def _folder() -> Path | None:
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "data" / "misp-warninglists" / "lists"
    return folder if folder.is_dir() else None
