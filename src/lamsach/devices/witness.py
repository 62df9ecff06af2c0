"""Observer of the parsed lines of a hunt: signs of infrastructure, and presence of machines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from lamsach.devices.identify import Identifier
from lamsach.devices.infrastructure import Infrastructure
from lamsach.devices.presence import Presence
from lamsach.model import Event, Identity

_MINUTE = len("2022-09-01T08:30")


@dataclass(frozen=True, slots=True)
class Witness:
    """Callback for each event (`hunt.rules.Rules.observe`); its other methods serve one purpose each."""

    infrastructure: Infrastructure
    presence: Presence
    identify: Callable[[Event], Identity]
    _days: dict[str, date] = field(default_factory=dict)

    def __call__(self, event: Event) -> None:
        """Observe a parsed event."""
        self.observe_infrastructure(event)
        self.observe_presence(event)

    def observe_infrastructure(self, event: Event) -> None:
        """Observe signs of infrastructure only."""
        self.infrastructure.observe(event)

    def observe_presence(self, event: Event) -> None:
        """Observe the presence of the event's machine only."""
        self.presence.observe(event, self.identify)

    def observe_presence_groups(self, groups: Iterable[Sequence[Any]]) -> None:
        """Observe presence in rows of address, hardware address, host name, user, times (ISO 8601 UTC)."""
        machines: dict[tuple[Any, ...], list[str]] = {}
        for *machine, times in groups:
            machines.setdefault(tuple(machine), []).append(times)
        timeless = isinstance(self.identify, Identifier) and self.identify.timeless
        for key, texts in machines.items():
            stamped = " ".join(texts).split()
            if timeless:
                found = self.identify(_event(key, stamped[0]))
                self.presence.see(
                    found, {self._day_of(minute) for minute in {text[:_MINUTE] for text in stamped}}
                )
            else:
                for stamp in stamped:
                    self.observe_presence(_event(key, stamp))

    def _day_of(self, minute: str) -> date:
        day = self._days.get(minute)
        if day is None:
            time = datetime.fromisoformat(f"{minute}:00+00:00")
            day = self._days[minute] = self.presence.day_of(time)
        return day


def _event(machine: Sequence[Any], stamp: str) -> Event:
    address, mac, name, user = machine
    return Event(
        time=datetime.fromisoformat(stamp), device_ip=address, device_mac=mac, device_name=name, user=user
    )
