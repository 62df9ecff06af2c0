r"""Windows DNS Server debug log (`dns.log`), short and with packet details, in any language of Windows.

Source: Microsoft, "DNS Logging and Diagnostics" and "Use debug logging options" (Windows Server 2003 to
2025), and the "Message logging key" at the top of the file. Traps:
- Date and time are in the server's language: m/d/y with AM/PM, d/m/y, y-m-d, dd.mm.yyyy, SA/CH for AM/PM in
  Vietnamese, before the time in Chinese and Korean. The order of day and month is decided per file.
- `Rcv` without `R` is a client's question; `Snd` with `R` its answer: both name the client. `Snd` without `R`
  is the server's own question to another server, `Rcv` with `R` its answer: they name the other server and no
  client. So source is always the querying side and destination the queried one, as far as the line states it.
- Names are `(3)www(7)example(3)com(0)`, in details with compression marks `[C00C]`.
- With details, a record has about forty lines, and the answers are in the ANSWER SECTION.
- Columns may have been collapsed to single spaces; Windows Server 2003 has no packet identifier.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import ClassVar

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.events.ends import Role, changed
from lamsach.logs.layouts import Layout, Made, Of, Shape
from lamsach.logs.layouts.kinds import Kind
from lamsach.logs.layouts.line import LayoutFormat
from lamsach.logs.text.dns_names import from_labels
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.times.loose_times import DateOrder, decide_order, numbers_of
from lamsach.logs.text.times.timestamps import MONTHS, local_time
from lamsach.logs.text.values import ip_of, port_of
from lamsach.model import Action, Event, EventKind

_PACKET_HEAD = 400
_SHORT_RECORD = _PACKET_HEAD + 2400
# 5/21/2015 1:51:18 PM 0D48 EVENT   The DNS server has started.
_RECORD = re.compile(
    r"(?a)\d{1,2}[:.]\d{2}[:.]\d{2}(?![:.])\S{0,12}(?: \S{1,12}){0,2} [0-9A-Fa-f]{3,8} {1,4}(PACKET|EVENT"
    r"|Note:|NOTE|ERROR|WARNING|INIT|DSPOLL|DS\b|LOOKUP|RECURSE|REMOTE|TCPIP?|SOCKET|UPDATE|ZONEXFR|XFR|AGE"
    r"|AGING|RPC|WRITE|READ|CACHE|SD|RRL|POLICY|DNSSEC|LOG)\b"
)
_TIME = re.compile(r"(\d{1,2})[:.](\d{2})[:.](\d{2})(?:[.,]\d{1,7})?(?![\d:.])", re.ASCII)
_DATE = re.compile(
    r"(?a)(?<![\d.])(?<!\d:)(\d{4}|\d{1,2})(?:\. ?|[/-])(\d{1,2})(?:\. ?|[/-])(\d{4}|\d{1,2})(?![\d:])"
)
# 04-May-26   04 May 2026
_DATE_WITH_NAME = re.compile(r"(?<![\w.:])(\d{1,2})[- ]([A-Z][a-z]{2})[- ](\d{4}|\d{2})(?![\d:])", re.ASCII)
_DATE_WITHOUT_MARKS = re.compile(r"(?<!\d)((?:19|20)\d{2})(\d{2})(\d{2}) ", re.ASCII)
# `A      (3)www(7)example(3)com(0)`, collapsed `A (3)www(3)com(0)`, `A
_QUESTION = re.compile(r"(?:([A-Z][A-Z0-9-]{0,15}|\d{1,5}|\?\?+)\s+)?([(\[.\w].*)")
_QUOTES = re.compile("[`'\"]")
_PLAIN_NAME = re.compile(r"[\w-]{1,63}(?:\.[\w-]{1,63}){1,40}\.?", re.ASCII)
# The preamble, and packet details, indented except their first line, `UDP question ..
_OTHER = re.compile(
    r"$|\s|DNS Server log file|Log file wrap|Message logging key|(?:UDP|TCP) [a-z]{2,12} (?:info"
    r"|packet) at [0-9A-Fa-f]|(?:Socket|Remote addr|Time Query|Buf length|Msg length|Offset) ?=? |Message:$"
    r"|(?:QUESTION|ANSWER|AUTHORITY|ADDITIONAL) SECTION:|empty$|(?:XID|Flags|QR|OPCODE|AA|TC|RD|RA|Z|CD|AD"
    r"|RCODE|QCOUNT|ACOUNT|NSCOUNT|ARCOUNT|Name|QTYPE|QCLASS|TYPE|CLASS|TTL|DLEN|DATA) {2,10}\S"
)
# Remote addr 10.1.1.5, port 53527
_REMOTE_PORT = re.compile(r"Remote addr [0-9A-Fa-f:.%]{2,60}, port (\d{1,5})")
# TYPE   A  (1) ... DATA   198.51.100.7
_ANSWER = re.compile(r"\bTYPE\s{1,8}(\w{1,16})|\bDATA\s{1,8}(\S{1,1100})")
# AM and PM in languages of Windows: vi SA/CH, zh, ja, ko, el, mn, ar, fa, hu, fi, cs, tr, sq,
# es, sv, af, th, bn
_AFTERNOON_WORDS = (
    "pm p.m. p.m ch 下午 午後 오후 μμ μ.μ. мм م د.م. em ip. ip iltapäivä odp. odpoledne du. du ös md "
    "p. nm n.m. ค่ำ หลังเที่ยง mu pl "
)
_AFTERNOON = frozenset(_AFTERNOON_WORDS.split())
_MORNING_WORDS = (
    "am a.m. a.m sa 上午 午前 오전 πμ π.μ. ص fm ap. ap aamupäivä dop. dopoledne de. de öö pd a. vm "
    "v.m. ก่อนเที่ยง "
)
_MORNING = frozenset(_MORNING_WORDS.split())
_ENGLISH = frozenset({"am", "pm", "a.m.", "p.m."})


_REFUSAL = Kind("refusal", lambda flags: Action.BLOCKED if "REFUSED" in flags else Action.ALLOWED)
_LABELS = Kind("labels", lru_cache(65536)(lambda text: question_of_packet(text)))


# 5/21/2015 1:51:18 PM 0D48 PACKET  000000000181D1C0 UDP Rcv 10.1.1.5    0c6b   Q [0001   D   NOERROR] A
def _packets(end: str, asked: str, answered: str) -> Shape:
    """Return the shape of questions (`Rcv`, `Snd`) and answers that name this end."""
    first, second = (
        rf"\s{{1,4}}(?P<{end}{at}><[^<>\n]{{1,40}}>|[^<\s]\S{{0,59}})\s{{1,45}}[0-9A-Fa-f]{{4}}\s{{1,6}}"
        for at in ("", "2")
    )
    return Shape(
        r"\b[0-9A-Fa-f]{3,8}\s{1,4}PACKET\s{1,4}(?:[0-9A-Fa-f]{4,16}\s{1,4})?(?:UDP|TCP)\s{1,4}"
        rf"(?:{asked}{first}|{answered}{second}R\s{{1,4}})[A-Z?]"
        r"(?:\s{1,4}(?:\[(?P<flags>[^\]\n]{0,48})(?:\](?P<domain>[^\r\n]*)|$)|$)|$)",
        {
            "kind": EventKind.DNS,
            "domain": _LABELS,
            "action": Of(_REFUSAL, ("flags",), absent=Action.ALLOWED),
            "forwarded": end == "destination_ip",
            "response": Made(bool, (f"{end}2",)),
        },
        lead=r"[0-9A-Fa-f]{3,8}\s{1,4}PACKET\s",
    )


_SHAPES = _packets("source_ip", "Rcv", "Snd"), _packets("destination_ip", "Snd", "Rcv")
_EXAMPLE = "6/10/2026 8:00:01 AM 0D48 PACKET  000000000181D1C0 UDP "


class WindowsDnsDebug(LayoutFormat):
    """Packets in and out, with or without their contents.

    The order of day and month is decided per file; a question that the server sends upstream names no client.
    """

    layout: ClassVar[Layout] = Layout(
        name="windows_dns_debug",
        title="Windows DNS Server debug log",
        source='Microsoft, "DNS Logging and Diagnostics"',
        shapes=_SHAPES,
        anywhere=True,
        role=Role.SERVES_THE_UNIT,
        of_resolver=True,
        also_gives=("source_port", "destination_port", "answers"),
        examples=(
            (
                f"{_EXAMPLE}Rcv 10.1.1.5        0c6b   Q [0001   D   NOERROR] A      (3)www(7)example(0)",
                {"source_ip": "10.1.1.5", "domain": "www.example", "action": "allowed"},
            ),
            (
                f"{_EXAMPLE}Snd 203.0.113.53    0c6b   Q [0001   D   NOERROR] A      (3)www(7)example(0)",
                {"source_ip": None, "destination_ip": "203.0.113.53", "forwarded": True},
            ),
        ),
    )
    multiline = True

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self._order = _decide_order(context)

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match thread, `PACKET`, transport, direction, address, flags; if cut, time, thread, `PACKET`."""
        if "PACKET" not in line:
            return False
        record = _RECORD.search(line, 0, 160)
        return (record is not None and record[1] == "PACKET") or _found(line, _PACKET_HEAD) is not None

    @classmethod
    def score(cls, head: Sequence[str]) -> float:
        """Count the preamble and packet details too."""
        if not any(map(cls.recognises, head)):
            preamble = any("DNS Server log file creation" in line for line in head)
            return 1.0 if preamble else 0.0
        return sum(cls.starts_record(line) or _OTHER.match(line) is not None for line in head) / len(head)

    @classmethod
    def starts_record(cls, line: str) -> bool:
        """Match a line with a time, thread and context; indented packet details follow it."""
        return _RECORD.search(line, 0, 160) is not None or cls.recognises(line)

    def read(self, line: str) -> Event | None:
        """See `LogFormat.read`. None for the preamble and for contexts other than PACKET."""
        first = line.partition("\n")[0]
        packet = _packet(line, first)
        if packet is None:
            record = _RECORD.search(first, 0, 160)
            if record[1] != "PACKET" if record else _OTHER.match(first):
                return None
            raise LineError("The line is not of this product.", first[:80])
        shape = next(shape for shape in _SHAPES if shape.expression is packet.re)
        event = self.event(shape, packet, *self.head(first, packet.start()))
        details = line[len(first) :]
        if event and (stated_port := _REMOTE_PORT.search(details, 0, 2000)):
            end = "destination_port" if event.forwarded else "source_port"
            event = changed(event, **{end: port_of(stated_port[1])})
        if event and event.response and details:
            event = changed(event, answers=_answers(details))
        return event

    def head(self, line: str, start: int) -> tuple[datetime | None, str | None]:
        """See `LayoutFormat`."""
        host, before = self._before(line[:start])
        return self.time_of(before), host

    def _before(self, text: str) -> tuple[str | None, str]:
        """Split off the host of a syslog header, if any, from the text before the thread's number."""
        if text[:1] == "<" or text[:1].isalpha():
            header, message = split_header(text.rstrip() + " ", self.context)
            return header.host, message or text
        return None, text

    def time_of(self, text: str) -> datetime:
        """Read the time in the text before a record's thread."""
        date_text, clock, marker = _split_time(text)
        year, month, day = self._order.date(numbers_of(date_text))
        hour, minute, second = clock
        if marker in _AFTERNOON:
            hour = hour % 12 + 12
        elif marker in _MORNING:
            hour = hour % 12
        return local_time(year, month, day, hour, minute, second, 0, self.context.timezone)


def _packet(line: str, first: str) -> re.Match[str] | None:
    """Find the packet in a record's first line; of a wrapped line, in its first four lines joined."""
    packet = _found(first, _SHORT_RECORD)
    if (
        len(line) == len(first)
        or "PACKET" not in first
        or (packet and question_of_packet(packet["domain"] or ""))
    ):
        return packet
    wrapped = _found(" ".join(line[:_SHORT_RECORD].split("\n", 4)[:4]), _SHORT_RECORD)
    return wrapped if wrapped and (packet is None or question_of_packet(wrapped["domain"] or "")) else packet


def _found(text: str, room: int) -> re.Match[str] | None:
    matches = (shape.expression.search(text, 0, room) for shape in _SHAPES)
    return next((match for match in matches if match), None)


def _split_time(text: str) -> tuple[str, tuple[int, int, int], str]:
    """Split the text before a record into date, clock and AM/PM word. LineError without a date or time."""
    text = " ".join(text[-160:].split())
    named = _DATE_WITH_NAME.search(text)
    if named and named[2] in MONTHS:
        text = f"{text[: named.start()]}{named[1]}/{MONTHS[named[2]]}/{named[3]}{text[named.end() :]}"
    times = list(_TIME.finditer(text))
    compact = _DATE_WITHOUT_MARKS.search(text)
    date = compact or _DATE.search(text)
    apart = (t for t in reversed(times) if date and not (t.start() < date.end() and date.start() < t.end()))
    time = next(apart, None)
    if date is None or time is None:
        raise LineError("The date or time is impossible.", text)
    hour, minute, second = map(int, time.groups())
    rest = text[: date.start()] + " " + text[date.end() : time.start()] + " " + text[time.end() :]
    words = [word for word in rest.casefold().split() if not word.isdigit()]
    return (
        " ".join(date.groups()),
        (hour, minute, second),
        _marker_of([word.strip("\u200e\u200f,") for word in words]),
    )


def _marker_of(words: list[str]) -> str:
    """Find the AM/PM word, perhaps split (`p. m.`), among other words (a prompt, a file name)."""
    pairs = ("".join(pair) for pair in pairwise(words))
    return next((text for text in (*pairs, *reversed(words)) if text in _AFTERNOON or text in _MORNING), "")


def _decide_order(context: FileContext) -> DateOrder:
    dates, usual = [], DateOrder.DAY_FIRST
    for line in context.head:
        packet = _RECORD.search(line, 0, 160) or _found(line, _PACKET_HEAD)
        if packet is None and not line.startswith("DNS Server log file creation at "):
            continue
        text = (
            line[: packet.start() + 24 if packet and packet.re is _RECORD else packet.start()]
            if packet
            else line[30:]
        )
        date = _DATE.search(text[:120])
        if date is None:
            continue
        dates.append(numbers_of(" ".join(date.groups())))
        usual = _usual(date, text)
    return decide_order(dates, usual, context)


def _usual(date: re.Match[str], text: str) -> DateOrder:
    """Usual order of a date: month first only in English with AM or PM, and never for `5/06/2025`."""
    words = {word.casefold() for word in text[date.end() :].split()}
    american = "/" in date[0] and bool(words & _ENGLISH)
    if len(date[1]) == 1 and len(date[2]) == 2 and date[2].startswith("0"):
        american = False
    return DateOrder.MONTH_FIRST if american else DateOrder.DAY_FIRST


def question_of_packet(text: str) -> str | None:
    """Read the queried name after a packet's flags."""
    match = _QUESTION.match(_QUOTES.sub("", text.strip()))
    if match is None:
        return None
    plain = match[2][:1] not in "([."  # a name rewritten without label lengths: `A      www.example`
    return from_labels(match[2]) if not plain or _PLAIN_NAME.fullmatch(match[2]) else None


def _answers(details: str) -> tuple[str, ...]:
    section = details.partition("ANSWER SECTION:")[2]
    section = section.partition("AUTHORITY SECTION:")[0].partition("ADDITIONAL SECTION:")[0]
    answers: dict[str, None] = {}
    kind = ""
    for found in _ANSWER.finditer(section):
        if found[1]:
            kind = found[1]
            continue
        value = None
        if kind in ("A", "AAAA"):
            value = ip_of(found[2])
        elif kind == "CNAME":
            value = from_labels(found[2])
        if value:
            answers[value] = None
    return tuple(answers)
