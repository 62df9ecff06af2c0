"""Golden and rare lines of all formats with a listed value in each, and the shapes of their files."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import random
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from xml.sax.saxutils import escape

FORMATS = Path(__file__).parents[1] / "logs" / "formats"
# values of each kind, as a person reads them
ADDRESS = re.compile(r"(?<![\w.:-])(?:\d{1,3}\.){3}\d{1,3}(?![\w.-]*\w)", re.ASCII)
IPV6 = re.compile(r"(?<![\w.:])2001:db8:[0-9a-f:]{1,30}(?![\w:.])", re.ASCII)
NAME = re.compile(
    r"(?<![\w.:/@\\%?=-])(?:[a-z][\w-]{0,40}\.){1,4}(?:example|xyz|lan)(?![\w-]|\.\w)", re.ASCII
)
DIGEST = re.compile(
    r"(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{64}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{32})(?![0-9A-Fa-f])", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Planted:
    """A line, and the listed value that replaced one of its own."""

    text: str
    value: str
    format: str


def golden_lines() -> list[tuple[str, str]]:
    """Return every non-empty line once, with its format."""
    lines: dict[str, str] = {}
    for path in sorted((FORMATS / "data").glob("*/*.log")):
        for line in path.read_text(encoding="utf-8").splitlines():
            lines.setdefault(line, path.parent.name)
    for path in sorted(FORMATS.glob("rare_*.jsonl")):
        for row in path.read_text(encoding="utf-8").splitlines():
            case = json.loads(row)
            lines.setdefault(case["lines"][-1], case["format"])
    return [(name, line) for line, name in lines.items() if line.strip()]


def _listed(number: int, found: str) -> str:
    """Return a value of the same kind that no other line has."""
    if DIGEST.fullmatch(found):
        return hashlib.sha512(str(number).encode()).hexdigest()[: len(found)]
    if ":" in found:
        return str(IPv6Address((0x20010DB8FFFF << 80) + (number << 16) + 1))
    if ADDRESS.fullmatch(found):
        return str(IPv4Address(int(IPv4Address("198.18.0.0")) + number))  # RFC 2544
    return f"planted-{number}.example"


def planted(seed: int = 0) -> list[Planted]:
    """Return each line that has values, with one of them replaced, drawn by the seed."""
    rng, result = random.Random(seed), []
    for number, (name, line) in enumerate(golden_lines()):
        places = [place for kind in (ADDRESS, IPV6, NAME, DIGEST) for place in kind.finditer(line)]
        if places:
            place = rng.choice(places)
            value = _listed(number, place[0])
            result.append(Planted(line[: place.start()] + value + line[place.end() :], value, name))
    return result


def _text(lines: Sequence[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def relayed(items: Sequence[Planted]) -> bytes:
    """Lines forwarded by rsyslog: behind its header, control characters as `#` and octal digits."""
    escaped = (re.sub(r"[\x00-\x1f]", lambda found: f"#{ord(found[0]):03o}", item.text) for item in items)
    return _text([f"<13>Nov 20 10:00:00 relay app[12]: {line}#015" for line in escaped])


def docker(items: Sequence[Planted]) -> bytes:
    """Lines in Docker's json-file log."""
    return _text(
        [
            json.dumps(
                {"log": item.text + "\n", "stream": "stdout", "time": "2026-11-20T10:00:00.123456789Z"}
            )
            for item in items
        ]
    )


def with_lists(items: Sequence[Planted]) -> bytes:
    """JSON lines that also hold lists of objects, under names of documents' lists."""
    names = ("events", "data", "items", "resources", "results", "alerts", "value")
    return _text(
        [
            json.dumps({"note": item.text, names[n % len(names)]: [{"a": 1}], "host": {"name": "h"}})
            for n, item in enumerate(items)
        ]
    )


def array(items: Sequence[Planted]) -> bytes:
    """One JSON list in one line."""
    return json.dumps([{"id": n, "message": item.text} for n, item in enumerate(items)]).encode()


def document(items: Sequence[Planted]) -> bytes:
    """A multi-line API response, with unknown keys."""
    hits = [{"_id": str(n), "_source": {"what": [item.text]}} for n, item in enumerate(items)]
    return json.dumps({"took": 3, "hits": {"total": 1, "hits": hits}}, indent=1, ensure_ascii=False).encode()


def cells(items: Sequence[Planted]) -> bytes:
    """Cells of a table."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["number", "text", "remark"])
    writer.writerows([n, item.text, "-"] for n, item in enumerate(items))
    return out.getvalue().encode()


def quoted(items: Sequence[Planted]) -> bytes:
    """Values in typographic quotes, as written by office programs."""
    return _text(
        [f"2026-11-20 10:00:00 “{item.text.replace(item.value, f'“{item.value}”')}”" for item in items]
    )


def behind_pairs(items: Sequence[Planted]) -> bytes:
    """Lines as the message of a record of pairs."""
    return _text(
        [
            (
                'date=2026-11-20 time=10:00:00 devname="gw" logid="1" src=10.1.1.5 dst=192.0.2.77 '
                f'action=allow msg="{line}"'
            )
            for item in items
            for line in [item.text.replace('"', "'")]
        ]
    )


def markup(items: Sequence[Planted]) -> bytes:
    """Lines in an XML document."""
    rows = "".join(
        f"<row><id>{n}</id><text>{escape(item.text)}</text></row>\n" for n, item in enumerate(items)
    )
    return f'<?xml version="1.0" encoding="utf-8"?>\n<rows>\n{rows}</rows>\n'.encode()


def contained(items: Sequence[Planted]) -> bytes:
    """Lines as printed by `docker compose logs`."""
    return _text([f"web-1  | {item.text}" for item in items])


def mixed(items: Sequence[Planted]) -> bytes:
    """Lines of all products in one file."""
    return _text([item.text for item in items])


def zipped(data: bytes, name: str) -> bytes:
    """A ZIP archive with one member."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return out.getvalue()


Shape = Callable[[Sequence[Planted]], bytes]
SHAPES: dict[str, tuple[str, Shape]] = {
    "mixed": ("mixed.log", mixed),
    "relayed": ("relay.log", relayed),
    "docker": ("docker.log", docker),
    "with lists": ("lines.json", with_lists),
    "array": ("array.json", array),
    "document": ("answer.json", document),
    "cells": ("table.csv", cells),
    "quoted": ("notes.txt", quoted),
    "behind pairs": ("pairs.log", behind_pairs),
    "markup": ("export.xml", markup),
    "contained": ("compose.log", contained),
    "CRLF": ("dos.log", lambda items: mixed(items).replace(b"\n", b"\r\n")),
    "UTF-16": ("wide.log", lambda items: mixed(items).decode().encode("utf-16")),
    "gzip": ("packed.log.gz", lambda items: gzip.compress(mixed(items), 1)),
    "zip in zip": ("outer.zip", lambda items: zipped(zipped(mixed(items), "inner.log"), "inner.zip")),
}
"""By name: the file's name, and the writer of its bytes."""
