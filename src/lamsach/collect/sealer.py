"""Thread that turns full spool files into segments; receivers wait when it falls behind."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable

from lamsach.archive.archive import Writer
from lamsach.archive.catalog import PART, Catalog
from lamsach.archive.intake import detect_source
from lamsach.archive.segment_facts import Describer
from lamsach.archive.sources import Source, load, pack_head, save
from lamsach.collect.archived_ends import SourceEnd
from lamsach.collect.spool import Spool, drop_empty, read_spool
from lamsach.errors import LamsachError
from lamsach.i18n import mark
from lamsach.logs.opening.inputs import HEAD_BYTES

WAITING = 6
"""Maximum number of full spool files that wait; beyond it, receivers wait too."""
WELL_BYTES_S = 12 << 20
"""Bytes per second compressed well, at a quarter of a processor; the rest is compressed fast."""
_BURST_S = 2.0
_RETRY_SECONDS = 5.0
_PUT_SECONDS = 0.5


class Pace:
    """Compression pace: high while there is time. `clock`: seconds, monotonic."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._busy_until = clock()

    def allows(self, size_bytes: int) -> bool:
        """Return whether this much more may be compressed well; call once per segment."""
        now = self._clock()
        self._busy_until = min(max(self._busy_until, now) + size_bytes / WELL_BYTES_S, now + 2 * _BURST_S)
        return self._busy_until - now <= _BURST_S


class Sealer:
    """Maker of segments from spool files, in order. `known`: each source's end at the start."""

    def __init__(
        self, writer: Writer, known: dict[str, SourceEnd], on_problem: Callable[[LamsachError], None]
    ) -> None:
        self.formats: dict[str, dict[str, int]] = {}
        self.stuck = False
        """The last attempt to write a segment failed."""
        self._writer = writer
        self._known = known
        self._on_problem = on_problem
        self._full: queue.Queue[Spool | None] = queue.Queue(WAITING)
        self._describers: dict[str, Describer] = {}
        self._thread = threading.Thread(target=self._run, name="sealer", daemon=True)
        self._stop = threading.Event()
        self._pace = Pace()
        self._packed = 0
        self._left: set[str] = set()
        """Sources with lines left in the spool at the end: later ones stay too, so that order holds."""

    def start(self) -> None:
        """Start."""
        self._thread.start()

    def put(self, spool: Spool) -> None:
        """Enqueue a full spool file; waits while too many are queued.

        After `give_up` it may remain in the spool.
        """
        while True:
            try:
                self._full.put(spool, timeout=_PUT_SECONDS)
                return
            except queue.Full:
                if self._stop.is_set() and self.stuck:
                    self._left.add(spool.header.key)
                    return

    def settle(self) -> None:
        """Wait until all enqueued files are in segments, or cannot be written now."""
        with self._full.all_tasks_done:
            while self._full.unfinished_tasks and not self.stuck:
                self._full.all_tasks_done.wait(_PUT_SECONDS)

    def finish(self) -> None:
        """Make segments of all enqueued files, and stop."""
        self._full.put(None)
        self._thread.join()

    def give_up(self) -> None:
        """Stop retrying failed writes: their lines remain in the spool."""
        self._stop.set()

    def _run(self) -> None:
        while (spool := self._full.get()) is not None:
            while spool.header.key not in self._left and not self._try(spool):
                if self._stop.wait(_RETRY_SECONDS):
                    self._left.add(spool.header.key)
            self._full.task_done()

    def _try(self, spool: Spool) -> bool:
        try:
            self.seal(spool)
            self.stuck = False
        except LamsachError as error:
            self.stuck = True
            self._on_problem(error)
        except Exception as error:  # noqa: BLE001 - this thread must not end while others wait for it
            self.stuck = True
            self._on_problem(
                LamsachError(mark("A segment could not be made; it is tried again."), str(error))
            )
        return not self.stuck

    def seal(self, spool: Spool) -> None:
        """Write one segment, then delete the spool file. Raises LamsachError."""
        spooled = read_spool(spool.path)
        if spooled is None or not spooled.raw:
            drop_empty(spool.path)
            return
        header = spooled.header
        with self._writer.lock:
            describer = self._describer(
                spooled.header.key, header.name, header.kind, header.retention, spooled.raw
            )
            about = self._writer.describe(header.key, header.begin, header.begin + len(spooled.raw))
            describer.continue_after(header.lines, [])
            describer.describe(spooled.raw, about)
            about.place = {**spooled.place, "spool": header.number}
            well = self._pace.allows(len(spooled.raw))
            self._writer.add(about, spooled.raw, quick=not well)
        counts = self.formats.setdefault(header.key, {})
        for row in about.coverage:
            counts[row[1]] = counts.get(row[1], 0) + row[4]
        with contextlib.suppress(OSError):  # the next start detects the segment
            spool.path.unlink(missing_ok=True)
        if well:
            self._make_packs()

    def _make_packs(self) -> None:
        """Build packs for a fast retro-hunt, now and then, while there is time."""
        full = self._writer.sequence // PART
        if full > self._packed:
            self._packed = full
            with contextlib.suppress(LamsachError):
                Catalog(self._writer.archive).make()

    def _describer(self, key: str, name: str, kind: str, retention: str, raw: bytes) -> Describer:
        describer = self._describers.get(key)
        if describer is None:
            archive = self._writer.archive
            source = Source(key, name, kind, retention=retention, packed_head=pack_head(raw[:HEAD_BYTES]))
            if archive.store.has(source.object_name):
                source = load(archive.store, source.object_name)
            else:
                detect_source(source, archive.zone)
                save(archive.store, source)
            describer = self._describers[key] = Describer(source, archive.zone)
            known = self._known.get(key, SourceEnd())
            describer.continue_after(0, known.headers, known.kind)
        return describer
