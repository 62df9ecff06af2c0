"""Indicator lists to a compiled set, through the user's cache."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamsach.errors import InputError
from lamsach.hunt.machine_code import functions
from lamsach.hunt.memory import populate
from lamsach.hunt.sets.compiled import CompiledSet, describe
from lamsach.hunt.sets.folder import set_folder
from lamsach.hunt.sets.npy import mapped
from lamsach.indicators.files.source import expand
from lamsach.model import IndicatorType, ListSummary, Problem, Reference, Refusal

SETS_MAX = 4
_HOT = ("tops", "stems", "bloom", "blocks", "starts", "ends")
"""Hot arrays, probed for almost every line."""


@dataclass(frozen=True, slots=True)
class LoadedList:
    """A compiled set with its summary, the problems of reading it, and whether it came from the cache."""

    compiled: CompiledSet
    summary: ListSummary
    problems: tuple[Problem, ...]
    cached: bool


def load_lists(paths: Sequence[str], on_reading: Callable[[], None] = lambda: None) -> LoadedList:
    """Read and compile the lists, or load them from the cache; `on_reading` is called before a slow read.

    Raises InputError when no list holds a usable value.
    """
    return LoadingLists(paths).get(on_reading)


class LoadingLists:
    """Lists being loaded; `ahead` searches the cache in a thread meanwhile."""

    def __init__(self, paths: Sequence[str], *, ahead: bool = False) -> None:
        self._paths = paths
        self._pool = ThreadPoolExecutor(1) if ahead else None
        self._lookup = self._pool.submit(_look_up, paths) if self._pool else None
        if self._pool:
            self._pool.submit(functions)  # the kernel's code, which the search needs next
        self._found: _Found | None = None

    def refuse_logs(self) -> None:
        """Raise SwappedInputsError immediately if every document is a log."""
        self._cache_entry()

    def _cache_entry(self) -> _Found:
        if self._found is None:
            self._found = self._lookup.result() if self._lookup else _look_up(self._paths)
        return self._found

    def get(self, on_reading: Callable[[], None] = lambda: None) -> LoadedList:
        """Return the lists; see `load_lists`."""
        found = self._cache_entry()
        if self._pool:
            self._pool.shutdown()
        if found.loaded is not None:
            return found.loaded
        on_reading()
        return _read(self._paths, found)


@dataclass(frozen=True, slots=True)
class _Found:
    """Documents that may be lists, problems of others, the cache folder (None: no cache), its content."""

    documents: list[str]
    problems: list[Problem]
    folder: Path | None
    loaded: LoadedList | None


def _look_up(paths: Sequence[str]) -> _Found:
    documents = expand(list(paths))
    folder = set_folder(documents)
    loaded = _load(folder) if folder else None
    if loaded is not None:
        return _Found(documents, [], folder, loaded)
    from lamsach.hunt.swapped_inputs import refuse_logs

    accepted, problems = refuse_logs(documents)
    return _Found(accepted, problems, folder, None)


def _read(paths: Sequence[str], found: _Found) -> LoadedList:
    from lamsach.hunt.sets.builder import Builder
    from lamsach.indicators.lists import read_quickly

    builder, documents, folder = Builder(), found.documents, found.folder
    problems = list(found.problems)
    for document in documents:
        builder.extend(read_quickly(document, problems.append))
    compiled = builder.compiled()
    if not compiled.count:
        first = problems[0] if problems else Problem(", ".join(paths), "The list holds no usable value.")
        raise InputError(first.what, first.where, first.todo or "Give a list of addresses, names or hashes.")
    summary = ListSummary(
        digest=compiled.digest,
        count=compiled.count,
        by_type={IndicatorType(kind): count for kind, count in compiled.by_type.items()},
        documents=tuple(documents),
        refused=builder.refused,
        refusals=tuple(builder.refusals),
    )
    loaded = LoadedList(compiled, summary, tuple(problems), cached=False)
    if folder is not None and not problems:
        _save(folder, loaded)
    return loaded


def _save(folder: Path, loaded: LoadedList) -> None:
    """Write the set to a temporary folder and rename it; a cache that cannot be written is no error."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".new-"))
    except OSError:
        return
    try:
        for name in CompiledSet.array_names():
            np.save(temporary / f"{name}.npy", getattr(loaded.compiled, name))
        summary = asdict(loaded.summary)
        (temporary / "set.json").write_text(
            json.dumps({"set": describe(loaded.compiled), "summary": summary})
        )
        shutil.rmtree(folder, ignore_errors=True)  # a damaged one
        temporary.replace(folder)
        _prune(folder.parent)
    except OSError:
        shutil.rmtree(temporary, ignore_errors=True)


def _prune(parent: Path) -> None:
    """Delete all but the sets used last."""
    sets = sorted(parent.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in sets[SETS_MAX:]:
        shutil.rmtree(old, ignore_errors=True)


def _load(folder: Path) -> LoadedList | None:
    """Load the set saved in the folder, mapped into memory; None when missing or damaged."""
    try:
        saved = json.loads((folder / "set.json").read_text())
        arrays: dict[str, Any] = {name: _array(folder / f"{name}.npy") for name in CompiledSet.array_names()}
        compiled = CompiledSet(**saved["set"], **arrays)
        summary = _summary(saved["summary"])
        os.utime(folder)
    except (OSError, EOFError, ValueError, KeyError, TypeError):
        return None
    return LoadedList(compiled, summary, (), cached=True)


def _array(path: Path) -> NDArray[Any]:
    """Map a saved array into memory; hot ones as a whole. Raises ValueError, OSError."""
    saved = mapped(path)
    if path.stem in _HOT:
        populate(saved.memory)
    count = prod(saved.shape)
    if len(saved.memory) - saved.begin != count * np.dtype(saved.kind).itemsize:
        raise ValueError("the cache holds something else")
    return np.frombuffer(saved.memory, saved.kind, count, saved.begin).reshape(saved.shape)


def cached_folder(paths: Sequence[str]) -> Path | None:
    """Return the cache folder of the compiled set of these lists; None if it is not cached."""
    folder = set_folder(expand(list(paths)))
    return folder if folder is not None and (folder / "set.json").is_file() else None


def load_set(folder: Path) -> CompiledSet | None:
    """Load a compiled set from a cache folder, mapped into memory; None when there is none."""
    loaded = _load(folder)
    return loaded.compiled if loaded else None


def _summary(saved: dict[str, object]) -> ListSummary:
    values = dict(saved)
    by_type, refusals = values.pop("by_type"), values.pop("refusals")
    documents = values.pop("documents")
    if not (isinstance(by_type, dict) and isinstance(refusals, list) and isinstance(documents, list)):
        raise ValueError
    return ListSummary(
        by_type={IndicatorType(kind): count for kind, count in by_type.items()},
        documents=tuple(documents),
        refusals=tuple(
            Refusal(
                Reference(**item["reference"]),
                item["value"],
                item["reason"],
                IndicatorType(item["type"]) if item["type"] else None,
            )
            for item in refusals
        ),
        **values,  # type: ignore[arg-type]
    )
