"""NetFlow and IPFIX over UDP (RFC 3954, RFC 7011) as lines: a JSON object per flow.

The archive contains text, read by `lamsach logs read` without the exporter's templates. Templates are stored
by exporter in a file, so that flows are readable immediately after a restart: some exporters send templates
every half hour.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lamsach.errors import InputError, LamsachError
from lamsach.i18n import mark
from lamsach.logs.binary.netflow.events import events_of
from lamsach.logs.binary.netflow.packets import Decoder
from lamsach.logs.binary.netflow.templates import Template
from lamsach.logs.events.records import iso_utc
from lamsach.model import Action, Event
from lamsach.results.atomic import open_own

FILE = "templates.json"
MOST_EXPORTERS = 256
"""Exporters whose templates are stored; a new one replaces the one silent the longest."""
_SAVE_S = 1.0
_VALUES = (
    *("source_ip", "source_port", "destination_ip", "destination_port", "source_nat_ip", "source_nat_port"),
    *("user", "domain", "url"),
)


class FlowLines:
    """Converter of export packets to lines, for one thread. `folder`: storage of templates."""

    def __init__(self, folder: Path, on_problem: Callable[[LamsachError], None]) -> None:
        self._path = folder / FILE
        self._on_problem = on_problem
        self._decoders: dict[str, Decoder] = {}
        self._reported: set[str] = set()
        self._saved = ""
        self._checked = time.monotonic()
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            self._load(json.loads(self._path.read_text()))

    def lines(self, packet: bytes, exporter: str) -> bytes:
        """Return the flows of a packet, and earlier ones that waited for its template; none for others."""
        decoder = self._decoders.pop(exporter, None) or Decoder()
        self._decoders[exporter] = decoder  # most recent last
        if len(self._decoders) > MOST_EXPORTERS:
            del self._decoders[next(iter(self._decoders))]
        events = [event for flows in decoder.sets(packet) for event in events_of(flows, "")]
        if decoder.waiting:
            self._report(
                exporter, mark("Flows came before the packet that describes them; they wait for it.")
            )
        self.save()
        return b"".join(_line(event, exporter) for event in events)

    def _report(self, exporter: str, what: str) -> None:
        """Report once per exporter, and not for thousands of forged ones."""
        if exporter not in self._reported and len(self._reported) < 2 * MOST_EXPORTERS:
            self._reported.add(exporter)
            self._on_problem(InputError(what, exporter))

    def close(self) -> None:
        """Store the templates for the next start."""
        self._checked -= _SAVE_S
        self.save()

    def save(self) -> None:
        """Store the templates, once a second at most. A failed write is repeated later."""
        if time.monotonic() - self._checked < _SAVE_S:
            return
        self._checked = time.monotonic()
        text = json.dumps({exporter: _rows(decoder) for exporter, decoder in self._decoders.items()})
        if text != self._saved:
            temporary = self._path.with_name(f".{FILE}.new")
            with contextlib.suppress(OSError):
                with open_own(temporary) as file:
                    file.write(text.encode())
                temporary.replace(self._path)
                self._saved = text

    def _load(self, saved: dict[str, Any]) -> None:
        for exporter, rows in list(saved.items())[:MOST_EXPORTERS]:
            decoder = Decoder()
            for version, domain, identity, options, fields in rows:
                pairs = [(int(element), int(length)) for element, length in fields]
                key = ("", int(version), int(domain), int(identity))
                decoder.templates[key] = Template(pairs, options=bool(options))
            self._decoders[str(exporter)] = decoder


def _rows(decoder: Decoder) -> list[list[Any]]:
    return [[*key[1:], template.options, template.fields] for key, template in decoder.templates.items()]


def _line(event: Event, exporter: str) -> bytes:
    record: dict[str, Any] = {"time": iso_utc(event.time)} if event.time else {}
    record["observer"] = exporter
    for name in _VALUES:
        value = getattr(event, name)
        if value is not None:
            record[name] = value
    if event.action is not Action.UNKNOWN:
        record["action"] = event.action.value
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"
