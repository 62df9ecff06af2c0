"""The job that every worker gets once: indicator set, exceptions, leases, inventory, times.

The set is mapped from the user's cache where the workers see that folder (same machine, shared disk), else it
is sent.
"""

from __future__ import annotations

import io
import pickle
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lamsach import __version__
from lamsach.archive.presence import PresenceRow, presence_row
from lamsach.archive.signs import Sign, sign_of
from lamsach.errors import UsageError
from lamsach.hunt.cache import sources_digest
from lamsach.hunt.chunks import CHUNK_BYTES, Buffer
from lamsach.hunt.engine import Sieve
from lamsach.hunt.matcher import Matcher
from lamsach.hunt.rules import Rules
from lamsach.hunt.sets.compiled import CompiledSet
from lamsach.hunt.sets.lists import load_set
from lamsach.model import Event


def version() -> str:
    """Return the version that client and workers must share for equal results."""
    return f"{__version__} {sources_digest()}"


class _SharedUnpickler(pickle.Unpickler):
    def __init__(self, data: bytes, shared: dict[str, Any]) -> None:
        super().__init__(io.BytesIO(data))
        self._shared = shared

    def persistent_load(self, pid: Any) -> Any:
        return self._shared[pid]


def packed(value: Any, shared: dict[str, Any]) -> bytes:
    """Pickle a value; shared objects in it are replaced by their names."""
    from cloudpickle import Pickler  # type: ignore[import-untyped]

    names = {id(item): name for name, item in shared.items()}

    class SharedPickler(Pickler):  # type: ignore[misc]
        """Pickler that omits the shared objects."""

        def persistent_id(self, obj: Any) -> str | None:
            return names.get(id(obj))

    file = io.BytesIO()
    SharedPickler(file).dump(value)
    return file.getvalue()


def unpacked(data: bytes, shared: dict[str, Any]) -> Any:
    """Unpickle a value with this side's shared objects. Only for bytes from the own cluster."""
    return _SharedUnpickler(data, shared).load()


class Watched:
    """Collector of events' signs of infrastructure and presence (`devices.witness`)."""

    def __init__(self) -> None:
        self._signs: dict[Sign, None] = {}
        self._seen: dict[PresenceRow, None] = {}

    def __call__(self, event: Event) -> None:
        """Note an event."""
        sign = sign_of(event)
        if sign is not None:
            self._signs[sign] = None
        seen = presence_row(event)
        if seen is not None:
            self._seen[seen] = None

    def drain(self) -> tuple[dict[Sign, None], dict[PresenceRow, None]]:
        """Return the distinct signs and rows so far, and reset."""
        signs, seen = self._signs, self._seen
        self._signs, self._seen = {}, {}
        return signs, seen


@dataclass(slots=True)
class Job:
    """A hunt as workers see it. `rules` observe into `watched`; one Job belongs to one thread."""

    compiled: CompiledSet
    matcher: Matcher
    rules: Rules
    watched: Watched
    format_name: str | None = None
    password: bytes | None = None
    chunk_bytes: int = CHUNK_BYTES

    @property
    def shared(self) -> dict[str, Any]:
        """The objects that a pickled examiner omits."""
        return {"compiled": self.compiled, "matcher": self.matcher, "rules": self.rules}


@dataclass(frozen=True, slots=True)
class Order:
    """A job in transit: `data` without the set; the set in the folder, or with it in `arrays`."""

    token: str
    version: str
    data: bytes
    folder: str
    arrays: bytes | None = None

    def job(self, compiled: CompiledSet) -> Job:
        """Unpickle the job, for one thread."""
        job: Job = unpacked(self.data, {"compiled": compiled})
        return job


def order(
    token: str,
    compiled: CompiledSet,
    matcher: Matcher,
    rules: Rules,
    *,
    folder: Path | None,
    visible: bool,
    format_name: str | None = None,
    password: bytes | None = None,
    chunk_bytes: int = CHUNK_BYTES,
) -> Order:
    """Build the order sent to the workers. `visible`: each of them can map the set from the folder."""
    watched = Watched()
    job = Job(compiled, matcher, replace(rules, observe=watched), watched, format_name, password, chunk_bytes)
    arrays = None if visible and folder else packed(compiled, {})
    return Order(token, version(), packed(job, {"compiled": compiled}), str(folder or ""), arrays)


_orders: dict[str, tuple[Order, CompiledSet]] = {}
_local = threading.local()


def accept_order(accepted: Order) -> None:
    """Prepare for an order's job, on a worker. Raises UsageError if this program's version differs."""
    if accepted.version != version():
        raise UsageError(
            "A worker runs another version of the program.",
            accepted.version,
            "Install the same one everywhere.",
        )
    compiled = load_set(Path(accepted.folder)) if accepted.folder else None
    if compiled is None and accepted.arrays is not None:
        compiled = unpacked(accepted.arrays, {})
    if compiled is None:
        raise UsageError("A worker cannot read the list.", accepted.folder, "Start the search again.")
    _orders[accepted.token] = (accepted, compiled)


def drop_order(token: str) -> None:
    """Drop an order, on a worker."""
    _orders.pop(token, None)


def job_of(token: str) -> Job:
    """Return the job of this thread."""
    cached: tuple[str, Job] | None = getattr(_local, "job", None)
    if cached is None or cached[0] != token:
        accepted, compiled = _orders[token]
        cached = _local.job = (token, accepted.job(compiled))
    return cached[1]


def sieve_of(token: str) -> Sieve:
    """Return this thread's sieve over the job's set."""
    cached: tuple[str, Sieve] | None = getattr(_local, "sieve", None)
    if cached is None or cached[0] != token:
        cached = _local.sieve = (token, Sieve(job_of(token).compiled))
    return cached[1]


def buffer_of(chunk_bytes: int) -> Buffer:
    """Return this thread's buffer. Tasks reuse it in turn, so none may retain a part of it."""
    cached: tuple[int, Buffer] | None = getattr(_local, "buffer", None)
    if cached is None or cached[0] != chunk_bytes:
        cached = _local.buffer = (chunk_bytes, Buffer(chunk_bytes))
    return cached[1]
