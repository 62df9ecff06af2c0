"""Forwarded questions, distinguished from a machine's own by their times.

A DNS server that must ask an upstream does so within seconds of its client's question, and a proxy within
seconds of its client's request. Where the log of the resolver or proxy is available, the client is known: its
record explains the forwarder's, which is not counted again.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lamsach.model import RAW_TIMES_KEPT, MatchKind, RawSighting, Role, SightingKey

WINDOW_S = 5
"""Maximum distance of a forwarder's record from its client's, in seconds."""
EXPLAINED_SHARE = 0.5
"""Minimum share of a known forwarder's times that its clients explain; a lost log leaves a rest."""
FOLLOWED_SHARE = 0.75
"""Minimum share of an address's times that must follow its clients' to make it a forwarder."""
CHANCE = 0.01
"""Maximum probability of a coincidence of times that counts as evidence."""
_SHORTEST_SPAN_S = 3600
CONTACT = 2
"""The `weight` of an outbound contact with the listed value itself."""

RESOLVER_FORMATS = frozenset(
    {"windows_dns_debug", "bind", "dnsmasq", "unbound", "adguardhome", "technitium", "infoblox", "powerdns"}
)
"""Formats in which a DNS server logs its own clients."""
PROXY_FORMATS = frozenset({"squid", "bluecoat", "zscaler", "mcafee_web_gateway", "ironport"})
"""Formats in which a proxy logs its own clients."""

Item = tuple[SightingKey, RawSighting]
_Log = tuple[str, str]


def log_of(key: SightingKey) -> _Log:
    """Return the log that a sighting comes from: format and observer."""
    return key.format, key.observer


def is_clients_side(key: SightingKey) -> bool:
    """Return whether a resolver or proxy wrote the record about a known client of its own."""
    return not (key.forwarded or key.unparsed) and (
        key.format in RESOLVER_FORMATS or key.format in PROXY_FORMATS
    )


def weight(key: SightingKey) -> int:
    """Weigh a sighting: CONTACT for an outbound contact with the value, 1 for a listed URL's host alone.

    0 for an address in an answer, or a contact from outside.
    """
    if key.role is not Role.OUTBOUND:
        return 0
    return 1 if key.match is MatchKind.PARTIAL else CONTACT


def find_forwarders(items: Sequence[Item]) -> dict[str, str]:
    """Find addresses that only ask for others, by their times: address -> `dns` or `proxy`.

    The client's side must come from the log of a resolver (for DNS questions only) or of a proxy in which the
    address is no client itself. Excluded: addresses that a lease gave to a machine, and those with
    connections that the log cannot explain. Two infected machines that ask often coincide often, so a
    coincidence counts only as far as it is improbable.
    """
    found: dict[str, str] = {}
    by_address: dict[str, list[Item]] = defaultdict(list)
    logs: dict[_Log, list[Item]] = defaultdict(list)
    leased: set[str] = set()
    for key, raw in items:
        ip = key.identity.ip
        if ip is None or key.role is Role.INBOUND or key.forwarded:
            continue
        by_address[ip].append((key, raw))
        if key.identity.how in ("lease", "session"):
            leased.add(ip)
        if is_clients_side(key):
            logs[log_of(key)].append((key, raw))
    clients = {log: {key.identity.ip for key, _ in members} for log, members in logs.items()}
    for ip in sorted(by_address.keys() - leased):
        only_dns = all(key.dns for key, _ in by_address[ip])
        for log in sorted(logs):
            proxy = log[0] in PROXY_FORMATS
            if ip not in clients[log] and (proxy or only_dns) and _follows(by_address[ip], logs[log]):
                found[ip] = "proxy" if proxy else "dns"
                break
    return found


def _follows(own: Iterable[Item], log: Iterable[Item]) -> bool:
    """Return whether an address's records follow those in the log more closely than chance."""
    index = _by_indicator(log)
    judged = matched = 0
    chance = 0.0
    pairs: set[tuple[str, str | None]] = set()
    moments: set[int] = set()
    for key, raw in own:
        timeline = index.get(key.indicator)
        times = raw.times if timeline is None else [time for time in raw.times if time <= timeline.horizon]
        judged += len(times)
        if timeline is None or not times:
            continue
        near = [time for time in times if timeline.near(time)]
        matched += len(near)
        moments.update(near)
        chance += timeline.density(times) * len(times)
        pairs.update((key.indicator, client) for time in near for client in timeline.near(time))
    if len(moments) < 2 or matched < FOLLOWED_SHARE * judged:
        return False
    return (chance / matched) ** len(pairs) < CHANCE


@dataclass(slots=True)
class _Timeline:
    """Times at which a log's clients asked for one indicator. `horizon`: last second known completely."""

    times: list[tuple[int, str]]
    horizon: float

    def near(self, time: int) -> set[str]:
        """Return the clients that asked within the window."""
        first = bisect_left(self.times, (time - WINDOW_S, ""))
        last = bisect_right(self.times, (time + WINDOW_S, "\U0010ffff"))
        return {client for _, client in self.times[first:last]}

    def density(self, others: Sequence[int]) -> float:
        """Return the share of the records' time span within a window: the chance of a coincidence."""
        start = min(self.times[0][0], min(others))
        end = max(self.times[-1][0], max(others))
        covered, until = 0, start - WINDOW_S - 1
        for time, _ in self.times:
            covered += min(2 * WINDOW_S + 1, time + WINDOW_S - until)
            until = max(until, time + WINDOW_S)
        return min(1.0, covered / max(end - start, _SHORTEST_SPAN_S))


def _by_indicator(items: Iterable[Item]) -> dict[str, _Timeline]:
    index: dict[str, _Timeline] = {}
    for key, raw in items:
        timeline = index.setdefault(key.indicator, _Timeline([], float("inf")))
        timeline.times.extend((time, key.identity.ip or "") for time in raw.times)
        if len(raw.times) >= RAW_TIMES_KEPT:
            timeline.horizon = min(timeline.horizon, max(raw.times))
    for timeline in index.values():
        timeline.times.sort()
    return {indicator: timeline for indicator, timeline in index.items() if timeline.times}


class Explainer:
    """Finder of the clients on whose behalf a forwarder asked.

    `clients` are sightings of machines that may have asked the forwarder, each with the key of its device.
    """

    def __init__(self, clients: Iterable[tuple[str, SightingKey, RawSighting]]) -> None:
        self._index: dict[tuple[str, str], list[tuple[str, SightingKey, list[int]]]] = defaultdict(list)
        for device, key, raw in clients:
            if key.role is not Role.INBOUND and not key.forwarded and raw.times:
                self._index[key.indicator, key.status].append((device, key, sorted(raw.times)))

    def clients(self, own: str, key: SightingKey, raw: RawSighting) -> tuple[str, ...]:
        """Return the devices whose records of the indicator explain most of the forwarder's times, or none.

        `own`, the forwarder's device, does not explain itself. Records that the same resolver or proxy wrote
        about another client explain nothing: that client asked directly. Nor does a record of less weight (a
        DNS answer explains no connection), or the contact would vanish with the forwarder's record.
        """
        own_log = log_of(key)
        direct, least = is_clients_side(key), weight(key)
        candidates = [
            (device, times)
            for device, client, times in self._index.get((key.indicator, key.status), ())
            if device != own and weight(client) >= least and not (direct and log_of(client) == own_log)
        ]
        full = [times[-1] for _, times in candidates if len(times) >= RAW_TIMES_KEPT]
        horizon = min(full, default=None)
        judged = [time for time in raw.times if horizon is None or time <= horizon]
        explained: set[int] = set()
        devices: set[str] = set()
        for device, times in candidates:
            near = {time for time in judged if _is_near(times, time)}
            if near:
                explained |= near
                devices.add(device)
        if not judged or len(explained) < EXPLAINED_SHARE * len(judged):
            return ()
        return tuple(sorted(devices))


def _is_near(times: Sequence[int], time: int) -> bool:
    at = bisect_left(times, time - WINDOW_S)
    return at < len(times) and times[at] <= time + WINDOW_S
