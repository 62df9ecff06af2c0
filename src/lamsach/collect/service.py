"""Collector: receivers, spool, segments, live matching and status, from start to a clean end."""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lamsach.archive.archive import Archive, Writer
from lamsach.archive.collector_requests import serve, waiting
from lamsach.archive.records import GAP
from lamsach.collect.archived_ends import SourceEnd, source_ends
from lamsach.collect.drop_folder import DropFolder
from lamsach.collect.feeder import Feeder
from lamsach.collect.health import Health
from lamsach.collect.listeners import TcpServer, UdpServer
from lamsach.collect.live import LiveMatcher
from lamsach.collect.outbox import Outbox
from lamsach.collect.portal import Reporter, check_url
from lamsach.collect.receivers import LIVE_KINDS, open_files, reader_of, servers_of, source_name
from lamsach.collect.sealer import Sealer
from lamsach.collect.settings import Settings
from lamsach.collect.silence import SilenceWatch
from lamsach.collect.spool import Header, Spool, Spooled, drop_empty, read_spool, spool_files
from lamsach.collect.status import STATUS_FILE, now, sources_of, stamp
from lamsach.collect.streams import Stream, source_key
from lamsach.errors import LamsachError
from lamsach.hunt.sets.lists import LoadedList
from lamsach.i18n import mark
from lamsach.logs.opening.inputs import LogFile
from lamsach.results.atomic import open_own, own_folder

_SYNC_SECONDS = 1.0
_MOST_SOURCES = 10_000
"""Maximum number of sources, each with an open file; fewer where the system allows fewer."""
_PROMPT_SOURCES = 100
"""Sources written into the status immediately on arrival; further ones once a second."""
_OTHERS = "others"
"""Name of all further senders: datagrams can have forged addresses."""

Notify = Callable[[str, dict[str, Any]], None]
"""Notify the administrator: a sentence with placeholders and their values."""


class Collector:
    """Collector that runs until `stop`. `notify` and `on_problem` are called by several threads."""

    def __init__(
        self,
        archive: Archive,
        writer: Writer,
        spool: Path,
        settings: Settings,
        listed: LoadedList | None,
        on_problem: Callable[[LamsachError], None],
        notify: Notify,
    ) -> None:
        self._archive = archive
        self._writer = writer
        self._folder = spool
        self._settings = settings
        self._on_problem = on_problem
        self._notify = notify
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._status_lock = threading.Lock()
        self._streams: dict[str, Stream] = {}
        self._most_sources = min(_MOST_SOURCES, open_files() // 2)
        self._started = time.time()
        self._ended = False
        self._known = source_ends(archive)
        self._sealer = Sealer(writer, self._known, on_problem)
        self._silence = SilenceWatch(settings.silence_seconds, writer, notify)
        portal = settings.portal
        send = f"{check_url(portal)}/sightings" if portal else settings.send
        self.outbox = Outbox(settings.sightings, send, on_problem, settings.token if portal else "")
        self._reporter = Reporter(portal, settings.token, self.status, on_problem) if portal else None
        metrics = settings.metrics
        self._health = None if metrics is None else Health(settings.metrics_host, metrics, self.status)
        self._live = LiveMatcher(listed, archive.zone, self.outbox.put) if listed else None
        self._servers: list[TcpServer | UdpServer] = []
        dropped = self._match_file if listed else None
        drop = DropFolder(settings.drop, settings.retention, dropped) if settings.drop else None
        self._feeder = Feeder(settings.follow, drop, writer, self._stream_for, on_problem, self._stopping)

    def stop(self) -> None:
        """Request the end; may be called from a signal handler."""
        self._stopping.set()

    def run(self, on_ready: Callable[[dict[str, int]], None] = lambda _ports: None) -> None:
        """Collect until stopped. `on_ready` gets the ports. Raises UnreadableError when it cannot start."""
        own_folder(self._folder)
        self._recover()
        settings, problem = self._settings, self._on_problem
        self._servers += servers_of(settings, self._folder, self._stream_for, problem)
        kafka = reader_of(settings, self._stream_for, problem, self._stopping)
        self._sealer.start()
        for server in self._servers:
            server.start()
        readers = [threading.Thread(target=self._feeder.run, name="files", daemon=True)]
        if kafka is not None:
            readers.append(threading.Thread(target=kafka, name="kafka", daemon=True))
        for reader in readers:
            reader.start()
        for helper in (self._reporter, self._health):
            if helper is not None:
                helper.start()
        on_ready(self.ports())
        try:
            while not self._stopping.wait(_SYNC_SECONDS):
                self._each_second()
        finally:
            self._end(readers)

    def ports(self) -> dict[str, int]:
        """Return the listening ports, by kind."""
        ports = {server.kind: server.port for server in self._servers}
        return ports | ({"metrics": self._health.port} if self._health else {})

    def _recover(self) -> None:
        """Continue with the spool of the previous run, and record for how long nobody listened."""
        left: dict[str, list[tuple[Path, Spooled]]] = {}
        for path in spool_files(self._folder):
            spooled = read_spool(path)
            known = self._known.get(spooled.header.key) if spooled else None
            if spooled is None:
                drop_empty(path)
                continue
            if known is not None and spooled.header.number <= known.number:
                path.unlink(missing_ok=True)  # already a segment
                continue
            left.setdefault(spooled.header.key, []).append((path, spooled))
        for key, files in left.items():
            for _, spooled in files[:-1]:
                self._sealer.seal(Spool(self._folder, spooled.header))
            stream = self._new_stream(files[-1][1].header)
            stream.resume(files[-1][1])
            self._streams[key] = stream
        self._record_gap()

    def _record_gap(self) -> None:
        """Record the losses while the collector was away, and those of a crash."""
        try:
            status = json.loads((self._folder / STATUS_FILE).read_text())
        except (OSError, ValueError):
            return
        known = [item for item in status.get("sources", []) if item.get("kind") in LIVE_KINDS]
        for item in known:  # expected again: reported if they stay silent
            self._stream_for(item["kind"], str(item["name"]).partition("/")[2])
        sources = [item["name"] for item in known]
        if sources:
            self._writer.record(
                GAP, sources=sources, since=status.get("at", ""), until=now(), clean=bool(status.get("ended"))
            )

    def _stream_for(self, kind: str, name: str) -> Stream:
        with self._lock:
            if kind in LIVE_KINDS and len(self._streams) >= self._most_sources:
                is_known = source_key(kind, source_name(kind, name)) in self._streams
                name = name if is_known else _OTHERS
            shown = source_name(kind, name)
            key = source_key(kind, shown)
            stream = self._streams.get(key)
            if stream is None:
                known = self._known.get(key, SourceEnd())
                stream = self._new_stream(
                    Header(
                        key, shown, kind, self._settings.retention, known.number + 1, known.end, known.lines
                    )
                )
                stream.place = dict(known.place)
                self._streams[key] = stream
                if kind in LIVE_KINDS and len(self._streams) <= _PROMPT_SOURCES:
                    self._write_status(ended=False)  # so that a crash leaves the sources known
            return stream

    def _new_stream(self, header: Header) -> Stream:
        on_lines = self._match if self._live else None
        return Stream(header, self._folder, self._sealer.put, on_lines)

    def _match(self, stream: Stream, lines: bytes) -> None:
        assert self._live is not None
        try:
            self._live.match(stream, lines)
        except LamsachError as error:
            self._on_problem(error)
        except Exception as error:  # noqa: BLE001 - spooled lines must not be stored twice
            self._on_problem(LamsachError(mark("Live matching failed on some lines."), str(error)))

    def _match_file(self, log: LogFile) -> None:
        assert self._live is not None
        try:
            self._live.match_file(log)
        except LamsachError as error:
            self._on_problem(error)

    def _each_second(self) -> None:
        failed = False
        for stream in list(self._streams.values()):
            try:
                stream.sync()
                stream.seal(self._settings.seal_seconds)
                self._silence.check(stream)
            except LamsachError as error:
                failed = True
                self._on_problem(error)
        self._serve()
        if self._health is not None:
            self._health.beat()
            self._health.full = failed or self._sealer.stuck
        self._write_status(ended=False)

    def _serve(self) -> None:
        """Serve requests about the archive, first sealing the spool, which may contain lines to erase."""
        try:
            if waiting(self._archive):
                for stream in list(self._streams.values()):
                    stream.seal()
                self._sealer.settle()
                with self._writer.lock:
                    serve(self._writer)
        except LamsachError as error:
            self._on_problem(error)

    def status(self, *, ended: bool = False) -> dict[str, Any]:
        """Return the state: rate, last line, formats and silence of each source; drops; sightings."""
        udp = [server for server in self._servers if isinstance(server, UdpServer)]
        return {
            "at": now(),
            "process": os.getpid(),
            "started": stamp(self._started),
            "ended": ended or self._ended,
            "ports": self.ports(),
            "udp_drops": sum(server.drops() for server in udp),
            "sightings": self.outbox.reported,
            "sightings_not_sent": self.outbox.dropped,
            "sources": sources_of(list(self._streams.values()), self._sealer.formats),
        }

    def _write_status(self, *, ended: bool) -> None:
        path = self._folder / STATUS_FILE
        temporary = path.with_name(f".{STATUS_FILE}.new")
        with self._status_lock, contextlib.suppress(OSError):
            with open_own(temporary) as file:
                file.write(json.dumps(self.status(ended=ended), ensure_ascii=False, indent=1).encode())
            temporary.replace(path)

    def _end(self, readers: list[threading.Thread]) -> None:
        """Receive what has arrived, make segments of everything, and stop."""
        self._stopping.set()
        self._sealer.give_up()
        for server in self._servers:
            server.stop()
        for reader in readers:
            reader.join()
        for stream in list(self._streams.values()):
            with contextlib.suppress(LamsachError):
                stream.seal()
                stream.close()
        self._sealer.finish()
        with contextlib.suppress(LamsachError):
            self._silence.end()
        self.outbox.close()
        self._ended = True
        if self._reporter is not None:
            self._reporter.close()
        if self._health is not None:
            self._health.close()
        self._write_status(ended=True)
