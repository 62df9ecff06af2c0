"""Kinds of payloads in exchange files: registry and interface (see the package's docstring)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.translation import gettext

from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.portal.units.models import Unit

if TYPE_CHECKING:
    from lamsach.portal.exchange.models import Partner


@dataclass(frozen=True, slots=True)
class PayloadFile:
    """A whole file beside a payload: the name for people, and where it lies."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Payload:
    """One payload: kind, JSON object, files. `stored` by the kind's `store`; `digest` when taken."""

    kind: str
    data: Mapping[str, Any]
    files: tuple[PayloadFile, ...] = ()
    stored: Any = None
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """To whom a file is made, and by whom (a person, None for the portal)."""

    partner: Partner
    user: Any = None

    @property
    def unit(self) -> Unit:
        """Our unit."""
        return self.partner.unit


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file being taken: from whom, its counter, when it was made (sender's clock), who takes it."""

    partner: Partner
    counter: int
    made: datetime
    user: Any = None

    @property
    def unit(self) -> Unit:
        """The sender as a unit of our tree. InputError when it is not there, or not where it should be."""
        from lamsach.portal.units.tree import ancestors, under

        found = Unit.objects.filter(code=self.partner.code).first()
        ours = self.partner.unit
        if found is not None:
            inside = (
                any(one.pk == found.pk for one in ancestors(ours))
                if self.partner.above
                else under([ours.pk]).filter(descendant=found, distance__gt=0).exists()
            )
            if inside:
                return found
        raise InputError(
            mark("The unit that made the file does not stand in your tree of units as the partner says."),
            self.partner.code,
            mark("Add it to the tree of units first, above or under yours."),
        )


class Kind(ABC):
    """A kind of payload. `name` is in files and never changes; `title` is for people.

    A payload says all of its kind: of several files the one with the highest counter holds. `back`: it
    returns to a partner that was put back from a backup what its lost files had said. `kept`: the newest file
    with it is kept whole, to be returned so. Lower `order` comes first.
    """

    name: ClassVar[str]
    title: ClassVar[Any]
    upward: ClassVar[bool] = False
    downward: ClassVar[bool] = False
    back: ClassVar[bool] = False
    kept: ClassVar[bool] = False
    order: ClassVar[int] = 1

    @abstractmethod
    def offer(self, route: Route) -> Payload | None:
        """Return what there is to send to the partner now, or None."""

    @abstractmethod
    def preview(self, arrival: Arrival, payload: Payload) -> list[str]:
        """Return what taking the payload would do, in sentences. InputError, ValueError refuse the file."""

    def store(self, arrival: Arrival, payload: Payload) -> Any:
        """Check, read and store the payload's files, outside transactions. Errors refuse the file."""
        return None

    @abstractmethod
    def take(self, arrival: Arrival, payload: Payload) -> dict[str, int]:
        """Take the payload in the file's transaction; what was done, in numbers. Errors undo the file."""

    def fits(self, *, to_above: bool) -> bool:
        """Return whether the kind goes this way."""
        return self.upward if to_above else self.downward


class BackKind(Kind):
    """A kind that returns to a partner what it had stated before it was put back from a backup."""

    back = True

    def preview(self, arrival: Arrival, payload: Payload) -> list[str]:
        """That it is returned."""
        return [gettext("What this portal had stated before it was put back to an older state is returned.")]


_KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Add a kind; a second one of the same name replaces it."""
    _KINDS[kind.name] = kind


def load() -> Mapping[str, Kind]:
    """All kinds by name: `exchange_kinds.py` of every app of ours is imported for them."""
    from django.apps import apps

    for config in apps.get_app_configs():
        if config.name.startswith("lamsach.") and find_spec(f"{config.name}.exchange_kinds"):
            import_module(f"{config.name}.exchange_kinds")
    return _KINDS


def text(value: Any, limit: int) -> str:
    """A text of at most so many letters that every database can hold. ValueError for anything else."""
    if not isinstance(value, str) or len(value) > limit or "\x00" in value:
        raise ValueError("not a text of that length")
    value.encode()
    return value


def number(value: Any, limit: int = 1 << 62) -> int:
    """A whole number from 0 to the limit. ValueError for anything else."""
    if type(value) is not int or not 0 <= value <= limit:
        raise ValueError("not a number")
    return value


def day(value: Any) -> date:
    """A day as `2026-01-31`. ValueError for anything else."""
    found = date.fromisoformat(text(value, 10))
    if not 1990 <= found.year <= 2200:
        raise ValueError("no such day")
    return found


def rows(value: Any, limit: int) -> list[Mapping[str, Any]]:
    """A list of at most so many objects. ValueError for anything else."""
    if not isinstance(value, list) or len(value) > limit or not all(isinstance(row, dict) for row in value):
        raise ValueError("not a list of objects")
    return value
