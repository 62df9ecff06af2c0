"""Destinations of the unit's people: well-known sites, and many small invented ones."""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass
from itertools import accumulate
from random import Random


@dataclass(frozen=True, slots=True)
class Site:
    """A site: its host, its addresses, its web category, its frequency of visits, and whether by HTTPS."""

    host: str
    addresses: tuple[str, ...]
    category: str
    weight: float
    https: bool = True
    country: str = "United States"


# host, first three octets of its addresses, category, weight, country
_KNOWN = (
    ("www.google.com", "142.250.204", "Search Engines and Portals", 60, "United States"),
    ("www.gstatic.com", "142.250.66", "Information Technology", 30, "United States"),
    ("fonts.googleapis.com", "142.250.198", "Information Technology", 20, "United States"),
    ("www.youtube.com", "142.250.71", "Streaming Media and Download", 18, "United States"),
    ("www.facebook.com", "157.240.199", "Social Networking", 25, "United States"),
    ("zalo.me", "49.213.78", "Social Networking", 25, "Viet Nam"),
    ("www.microsoft.com", "23.205.118", "Information Technology", 14, "United States"),
    ("login.microsoftonline.com", "20.190.144", "Information Technology", 18, "United States"),
    ("ctldl.windowsupdate.com", "23.32.248", "Information Technology", 22, "United States"),
    ("settings-win.data.microsoft.com", "51.104.136", "Information Technology", 22, "Ireland"),
    ("update.googleapis.com", "142.251.220", "Information Technology", 16, "United States"),
    ("ocsp.digicert.com", "93.184.220", "Information Technology", 16, "United States"),
    ("www.wikipedia.org", "103.102.166", "Information Technology", 5, "Singapore"),
    ("www.vietcombank.com.vn", "203.205.28", "Business", 7, "Viet Nam"),
    ("chinhphu.vn", "202.191.56", "Government and Legal Organizations", 6, "Viet Nam"),
    ("vnexpress.net", "111.65.250", "News and Media", 16, "Viet Nam"),
    ("tuoitre.vn", "222.255.239", "News and Media", 9, "Viet Nam"),
)
_TOPICS = [
    "baochi",
    "congbao",
    "dichvu",
    "dauthau",
    "hoctap",
    "phapluat",
    "suckhoe",
    "thoitiet",
    "thuvien",
    "tinnhanh",
    "truyenhinh",
    "vanban",
    "vantai",
    "xaydung",
]
_PLACES = [
    "mienbac",
    "mientrung",
    "miennam",
    "thudo",
    "venbien",
    "caonguyen",
    "dongbang",
    "hailang",
    "songlam",
    "tayho",
]
_CATEGORIES = (
    "News and Media",
    "Business",
    "Information Technology",
    "Government and Legal Organizations",
    "Unrated",
)
_PATHS = (
    "/",
    "/index.html",
    "/tin-tuc/",
    "/api/v1/status",
    "/search?q=van+ban",
    "/assets/app.js",
    "/images/logo.png",
    "/rss",
)
HTTP_HOSTS = frozenset({"ctldl.windowsupdate.com", "ocsp.digicert.com"})


class Sites:
    """The sites, drawn by their weights."""

    def __init__(self, rng: Random, small_sites: int = 260) -> None:
        self.sites: list[Site] = []
        for host, prefix, category, weight, country in _KNOWN:
            addresses = tuple(f"{prefix}.{rng.randrange(2, 250)}" for _ in range(3))
            self.sites.append(Site(host, addresses, category, weight, host not in HTTP_HOSTS, country))
        hosts: dict[str, None] = {}
        while len(hosts) < small_sites:
            hosts[
                f"{rng.choice(('www', 'cdn', 'm', 'dl'))}."
                f"{rng.choice(_TOPICS)}-{rng.choice(_PLACES)}{rng.randrange(40)}.example"
            ] = None
        for place, host in enumerate(hosts):
            address = f"103.{90 + rng.randrange(60)}.{rng.randrange(256)}.{rng.randrange(2, 250)}"
            category = _CATEGORIES[place % len(_CATEGORIES)]
            self.sites.append(Site(host, (address,), category, 1.2, rng.random() < 0.75, "Viet Nam"))
        self._sums = list(accumulate(site.weight for site in self.sites))

    def pick(self, chance: float) -> Site:
        """Return the site at a position between 0 and 1 on the scale of weights."""
        return self.sites[min(bisect(self._sums, chance * self._sums[-1]), len(self.sites) - 1)]


def path(chance: float) -> str:
    """Return a path on a site, by a number between 0 and 1."""
    return _PATHS[int(chance * len(_PATHS))]
