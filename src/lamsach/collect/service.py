"""The collector: receivers, spool, segments, live matching and status, from start to a clean end."""

from __future__ import annotations

import contextlib
import glob
import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lamsach.archive.archive import Archive, Writer
from lamsach.archive.records import GAP
from lamsach.collect.dropping import DropFolder
from lamsach.collect.following import Follower
from lamsach.collect.known import Known, known_sources
from lamsach.collect.listening import TcpServer, UdpServer, tls_context
from lamsach.collect.live import LiveMatcher, Outbox
from lamsach.collect.sealing import Sealer
from lamsach.collect.settings import Settings
from lamsach.collect.spool import Header, Spool, Spooled, read_spool, spool_files
from lamsach.collect.status import STATUS_FILE, now, sources_of, stamp
from lamsach.collect.streams import Stream, source_key
from lamsach.errors import LamsachError, UnreadableError
from lamsach.hunt.lists import LoadedList
from lamsach.i18n import mark
from lamsach.logs.opening import LogFile

_TICK_SECONDS = 0.2
_SYNC_SECONDS = 1.0
_GLOB_SECONDS = 5.0
_LIVE_KINDS = ("tcp", "udp", "tls")


Say = Callable[[str, dict[str, Any]], None]
"""Tell the administrator: a sentence with placeholders and their values."""


class Collector:
    """Collects until `stop` is called. `say` and `on_problem` are called by several threads."""

    def __init__(
        self,
        archive: Archive,
        writer: Writer,
        spool: Path,
        settings: Settings,
        listed: LoadedList | None,
        on_problem: Callable[[LamsachError], None],
        say: Say,
    ) -> None:
        self._archive = archive
        self._writer = writer
        self._folder = spool
        self._settings = settings
        self._on_problem = on_problem
        self._say = say
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._streams: dict[str, Stream] = {}
        self._followers: dict[str, Follower] = {}
        self._started = time.time()
        self._silences: dict[str, float] = {}
        self._known = known_sources(archive)
        self._sealer = Sealer(writer, self._known, on_problem)
        self.outbox = Outbox(settings.sightings, settings.send, on_problem)
        self._live = LiveMatcher(listed, archive.zone, self.outbox.put) if listed else None
        self._servers: list[TcpServer | UdpServer] = []
        self._drop = (
            DropFolder(settings.drop, settings.retention, self._live_whole if listed else None)
            if settings.drop
            else None
        )

    def stop(self) -> None:
        """End soon; may be called from a signal's handler."""
        self._stopping.set()

    def run(self, on_ready: Callable[[dict[str, int]], None] = lambda _ports: None) -> None:
        """Collect until told to stop. `on_ready` gets the ports. Raises UnreadableError when it cannot begin."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._recover()
        self._listen()
        self._sealer.start()
        for server in self._servers:
            server.start()
        feeder = threading.Thread(target=self._feed, name="files", daemon=True)
        feeder.start()
        on_ready(self.ports())
        try:
            while not self._stopping.wait(_SYNC_SECONDS):
                self._each_second()
        finally:
            self._end(feeder)

    def ports(self) -> dict[str, int]:
        """The ports that are listened on, by kind."""
        return {
            ("udp" if isinstance(server, UdpServer) else server.kind): server.port for server in self._servers
        }

    def _listen(self) -> None:
        wanted = self._settings
        if wanted.udp is not None:
            self._servers.append(UdpServer(wanted.host, wanted.udp, self._stream_for, self._on_problem))
        if wanted.tcp is not None:
            self._servers.append(TcpServer(wanted.host, wanted.tcp, self._stream_for, self._on_problem))
        if wanted.tls is not None and wanted.certificate is not None:
            context = tls_context(wanted.certificate, wanted.key)
            self._servers.append(
                TcpServer(wanted.host, wanted.tls, self._stream_for, self._on_problem, context)
            )

    def _recover(self) -> None:
        """Go on with what the run before left in the spool, and write down for how long nobody listened."""
        left: dict[str, list[tuple[Path, Spooled]]] = {}
        for path in spool_files(self._folder):
            spooled = read_spool(path)
            known = self._known.get(spooled.header.key) if spooled else None
            if spooled is None or (known is not None and spooled.header.number <= known.number):
                path.unlink(missing_ok=True)  # it is a segment already, or holds not one line
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
        """What was sent while the collector was not there is lost, and from a crash what was not yet written: that is recorded."""
        try:
            before = json.loads((self._folder / STATUS_FILE).read_text())
        except (OSError, ValueError):
            return
        known = [item for item in before.get("sources", []) if item.get("kind") in _LIVE_KINDS]
        for item in known:  # they are expected again, and missed when they stay silent
            self._stream_for(item["kind"], str(item["name"]).partition("/")[2])
        sources = [item["name"] for item in known]
        if sources:
            self._writer.record(
                GAP,
                sources=sources,
                since=before.get("at", ""),
                until=now(),
                clean=bool(before.get("ended")),
            )

    def _stream_for(self, kind: str, name: str) -> Stream:
        shown = f"syslog-{kind}/{name}" if kind in _LIVE_KINDS else name
        key = source_key(kind, shown)
        with self._lock:
            stream = self._streams.get(key)
            if stream is None:
                known = self._known.get(key, Known())
                stream = self._new_stream(
                    Header(
                        key, shown, kind, self._settings.retention, known.number + 1, known.end, known.lines
                    )
                )
                stream.place = dict(known.place)
                self._streams[key] = stream
                if kind in _LIVE_KINDS:  # so that a crash knows who was heard
                    self._write_status(ended=False)
            return stream

    def _new_stream(self, header: Header) -> Stream:
        look = self._look if self._live else None
        return Stream(header, self._folder, self._sealer.put, look)

    def _look(self, stream: Stream, lines: bytes) -> None:
        assert self._live is not None
        try:
            self._live.look(stream, lines)
        except LamsachError as error:
            self._on_problem(error)
        except Exception as error:  # noqa: BLE001 - the lines are in the spool: no defect of ours may have them taken twice
            self._on_problem(LamsachError(mark("Live matching failed on some lines."), str(error)))

    def _live_whole(self, log: LogFile) -> None:
        """Look at a dropped file."""
        assert self._live is not None
        try:
            self._live.look_at_file(log)
        except LamsachError as error:
            self._on_problem(error)

    def _feed(self) -> None:
        """Follow files and look into the drop folder, until told to stop."""
        globbed = 0.0
        while not self._stopping.is_set():
            if time.monotonic() - globbed > _GLOB_SECONDS or not globbed:
                globbed = time.monotonic()
                self._find_files()
            busy = False
            for follower in self._followers.values():
                try:
                    busy = follower.step() or busy
                except (LamsachError, OSError) as error:
                    self._problem(error, str(follower.path))
            self._take_dropped()
            if not busy:
                self._stopping.wait(_TICK_SECONDS)
        for follower in self._followers.values():
            with contextlib.suppress(LamsachError, OSError):
                follower.step()  # what was written a moment ago; the rest is taken in by the next run
            follower.close()

    def _problem(self, error: LamsachError | OSError, where: str) -> None:
        if isinstance(error, OSError):
            error = UnreadableError("The file could not be read.", f"{where}: {error.strerror}")
        self._on_problem(error)

    def _find_files(self) -> None:
        for pattern in self._settings.follow:
            for name in sorted(glob.glob(pattern)) or [pattern]:  # noqa: PTH207 - patterns may begin at the root
                path = str(Path(name).absolute())
                if path not in self._followers and not glob.has_magic(name):
                    self._followers[path] = Follower(Path(path), self._stream_for("followed", path))

    def _take_dropped(self) -> None:
        if self._drop is None:
            return
        try:
            with self._sealer.lock:
                for result in self._drop.step(self._writer):
                    problem = getattr(result, "problem", None)
                    if problem is not None:
                        self._on_problem(problem)
        except LamsachError as error:
            self._on_problem(error)

    def _each_second(self) -> None:
        for stream in list(self._streams.values()):
            try:
                stream.sync()
                stream.seal(self._settings.seal_seconds)
                self._watch_silence(stream)
            except LamsachError as error:
                self._on_problem(error)
        self._write_status(ended=False)

    def _watch_silence(self, stream: Stream) -> None:
        """Tell of a source that sends nothing, and when it does again, write down from when to when it was blind."""
        since = None if stream.silent else self._silences.pop(stream.header.key, None)
        if since is not None:
            self._record_silence(stream.header.name, since)
        limit = self._settings.silence_seconds
        last = stream.counts.last_seen or self._started
        if limit and not stream.silent and time.time() - last > limit:
            stream.silent = True
            self._silences[stream.header.key] = last
            self._say(
                "{name} has sent nothing for {seconds} seconds.",
                {"name": stream.header.name, "seconds": int(time.time() - last)},
            )

    def _record_silence(self, name: str, since: float) -> None:
        with self._sealer.lock:
            self._writer.record(GAP, sources=[name], since=stamp(since) or "", until=now(), clean=True)

    def status(self, *, ended: bool = False) -> dict[str, Any]:
        """How it goes: for each source rate, last line seen, shares of formats, silence; drops; sightings."""
        udp = [server for server in self._servers if isinstance(server, UdpServer) and not ended]
        return {
            "at": now(),
            "process": os.getpid(),
            "started": stamp(self._started),
            "ended": ended,
            "ports": self.ports(),
            "udp_drops": sum(server.drops() for server in udp),
            "sightings": self.outbox.told,
            "sightings_not_sent": self.outbox.dropped,
            "sources": sources_of(list(self._streams.values()), self._sealer.formats),
        }

    def _write_status(self, *, ended: bool) -> None:
        path = self._folder / STATUS_FILE
        temporary = path.with_name(f".{STATUS_FILE}.new")
        with contextlib.suppress(OSError):
            temporary.write_text(json.dumps(self.status(ended=ended), ensure_ascii=False, indent=1))
            temporary.replace(path)

    def _end(self, feeder: threading.Thread) -> None:
        """Take what has arrived, make segments of everything, and end."""
        self._stopping.set()
        for server in self._servers:
            server.stop()
        feeder.join()
        for stream in list(self._streams.values()):
            with contextlib.suppress(LamsachError):
                stream.seal()
                stream.close()
        self._sealer.give_up()
        self._sealer.finish()
        for key, since in self._silences.items():
            with contextlib.suppress(LamsachError):
                self._record_silence(self._streams[key].header.name, since)
        self.outbox.close()
        self._write_status(ended=True)
