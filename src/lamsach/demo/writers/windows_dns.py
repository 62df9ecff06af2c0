"""The Windows DNS server's debug log ("DNS logging and diagnostics"), in English (United States).

A client's query is received (`Rcv`), sent to a forwarder if not in the cache (`Snd`), answered by it (`Rcv`
with `R`), and the client is answered (`Snd` with `R`). While details are enabled, every packet is followed by
its contents.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from lamsach.demo.clock import CLOCK_AM_PM, DAY_S, day_of
from lamsach.demo.journal import DNS, Journal, Seen
from lamsach.demo.world import DOMAIN, PROXY_IP

FORWARDERS = ("8.8.8.8", "1.1.1.1", "203.162.4.190")
CACHE_S = 900

CLIENT_ASKS = "client question"
FORWARDER_ASKS = "forwarded question"
FORWARDER_ANSWERED = "forwarder's answer"
CLIENT_ANSWERED = "answer to the client"
PROXY_ASKS = "question of the proxy"
PROXY_ANSWERED = "answer to the proxy"

_DATES = tuple(f"{day_of(day).month}/{day_of(day).day}/{day_of(day).year}" for day in range(31))


@dataclass(frozen=True, slots=True)
class Lookup:
    """A query to the unit's DNS server: client, name, answer, planted case."""

    time: float
    client_ip: str
    name: str
    answer: str
    type: str = "A"
    case: str | None = None


@dataclass(frozen=True, slots=True)
class Forwarded:
    """A query that the DNS server sent to a forwarder on a client's behalf."""

    time: float
    forwarder: str
    lookup: Lookup


def label_lengths(name: str) -> str:
    """Return a name in the log's notation: `(3)www(7)example(3)com(0)`."""
    return "".join(f"({len(label)}){label}" for label in name.split(".")) + "(0)"


class DnsServer:
    """DNS server that answers lookups in order of time, and writes its log into the journal."""

    def __init__(self, rng: Random, journal: Journal, details_from: float, details_until: float) -> None:
        self._random = rng.random
        self._journal = journal
        self._details = (details_from, details_until)
        self._cache: dict[tuple[str, str], float] = {}
        self._spelled: dict[str, str] = {}
        self._sections: list[int] = []

    def serve(self, lookups: Iterable[Lookup]) -> list[Forwarded]:
        """Write the log of all lookups; return the queries to the forwarders."""
        forwarded = []
        for lookup in sorted(lookups, key=lambda item: item.time):
            time, xid = lookup.time, int(self._random() * 65536)
            inside = lookup.name.endswith(DOMAIN)
            self._write(time, lookup, CLIENT_ASKS, lookup.client_ip, xid)
            if not inside and self._cache.get((lookup.name, lookup.type), -1.0) < time:
                self._cache[lookup.name, lookup.type] = time + CACHE_S
                forwarder = FORWARDERS[int(self._random() * self._random() * len(FORWARDERS))]
                own_xid = int(self._random() * 65536)
                self._write(time + 0.001, lookup, FORWARDER_ASKS, forwarder, own_xid)
                forwarded.append(Forwarded(time + 0.001, forwarder, lookup))
                time += 0.02 + 0.2 * self._random()
                self._write(time, lookup, FORWARDER_ANSWERED, forwarder, own_xid)
            self._write(time + 0.001, lookup, CLIENT_ANSWERED, lookup.client_ip, xid, inside=inside)
        return forwarded

    def _write(
        self, time: float, lookup: Lookup, what: str, remote: str, xid: int, inside: bool = False
    ) -> None:
        spelled = self._spelled.get(lookup.name)
        if spelled is None:
            spelled = self._spelled[lookup.name] = label_lengths(lookup.name)
        day, second = divmod(int(time), DAY_S)
        direction = "Snd" if what in (FORWARDER_ASKS, CLIENT_ANSWERED) else "Rcv"
        answer = what in (FORWARDER_ANSWERED, CLIENT_ANSWERED)
        if answer:
            flags = "R Q [8585 A DR  NOERROR]" if inside else "R Q [8081   DR  NOERROR]"
        else:
            flags = "  Q [0001   D   NOERROR]"
        packet = f"{0x214C0000000 + int(self._random() * 0x3FFFFFF) * 16:016X}"
        thread = ("0D48", "0D44", "0E70", "0B4C")[xid & 3]
        line = (
            f"{_DATES[day]} {CLOCK_AM_PM[second]} {thread} PACKET  {packet} UDP {direction} "
            f"{remote:<15} {xid:04x} {flags} "
            f"{lookup.type:<6} {spelled}"
        )
        answers: tuple[str, ...] = ()
        if self._details[0] <= time < self._details[1]:
            answers = (lookup.answer,) if answer and lookup.type == "A" else ()
            line = "\r\n".join([line, *_contents(packet, remote, xid, lookup, spelled, answer, answers)])
        if lookup.case is None:
            self._journal.put(DNS, time, line)
        else:
            if lookup.client_ip == PROXY_IP:
                what = {CLIENT_ASKS: PROXY_ASKS, CLIENT_ANSWERED: PROXY_ANSWERED}.get(what, what)
            self._journal.put_planted(DNS, time, line, lookup.case, what, Seen(name=lookup.name, ips=answers))


def _contents(
    packet: str, remote: str, xid: int, lookup: Lookup, spelled: str, answer: bool, answers: tuple[str, ...]
) -> list[str]:
    """Return the lines under a packet while details are enabled."""
    kind = f"{lookup.type} ({28 if lookup.type == 'AAAA' else 1})"
    size = len(spelled) + 17 + 16 * len(answers)
    return [
        f"UDP {'response' if answer else 'question'} info at {packet}",
        "  Socket = 508",
        f"  Remote addr {remote}, port {53 if answer else 50000 + xid % 9000}",
        "  Time Query=0, Queued=0, Expire=0",
        "  Buf length = 0x0fa0 (4000)",
        f"  Msg length = 0x{size:04x} ({size})",
        "  Message:",
        f"    XID       0x{xid:04x}",
        f"    Flags     0x{'8180' if answer else '0100'}",
        f"      QR        {'1 (RESPONSE)' if answer else '0 (QUESTION)'}",
        "      OPCODE    0 (QUERY)",
        "      RCODE     0 (NOERROR)",
        "    QCOUNT    1",
        f"    ACOUNT    {len(answers)}",
        "    NSCOUNT   0",
        "    ARCOUNT   0",
        "    QUESTION SECTION:",
        "    Offset = 0x000c, RR count = 0",
        f'    Name      "{spelled}"',
        f"      QTYPE   {kind}",
        "      QCLASS  1",
        "    ANSWER SECTION:",
        *_answer_section(spelled, answers),
        "    AUTHORITY SECTION:",
        "      empty",
        "    ADDITIONAL SECTION:",
        "      empty",
        "",
    ]


def _answer_section(spelled: str, answers: tuple[str, ...]) -> list[str]:
    if not answers:
        return ["      empty"]
    return [
        "    Offset = 0x0029, RR count = 0",
        f'    Name      "[C00C]{spelled}"',
        "      TYPE   A  (1)",
        "      CLASS  1",
        "      TTL    300",
        "      DLEN   4",
        f"      DATA   {answers[0]}",
    ]


_KEY = """
Message logging key (for packets - other items use a subset of these fields):
\tField #  Information         Values
\t-------  -----------         ------
\t   1     Date
\t   2     Time
\t   3     Thread ID
\t   4     Context
\t   5     Internal packet identifier
\t   6     UDP/TCP indicator
\t   7     Send/Receive indicator
\t   8     Remote IP
\t   9     Xid (hex)
\t  10     Query/Response      R = Response
\t                             blank = Query
\t  11     Opcode              Q = Standard Query
\t                             N = Notify
\t                             U = Update
\t                             ? = Unknown
\t  12     [ Flags (hex)
\t  13     Flags (char codes)  A = Authoritative Answer
\t                             T = Truncated Response
\t                             D = Recursion Desired
\t                             R = Recursion Available
\t  14     ResponseCode ]
\t  15     Question Type
\t  16     Question Name
"""


def write(path: Path, lines: Iterable[str]) -> None:
    """Write the log with its preamble, with the line ends of Windows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    opened = f"{_DATES[0]} {CLOCK_AM_PM[0]}"
    preamble = f"DNS Server log file creation at {opened}\nLog file wrap at {opened}\n{_KEY}\n".replace(
        "\n", "\r\n"
    )
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(preamble)
        file.writelines(f"{line}\r\n" for line in lines)
