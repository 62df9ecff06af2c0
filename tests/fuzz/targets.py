"""Fuzzing targets.

Each has its seeds, and a function that reads one input and describes the outcome in a few words.

A function may raise LamsachError; anything else is a defect. The outcome steers the search: an input with a
new outcome is stored and mutated further.
"""

from __future__ import annotations

import gzip
import json
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import zstandard

from lamsach.archive.archive import Archive, writing
from lamsach.archive.intake import fill
from lamsach.archive.segment import decompress, head_of
from lamsach.channels.edxml.reader import read as read_edxml
from lamsach.channels.xml_signature import sign
from lamsach.collect.flows import FlowLines
from lamsach.collect.spool import Header, Spool, read_spool
from lamsach.collect.syslog_frames import Framer
from lamsach.errors import LineError
from lamsach.indicators.lists import read_list
from lamsach.logs.base import FileContext
from lamsach.logs.formats import BINARY_FORMATS, FORMATS
from lamsach.logs.opening.encodings import decode_line
from lamsach.logs.opening.inputs import find_logs
from lamsach.logs.reading.detect import detect
from lamsach.logs.reading.events import read_events
from lamsach.model import Indicator, Problem, Refusal
from lamsach.results.bundle import BundleLimits, read_bundle
from tests.channels import edxml_samples

DATA = Path(__file__).parents[1] / "logs" / "formats" / "data"
KEY = b"k" * 32
Reader = Callable[[bytes], str]


@dataclass(frozen=True, slots=True)
class Target:
    """Fuzzing target. `share`: of a thousand inputs."""

    name: str
    seeds: list[bytes]
    read: Reader
    share: int


def _golden(limit: int) -> list[bytes]:
    found = []
    for path in sorted(DATA.rglob("*")):
        if path.is_file() and not path.name.endswith(".jsonl") and path.stat().st_size < limit:
            found.append(path.read_bytes())
    return found


def lines(scratch: Path) -> Target:
    """Parse single lines by every format that recognizes them."""
    seeds = [line for data in _golden(1 << 20) for line in data.split(b"\n")[:6] if line]
    parsers = [(item, item(FileContext("fuzz.log"))) for item in FORMATS]

    def read(data: bytes) -> str:
        text = decode_line(data.split(b"\n")[0])
        outcomes = []
        for kind, parser in parsers:
            if kind.recognises(text):
                try:
                    event = parser.parse(text, 1)
                except LineError as error:
                    outcomes.append(f"{kind.name}!{error.what}")
                else:
                    known = [
                        name for name in ("time", "source_ip", "domain", "url") if getattr(event, name, None)
                    ]
                    outcomes.append(f"{kind.name}:{','.join(known)}")
        return ";".join(outcomes)

    return Target("lines", seeds, read, 880)


def heads(scratch: Path) -> Target:
    """Detect formats by beginnings of files."""

    def read(data: bytes) -> str:
        found = detect(data)
        return f"{found.format.name if found.format else None} {len(found.mixed)} {found.binary}"

    return Target("heads", [data[:4000] for data in _golden(1 << 20)], read, 20)


def framing(scratch: Path) -> Target:
    """Split streams of syslog."""
    seeds = [b"<13>one\n<14>two\0", b"11 <13>message5 <1>ab", b"<13>a\r\n99999 <13>b"]

    def read(data: bytes) -> str:
        framer = Framer()
        half = len(data) // 2
        out = framer.feed(data[:half]) + framer.feed(data[half:]) + framer.end()
        if out and not out.endswith(b"\n"):
            raise AssertionError("a message without an end")
        return f"{out.count(10)} {framer._counted}"

    return Target("framing", seeds, read, 30)


def flows(scratch: Path) -> Target:
    """Decode datagrams of NetFlow and IPFIX, with the templates of earlier ones."""
    maker = FlowLines(scratch, lambda _error: None)
    described = struct.pack(">HHHHHHHH", 256, 3, 8, 4, 12, 4, 7, 2)
    flow = bytes((10, 0, 0, 5, 192, 0, 2, 9, 1, 187))

    def v9(number: int, body: bytes) -> bytes:
        return struct.pack(">HHIIIIHH", 9, 1, 1, 1662000000, 1, 7, number, 4 + len(body)) + body

    ipfix = (
        struct.pack(">HHIIIHH", 10, 20 + len(described), 1662000000, 1, 7, 2, 4 + len(described)) + described
    )
    seeds = [
        v9(0, described),
        v9(256, flow * 3),
        ipfix,
        struct.pack(">HHIIII", 5, 1, 1, 1662000000, 0, 0) + bytes(52),
    ]

    def read(data: bytes) -> str:
        text = maker.lines(data, "192.0.2.1")
        found = [json.loads(line) for line in text.splitlines()]
        return f"{min(len(found), 9)} {sorted({key for item in found for key in item})}"

    return Target("flows", seeds, read, 20)


def files(scratch: Path) -> Target:
    """Open, detect and read whole files of any kind, packed or not."""
    text = (DATA / "squid").glob("*.log")
    plain = next(text).read_bytes()
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/fw.log", plain)
    frames = zstandard.ZstdCompressor().compress(plain)
    seeds = [
        plain,
        gzip.compress(plain) * 2,
        frames * 2,
        packed.getvalue(),
        plain.decode("latin-1").encode("utf-16"),
    ]
    seeds += [data for data in _golden(1 << 16) if b"\0" in data[:1000]]
    path = scratch / "input"

    def read(data: bytes) -> str:
        path.write_bytes(data)
        problems: list[Problem] = []
        counts = [0, 0]
        for log in find_logs([str(path)], on_problem=problems.append):
            for number, item in enumerate(read_events(log)):
                counts[isinstance(item, Refusal)] += 1
                if number > 200:
                    break
        return f"{[item.what for item in problems]} {min(counts[0], 9)} {min(counts[1], 9)}"

    return Target("files", seeds, read, 10)


def binaries(scratch: Path) -> Target:
    """Read captures, event files, flows by their own readers."""
    seeds = [
        data for data in _golden(1 << 16) if any(kind.recognises(data[:4096]) for kind in BINARY_FORMATS)
    ]
    seeds = seeds or [b"\xd4\xc3\xb2\xa1\x02\x00\x04\x00" + b"\0" * 16]

    def read(data: bytes) -> str:
        outcomes = []
        for kind in BINARY_FORMATS:
            if kind.recognises(data[:4096]):
                count = 0
                for count, _ in enumerate(kind(FileContext("fuzz")).read(BytesIO(data)), 1):
                    if count > 500:
                        break
                outcomes.append(f"{kind.name}:{min(count, 9)}")
        return ";".join(outcomes)

    return Target("binaries", seeds, read, 10)


def segments(scratch: Path) -> Target:
    """Read segments of an archive, with and without a valid seal."""
    archive = Archive(str(scratch / "archive"), create=True)
    with writing(archive) as writer:
        for folder in ("squid", "bind", "dnsmasq"):
            list(fill(writer, find_logs([str(path) for path in (DATA / folder).glob("*.log")])))
    seeds = [archive.store.read(entry.name) for entry in archive.segments()]

    def read(data: bytes) -> str:
        head = head_of(data, "fuzz", KEY)
        raw = decompress(data[head.frame_offset :], "fuzz")
        return f"{head.description.format} {bool(head.filter)} {len(raw) > 100}"

    return Target("segments", seeds, read, 10)


def spools(scratch: Path) -> Target:
    """Read spool files left by a crash."""
    spool = Spool(scratch, Header("k", "n", "tcp", "default", 1))
    for number in range(4):
        spool.append(b"a line\n" * (number + 1), {"offset": number})
    spool.close()
    seeds, path = [spool.path.read_bytes()], scratch / "fuzz.wal"

    def read(data: bytes) -> str:
        path.write_bytes(data)
        found = read_spool(path)
        return f"{found is None} {len(found.raw) if found else 0}"

    return Target("spools", seeds, read, 10)


def bundles(scratch: Path) -> Target:
    """Read findings bundles of any origin."""
    from lamsach.investigate import Request, investigate
    from lamsach.results import write

    (scratch / "list.txt").write_text("example.org\n192.0.2.1\n")
    logs = [str(path) for path in sorted((DATA / "squid").glob("*.log"))]
    findings, _ = investigate(Request(logs, [str(scratch / "list.txt")], threads=1))
    write(findings, scratch / "seed.zip", "en", {})
    seed = (scratch / "seed.zip").read_bytes()
    path = scratch / "fuzz.zip"
    limits = BundleLimits(1 << 22, 1 << 20, 1 << 23)

    def read(data: bytes) -> str:
        path.write_bytes(data)
        found = read_bundle(path, limits)
        return f"{len(found.devices)} {len(found.sightings)}"

    return Target("bundles", [seed], read, 5)


def lists(scratch: Path) -> Target:
    """Read lists of indicators as text, CSV, JSON, STIX, YARA, rules, mail."""
    stix = {
        "type": "bundle",
        "id": "bundle--1",
        "objects": [
            {"type": "indicator", "pattern": "[domain-name:value = 'bot-c2.xyz']", "pattern_type": "stix"},
        ],
    }
    seeds = [
        b"# list\nbot-c2.xyz\n192.0.2.1\n198.51.100.0/24\nhxxp://a[.]example/x?y\n",
        b"type;value;threat\ndomain;bot-c2.xyz;X\nip;192.0.2.1;Y\n",
        json.dumps(stix).encode(),
        b'{"Event": {"Attribute": [{"type": "ip-dst", "value": "192.0.2.1"}]}}',
        b'alert dns any any -> any any (msg:"x"; dns.query; content:"bot-c2.xyz"; sid:1;)\n',
        b"#fields\tindicator\tindicator_type\nbot-c2.xyz\tIntel::DOMAIN\n",
        b"127.0.0.1 bot-c2.xyz\n||bad.example^\n",
        b"<html><body><table><tr><td>bot-c2.xyz</td></tr></table></body></html>",
    ]
    golden = Path(__file__).parents[1] / "indicators" / "golden"
    seeds += [
        path.read_bytes()
        for path in sorted(golden.iterdir())
        if path.is_file() and path.stat().st_size < 1 << 15
    ]
    path = scratch / "list"

    def read(data: bytes) -> str:
        path.write_bytes(data)
        problems: list[Problem] = []
        kinds: set[str] = set()
        for number, item in enumerate(read_list(str(path), problems.append)):
            kinds.add(str(item.type) if isinstance(item, Indicator) else item.reason)
            if number > 500:
                break
        return f"{sorted(kinds)} {[item.what for item in problems]}"

    return Target("lists", seeds, read, 10)


def dispatches(scratch: Path) -> Target:
    """Read edXML files in every form, including signed ones."""
    forms = (edxml_samples.dispatch(), edxml_samples.STATUS, edxml_samples.FLAT, edxml_samples.SOAP)
    own = edxml_samples.signer("Don vi A")
    seeds = [text.encode() for text in forms] + [sign(forms[0].encode(), own), forms[0].encode("utf-16")]

    def read(data: bytes) -> str:
        found = read_edxml(data, "fuzz", own.certificates)
        return f"{found.kind} {found.signature.verdict} {len(found.attachments)} {bool(found.date)}"

    return Target("dispatches", seeds, read, 5)


MAKERS = (lines, heads, framing, flows, files, binaries, segments, spools, bundles, lists, dispatches)
