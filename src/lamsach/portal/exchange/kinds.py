"""Kinds of payloads in exchange files: registry and interface (see the package's docstring)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext

from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.portal.units.models import Unit

if TYPE_CHECKING:
    from lamsach.portal.exchange.models import Partner


@dataclass(frozen=True, slots=True)
class PayloadFile:
    """A file attached to a payload: its name for people, and its path."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Payload:
    """A payload: kind, JSON object, files; on receipt also `digest`, and `stored` by the kind's `store`."""

    kind: str
    data: Mapping[str, Any]
    files: tuple[PayloadFile, ...] = ()
    stored: Any = None
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """Receiver and author of a new file (`user` None: the portal itself)."""

    partner: Partner
    user: Any = None

    @property
    def unit(self) -> Unit:
        """Our unit."""
        return self.partner.unit


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file being accepted: sender, counter, time by the sender's clock, accepting user."""

    partner: Partner
    counter: int
    made: datetime
    user: Any = None

    @property
    def unit(self) -> Unit:
        """The sender as a unit of our tree. InputError if it is missing, or not above or below as stated."""
        from lamsach.portal.units.tree import ancestors, under

        found = Unit.objects.filter(code=self.partner.code).first()
        ours = self.partner.unit
        if found is not None:
            inside = (
                any(ancestor.pk == found.pk for ancestor in ancestors(ours))
                if self.partner.above
                else under([ours.pk]).filter(descendant=found, distance__gt=0).exists()
            )
            if inside:
                return found
        raise InputError(
            mark("The unit that made the file is not in your tree of units where the partner says."),
            self.partner.code,
            mark("Add it to the tree of units first, above or under yours."),
        )


class Kind(ABC):
    """A kind of payload. `name` is in files and never changes; `title` is for people.

    A payload states everything of its kind; that of the file with the highest counter counts. `back`: returns
    lost statements to a partner restored from a backup. `kept`: the newest file with it is stored whole, to
    be returned. Lower `order` comes first.
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
        """Build the payload for the partner, or None if there is nothing to send."""

    @abstractmethod
    def preview(self, arrival: Arrival, payload: Payload) -> list[str]:
        """Describe the effect of the payload, in sentences. InputError, ValueError reject the file."""

    def store(self, arrival: Arrival, payload: Payload) -> Any:
        """Check, read and store the payload's files, outside transactions. Errors reject the file."""
        return None

    @abstractmethod
    def apply(self, arrival: Arrival, payload: Payload) -> dict[str, int]:
        """Apply the payload in the file's transaction; return counts of changes. Errors roll it back."""

    def fits(self, *, to_above: bool) -> bool:
        """Return whether the kind is sent in this direction."""
        return self.upward if to_above else self.downward


class BackKind(Kind):
    """A kind that returns a partner's own statements after its restore from a backup."""

    back = True

    def preview(self, arrival: Arrival, payload: Payload) -> list[str]:
        """State that earlier statements are returned."""
        return [gettext("What this portal had stated before it was put back to an older state is returned.")]


_KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Add a kind; a second of the same name replaces it."""
    _KINDS[kind.name] = kind


def load() -> Mapping[str, Kind]:
    """Return all kinds by name, importing `exchange_kinds.py` of every Lamsach app."""
    autodiscover_modules("exchange_kinds")
    return _KINDS


def text(value: Any, limit: int) -> str:
    """Check a text: at most `limit` characters, storable in any database. ValueError."""
    if not isinstance(value, str) or len(value) > limit or "\x00" in value:
        raise ValueError("not a text of that length")
    value.encode()
    return value


def number(value: Any, limit: int = 1 << 62) -> int:
    """Check an integer from 0 to the limit. ValueError."""
    if type(value) is not int or not 0 <= value <= limit:
        raise ValueError("not a number")
    return value


def day(value: Any) -> date:
    """Parse a day such as `2026-01-31`. ValueError."""
    found = date.fromisoformat(text(value, 10))
    if not 1990 <= found.year <= 2200:
        raise ValueError("no such day")
    return found


def rows(value: Any, limit: int) -> list[Mapping[str, Any]]:
    """Check a list of at most `limit` objects. ValueError."""
    if not isinstance(value, list) or len(value) > limit or not all(isinstance(row, dict) for row in value):
        raise ValueError("not a list of objects")
    return value
