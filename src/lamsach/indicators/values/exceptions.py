"""Exceptions: listed values that must not be counted, as the unit's own or as well-known services."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from lamsach.indicators.values import refusals
from lamsach.indicators.values.addresses import Span, bits, host_address, span
from lamsach.indicators.values.names import host_of, split_url
from lamsach.model import Indicator, IndicatorType, Problem, Reference, Refusal
from lamsach.model.indicator_types import ADDRESSES

MAX_CUTS = 64
"""Maximum number of cuts of a URL's path."""


_MENTIONED = frozenset({refusals.NOT_LISTED, refusals.SIGNATURE, refusals.TITLE, refusals.MARGIN})
"""Refusals of values that a list of exceptions only mentions: in a comment, a note, a title."""


class ExceptionSet:
    """Exceptions by value, with the line of the list that states each.

    A domain covers itself, its subdomains and their URLs; an address or network covers the addresses and
    networks within it and their URLs; a URL covers itself and all below its path; a hash covers itself.
    """

    def __init__(self) -> None:
        self._places: dict[tuple[IndicatorType, str], Reference] = {}

    @classmethod
    def read(
        cls, paths: Iterable[str], on_problem: Callable[[Problem], None] = lambda _: None
    ) -> ExceptionSet:
        """Read lists (of any supported format).

        Private addresses, internal names and public suffixes may be exceptions, though they are no
        indicators; entries that cannot be understood are reported to `on_problem`.
        """
        from lamsach.indicators.judge.unlisted import listed_only
        from lamsach.indicators.lists import read_list  # imports every format

        exceptions = cls()
        with listed_only():
            for path in paths:
                exceptions._add_entries(path, read_list(path, on_problem), on_problem)
        return exceptions

    def _add_entries(
        self, path: str, items: Iterable[Indicator | Refusal], on_problem: Callable[[Problem], None]
    ) -> None:
        for item in items:
            if isinstance(item, Indicator):
                self.add(item.type, item.value, item.reference or Reference(path))
            elif item.reason in _MENTIONED:
                continue
            elif item.type is not None and "-" not in item.value.partition("/")[0].strip("-"):
                self.add(item.type, item.value, item.reference)
            else:
                row = f", row {item.reference.row}" if item.reference.row else ""
                where = f"{item.reference.document}{row} ({item.value})"
                on_problem(Problem(where, "This exception was not understood.", "Write one value a line."))

    def add(self, indicator_type: IndicatorType, value: str, reference: Reference) -> None:
        """Add a canonical value."""
        self._places.setdefault((indicator_type, value), reference)

    def covers(self, indicator_type: IndicatorType, value: str) -> Reference | None:
        """Return the place of the nearest exception that covers a canonical value, or None."""
        if not self._places:
            return None
        return next(
            (self._places[key] for key in covering(indicator_type, value) if key in self._places), None
        )

    def __bool__(self) -> bool:
        return bool(self._places)


def covering(indicator_type: IndicatorType, value: str) -> Iterator[tuple[IndicatorType, str]]:
    """Yield every type and value that covers a value, the nearest first, a URL's host last."""
    if indicator_type is IndicatorType.DOMAIN:
        while value:
            yield IndicatorType.DOMAIN, value
            value = value.partition(".")[2]
    elif indicator_type in ADDRESSES:
        version, first, own_length = span(value)
        address_bits = bits(version)
        if own_length == address_bits:
            yield IndicatorType.IP, span(value).text
        for beyond in range(max(address_bits - own_length, 1), address_bits + 1):
            above = Span(version, first >> beyond << beyond, address_bits - beyond)
            yield IndicatorType.NETWORK, above.with_prefix
    elif indicator_type is IndicatorType.URL:
        yield from _above_url(value)
    else:
        yield indicator_type, value


def _above_url(value: str) -> Iterator[tuple[IndicatorType, str]]:
    scheme, host, rest = split_url(value)
    cuts = [place for place, character in enumerate(rest) if character in "/?"][::-1][:MAX_CUTS]
    for cut in (len(rest), *cuts):
        for start in (f"{scheme}://", "") if scheme else ("", "http://", "https://"):
            yield IndicatorType.URL, start + host + rest[:cut]
    bare = host_of(value)
    address = host_address(bare)
    yield from (
        covering(IndicatorType.DOMAIN, bare) if address is None else covering(IndicatorType.IP, str(address))
    )
