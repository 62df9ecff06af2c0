"""Public suffixes: which names belong to nobody, and which last labels exist at all (https://publicsuffix.org/list/)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files

_SPECIAL_TOP_LEVELS = (
    "example", "test", "invalid", "onion", "i2p", "bit", "bazar", "coin", "emc", "lib", "eth", "alt",
)  # fmt: skip
"""Last labels outside the root zone that lists still carry: reserved for examples (RFC 2606), overlays and
alternative roots that malware asks for."""

INTERNAL_TOP_LEVELS = frozenset({
    "local", "localhost", "localdomain", "lan", "home", "corp", "internal", "intranet", "private", "domain",
    "workgroup", "arpa",
})  # fmt: skip
"""Last labels that name something else in every network (RFC 6762 appendix G, RFC 8375, ICANN's `.internal`), and `arpa`."""


def _ascii(label: str) -> str:
    """A label of the list as an A-label (RFC 3492): the list holds them in normal form already, so nothing has to be mapped."""
    return label if label.isascii() else "xn--" + label.encode("punycode").decode()


class Suffixes:
    """The rules of the public suffix list's first part (registries, not companies that rent out subdomains)."""

    def __init__(self, text: str) -> None:
        self.exact: set[str] = set()
        self.wildcard_parents: set[str] = set()
        self.exceptions: set[str] = set()
        for line in text.partition("===END ICANN DOMAINS===")[0].splitlines():
            rule = line.strip()
            if rule and not rule.startswith("//"):
                self._add(rule)
        last_labels = {rule.rpartition(".")[2] for rule in self.exact | self.wildcard_parents}
        self.top_levels = (last_labels | set(_SPECIAL_TOP_LEVELS)) - INTERNAL_TOP_LEVELS

    def _add(self, rule: str) -> None:
        name = rule.lstrip("!*.")
        if not name.isascii():
            name = ".".join(map(_ascii, name.split(".")))
        if rule.startswith("!"):
            self.exceptions.add(name)
        elif rule.startswith("*."):
            self.wildcard_parents.add(name)
        else:
            self.exact.add(name)

    def registered(self, name: str) -> str:
        """The name that somebody registered, `evil.com.vn` of `a.b.evil.com.vn`; the name itself when it is a suffix or an address."""
        while not self.is_public(name):
            above = name.partition(".")[2]
            if not above or self.is_public(above):
                break
            name = above
        return name

    def is_public(self, name: str) -> bool:
        """Return whether a canonical name is itself a public suffix (`com.vn`), so that listing it would accuse everybody."""
        if name in self.exact or name in self.top_levels or name in self.wildcard_parents:
            return True
        return name.partition(".")[2] in self.wildcard_parents and name not in self.exceptions


@cache
def suffixes() -> Suffixes:
    """The list that the `publicsuffixlist` package carries, read once."""
    return Suffixes(_text())


def private_rules() -> Iterator[str]:
    """The rules of the list's second part: the names under which companies give names away, as the list writes them (`*.` before some)."""
    for line in _text().partition("===BEGIN PRIVATE DOMAINS===")[2].splitlines():
        rule = line.strip()
        if rule and not rule.startswith(("//", "!")):
            yield rule


def _text() -> str:
    return (files("publicsuffixlist") / "public_suffix_list.dat").read_text(encoding="utf-8")
