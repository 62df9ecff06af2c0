"""STIX objects of a list's TAXII collection, each with its time of addition.

An object unchanged between versions retains its time, so that `added_after` returns only news. An object of a
removed value remains as revoked until its end. A version's objects are in a file ordered by type and value;
an index lists their offsets by time.
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
"""Limit of earlier versions to rebuild when no stored objects are found."""
_LINES, _INDEX = "objects.jsonl", "index"
_WRITER = stix_bundle


@dataclass(frozen=True, slots=True)
class DatedObject:
    """A STIX object, its time of addition (Unix seconds), and the indicator's TLP and validity."""

    key: tuple[str, str]
    since: int
    item: Indicator
    record: dict[str, Any]

    def line(self) -> str:
        """Return the line of the file."""
        begins, ends = self.item.valid_from, self.item.valid_until
        fields = [*self.key, self.since, self.item.tlp, _seconds(begins), _seconds(ends), self.record]
        return json.dumps(fields, ensure_ascii=False) + "\n"

    @classmethod
    def read(cls, line: bytes) -> DatedObject:
        """Parse a line."""
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
    """The stored objects of a version. FileNotFoundError if not made yet."""

    def __init__(self, folder: Path) -> None:
        self._lines = folder / _LINES
        words = array("Q")
        words.frombytes((folder / _INDEX).read_bytes())
        self._times, self._places = words[0::2], words[1::2]

    def __len__(self) -> int:
        return len(self._places)

    def after(self, moment: datetime) -> int:
        """Return the position of the first object added after a time."""
        return bisect_right(self._times, int(moment.timestamp()))

    def since(self, seconds: int) -> int:
        """Return the position of the first object added then or later."""
        return bisect_left(self._times, seconds)

    def at(self, start: int, mark: bytes = b"") -> Iterator[tuple[int, DatedObject]]:
        """Yield positions and objects from a position on; only those whose line contains `mark`."""
        with self._lines.open("rb") as stream:
            for place in range(start, len(self)):
                stream.seek(self._places[place])
                line = stream.readline()
                if mark in line:
                    yield place, DatedObject.read(line)

    def by_value(self) -> Iterator[DatedObject]:
        """Yield all objects by type and value."""
        with self._lines.open("rb") as stream:
            yield from map(DatedObject.read, stream)


def of(version: Version) -> Objects:
    """Return the objects of a version, making them if missing."""
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
    for missed in reversed(missing):
        _write(missed, before)
        before = Objects(_folder(missed))
    _forget(version)
    return _folder(version)


def _write(version: Version, before: Objects | None) -> None:
    folder = _folder(version)
    temporary = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    temporary.mkdir(parents=True)
    try:
        places: dict[int, array[int]] = {}
        with (temporary / _LINES).open("wb") as stream:
            for dated in _merged(before.by_value() if before else iter(()), version):
                places.setdefault(dated.since, array("Q")).append(stream.tell())
                stream.write(dated.line().encode())
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


def _merged(old: Iterator[DatedObject], version: Version) -> Iterator[DatedObject]:
    """Yield the version's objects, and those removed since as revoked, by type and value."""
    stamp = Stamp(version.digest, version.made, version.count)
    now = int(version.made.timestamp())

    new = (item for item in versions.values(version) if _WRITER.refusal(item) is None)
    previous, item = next(old, None), next(new, None)
    while previous is not None or item is not None:
        key = None if item is None else (item.type.value, item.value)
        if key is None or (previous is not None and previous.key < key):
            assert previous is not None
            revoked = _revoked(previous, version)
            if revoked is not None:
                yield revoked
            previous = next(old, None)
            continue
        assert item is not None
        dated = DatedObject(key, now, item, indicator(item, stamp))
        if previous is not None and previous.key == key:
            yield previous if _same(previous.record, dated.record) else dated
            previous = next(old, None)
        else:
            yield dated
        item = next(new, None)


def _same(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Return whether two versions of an object differ only in their own times."""
    moving = {"modified", "created"} | (
        {"valid_from"} if old.get("valid_from") == old["modified"][:19] + "Z" else set()
    )
    return all(old.get(name) == new.get(name) for name in {*old, *new} - moving)


def _revoked(previous: DatedObject, version: Version) -> DatedObject | None:
    """Revoke the object of a removed value; None if its validity is over anyway."""
    if previous.item.valid_until is not None and previous.item.valid_until <= version.made:
        return None
    if previous.record.get("revoked"):
        return previous
    record = {**previous.record, "modified": millis(version.made), "revoked": True}
    return DatedObject(previous.key, int(version.made.timestamp()), previous.item, record)


def _forget(version: Version) -> None:
    """Delete the objects of all but the last two versions and this one."""
    wanted = {_folder(version).name}
    wanted |= {_folder(newest).name for newest in Version.objects.filter(list=version.list_id)[:2]}
    for folder in _root(version).iterdir():
        if folder.name not in wanted and not folder.name.startswith("."):
            shutil.rmtree(folder, ignore_errors=True)
