"""STIX objects of a list as its TAXII collection holds them, each with its time of addition.

An object that two versions share keeps its time, so a client that asks for what was added since gets only
news. What is gone stays as a revoked object until its end. The objects of a version are in a file in the
order of type and value; an index beside it gives their places in the order of their times.
"""

from __future__ import annotations

import json
import secrets
import shutil
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from lamsach.indicators.writers.base import Stamp
from lamsach.indicators.writers.exchange import indicator, millis, stix_bundle
from lamsach.model import Indicator, IndicatorType
from lamsach.portal.lists import versions
from lamsach.portal.lists.models import Version

DEEPEST = 10
"""How many versions are gone back when none of the earlier ones' objects lie there any more."""
_LINES, _INDEX = "objects.jsonl", "index"
_WRITER = stix_bundle


@dataclass(frozen=True, slots=True)
class Held:
    """An object, its time of addition (seconds since 1970), and what decides who may have it when."""

    key: tuple[str, str]
    since: int
    item: Indicator
    record: dict[str, Any]

    def line(self) -> str:
        """As it lies in the file."""
        begins, ends = self.item.valid_from, self.item.valid_until
        said = [*self.key, self.since, self.item.tlp, _seconds(begins), _seconds(ends), self.record]
        return json.dumps(said, ensure_ascii=False) + "\n"

    @classmethod
    def read(cls, line: bytes) -> Held:
        """Return what `line` wrote."""
        kind, value, since, tlp, begins, ends, record = json.loads(line)
        item = Indicator(
            IndicatorType(kind), value, tlp=tlp, valid_from=_time(begins), valid_until=_time(ends)
        )
        return cls((kind, value), since, item, record)


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


class Objects:
    """The objects of a version. Raises FileNotFoundError when they were not made."""

    def __init__(self, folder: Path) -> None:
        self._lines = folder / _LINES
        places = array("Q")
        places.frombytes((folder / _INDEX).read_bytes())
        self._times, self._places = places[0::2], places[1::2]

    def __len__(self) -> int:
        return len(self._places)

    def after(self, moment: datetime) -> int:
        """The place of the first object that was added after a time."""
        return bisect_right(self._times, int(moment.timestamp()))

    def since(self, seconds: int) -> int:
        """The place of the first object that was added then or later."""
        return bisect_left(self._times, seconds)

    def time(self, place: int) -> int:
        """Time of addition of the object at a place."""
        return self._times[place]

    def at(self, start: int, mark: bytes = b"") -> Iterator[tuple[int, Held]]:
        """The objects from a place on, with their places; only those whose line holds `mark`."""
        with self._lines.open("rb") as stream:
            for place in range(start, len(self)):
                stream.seek(self._places[place])
                line = stream.readline()
                if mark in line:
                    yield place, Held.read(line)

    def by_value(self) -> Iterator[Held]:
        """All of them in the order of type and value."""
        with self._lines.open("rb") as stream:
            yield from map(Held.read, stream)


def of(version: Version) -> Objects:
    """The objects of a version; they are made when they do not lie there yet."""
    try:
        return Objects(_folder(version))
    except FileNotFoundError:
        return Objects(_make(version))


def _root(version: Version) -> Path:
    return Path(settings.DATA) / "collections" / str(version.list_id)


def _folder(version: Version) -> Path:
    return _root(version) / f"{version.number}-{version.sha256[:16]}"


def _make(version: Version) -> Path:
    earlier = list(Version.objects.filter(list=version.list_id, number__lt=version.number)[:DEEPEST])
    missing = [version]
    before: Objects | None = None
    for candidate in earlier:
        try:
            before = Objects(_folder(candidate))
            break
        except FileNotFoundError:
            missing.append(candidate)
    for one in reversed(missing):
        _write(one, before)
        before = Objects(_folder(one))
    _forget(version)
    return _folder(version)


def _write(version: Version, before: Objects | None) -> None:
    folder = _folder(version)
    temporary = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    temporary.mkdir(parents=True)
    try:
        places: dict[int, array[int]] = {}
        with (temporary / _LINES).open("wb") as stream:
            for held in _merged(before.by_value() if before else iter(()), version):
                places.setdefault(held.since, array("Q")).append(stream.tell())
                stream.write(held.line().encode())
        with (temporary / _INDEX).open("wb") as stream:
            for since in sorted(places):
                for place in places[since]:
                    stream.write(array("Q", (since, place)).tobytes())
        if not folder.exists():
            temporary.rename(folder)
    except OSError:
        if not folder.exists():
            raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _merged(old: Iterator[Held], version: Version) -> Iterator[Held]:
    """Yield what the version holds, and revoked what an earlier one held, in the order of type and value."""
    stamp = Stamp(version.digest, version.made, version.count)
    now = int(version.made.timestamp())

    new = (item for item in versions.values(version) if _WRITER.refusal(item) is None)
    was, item = next(old, None), next(new, None)
    while was is not None or item is not None:
        key = None if item is None else (item.type.value, item.value)
        if key is None or (was is not None and was.key < key):
            assert was is not None
            gone = _revoked(was, version)
            if gone is not None:
                yield gone
            was = next(old, None)
            continue
        assert item is not None
        held = Held(key, now, item, indicator(item, stamp))
        if was is not None and was.key == key:
            yield was if _same(was.record, held.record) else held
            was = next(old, None)
        else:
            yield held
        item = next(new, None)


def _same(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Return whether two versions of an object say the same but for their own times."""
    moving = {"modified", "created"} | (
        {"valid_from"} if old.get("valid_from") == old["modified"][:19] + "Z" else set()
    )
    return all(old.get(name) == new.get(name) for name in {*old, *new} - moving)


def _revoked(was: Held, version: Version) -> Held | None:
    """The object of a value that is gone; None when it is over anyway."""
    if was.item.valid_until is not None and was.item.valid_until <= version.made:
        return None
    if was.record.get("revoked"):
        return was
    record = {**was.record, "modified": millis(version.made), "revoked": True}
    return Held(was.key, int(version.made.timestamp()), was.item, record)


def _forget(version: Version) -> None:
    """Delete the objects of versions before the last two."""
    kept = {_folder(version).name}
    kept |= {_folder(one).name for one in Version.objects.filter(list=version.list_id)[:2]}
    for folder in _root(version).iterdir():
        if folder.name not in kept and not folder.name.startswith("."):
            shutil.rmtree(folder, ignore_errors=True)
