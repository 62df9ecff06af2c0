"""Squid's native access log, as `logformat squid` writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lamsach.logs.bulk.base import BulkReader, Unusual
from lamsach.logs.bulk.columns import addresses, cells, check, check_distinct, ipv4, mapped, names, seconds
from lamsach.logs.bulk.letters import DIGITS, check_made_of, made_of
from lamsach.logs.bulk.parts import halves, parted, places_of, until
from lamsach.logs.formats.proxies.squid import action_of, destination_of
from lamsach.logs.text.values import host_and_port, mac_of, port_of, stated

if TYPE_CHECKING:
    import pyarrow as pa

# 1737725543.236   1822 10.1.1.5 TCP_TUNNEL/200 1232 CONNECT files.example:443 - HIER_DIRECT/203.0.113.9 -
_WORDS = ["time", "took", "client", "result", "size", "method", "url", "user", "peer", "type"]
_FEW = {
    "result": r"^(?:TCP|UDP|NONE)[A-Z_]*/\d{1,3}$",
    "method": "^[A-Z]{3,16}$",
    "type": "^.",
}
_TOOK, _CLIENT = r"^-?\d{1,12}$", r"^(?:[0-9.]{7,15}|[0-9A-Fa-f:]{3,39})$"
_PEER = "^HIER_(?:DIRECT|NONE|ORIGINAL_DST)$"
_LONGEST = 2000
_OF_NAMES = DIGITS + b"abcdefghijklmnopqrstuvwxyz-."


class SquidNative(BulkReader):
    """Requests with an absolute URL, and CONNECT to `host:port`."""

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        import pyarrow as pa
        import pyarrow.compute as pc

        data = _single_spaces(data)
        kinds = dict.fromkeys(_WORDS, pa.string()) | {"time": pa.float64()}
        row = cells(data, _WORDS, " ", kinds)
        if len(row["time"]) != count:
            raise Unusual
        for name, shape in _FEW.items():
            check_distinct(row[name], shape)
        check_made_of(row["size"], DIGITS, 1, 20)
        if not made_of(row["took"], DIGITS, 1, 12):
            check(pc.match_substring_regex(row["took"], _TOOK))
        if not made_of(row["client"], DIGITS + b".", 7, 15):
            check(pc.match_substring_regex(row["client"], _CLIENT))
        check(pc.less(pc.binary_length(row["url"]), _LONGEST))
        authority = _authorities(row["method"], row["url"])
        host, port = parted(authority, ":")
        hosts = names(host, lambda text: host_and_port(text)[0])
        sources = addresses(row["client"])
        return {
            "time": seconds(row["time"]),
            "source_ip": sources,
            "device_ip": sources,
            "destination_ip": _destinations(row["peer"], hosts),
            "destination_port": mapped(port, lambda text: port_of(text) if text else None, pa.int32()),
            "user": mapped(row["user"], _user),
            "domain": hosts,
            "url": row["url"],
            "action": mapped(row["result"], lambda text: action_of(text.partition("/")[0])),
        }


def _single_spaces(data: bytes) -> bytes:
    """The lines with one space for several: the columns are padded."""
    import numpy as np

    if b"  " not in data:
        return data
    letters = np.frombuffer(data, np.uint8)
    space = letters == ord(" ")
    space[1:] &= space[:-1].copy()
    space[0] = False
    single: bytes = letters[~space].tobytes()
    return single


def _authorities(methods: pa.Array, urls: pa.Array) -> pa.Array:
    """`files.example:8080` of `http://files.example:8080/a`, and of what CONNECT names."""
    import pyarrow.compute as pc

    tunnel = pc.equal(methods, "CONNECT")
    check(pc.or_(tunnel, pc.or_(pc.starts_with(urls, "http://"), pc.starts_with(urls, "https://"))))
    check(pc.match_substring_regex(urls.filter(tunnel), r"^[^/]+:\d{1,5}$"))
    skipped = pc.if_else(
        tunnel, 0, pc.if_else(pc.starts_with(urls, "https"), len("https://"), len("http://"))
    )
    found, _ = until(urls, places_of(urls)[:-1] + skipped.to_numpy(), "/")
    if not made_of(found, _OF_NAMES, 1, _LONGEST):  # without a port
        check(pc.invert(pc.match_substring_regex(found, r"^$|[?#@\s\[\]]|:.*:|:(?:\D|$)")))
    return found


def _destinations(peers: pa.Array, hosts: pa.Array) -> pa.Array:
    """The peer of a direct fetch, else the address in the URL."""
    import pyarrow as pa
    import pyarrow.compute as pc

    code, peer = halves(peers, "/")
    check_distinct(code, _PEER)
    check(pc.greater(pc.binary_length(peer), 0))
    direct = pc.and_(pc.not_equal(code, "HIER_NONE"), ipv4(peer))
    if pc.all(direct).as_py():
        return peer
    none = pa.scalar(None, pa.string())
    others = mapped(pc.if_else(direct, none, peers), _peer)
    told = mapped(hosts, lambda host: destination_of(host, ("NONE", "-")))
    return pc.coalesce(pc.if_else(direct, peer, none), others, told)


def _peer(text: str) -> str | None:
    code, _, peer = text.partition("/")
    return destination_of(None, (code, peer))


def _user(text: str) -> str | None:
    if mac_of(text):
        raise Unusual
    return stated(text)
