"""Who is told of the lines that a hunt parses: what they show of infrastructure, and that their machine was there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lamsach.devices.infrastructure import Infrastructure
from lamsach.devices.presence import Presence
from lamsach.model import Event, Identity


@dataclass(frozen=True, slots=True)
class Witness:
    """Called with each such event (`hunt.examine.Rules.observe`). Events that were noted for one purpose alone go to `shows` or `present`."""

    infrastructure: Infrastructure
    presence: Presence
    identify: Callable[[Event], Identity]

    def __call__(self, event: Event) -> None:
        """Take a parsed event into account."""
        self.shows(event)
        self.present(event)

    def shows(self, event: Event) -> None:
        """What it shows of infrastructure alone."""
        self.infrastructure.observe(event)

    def present(self, event: Event) -> None:
        """That its machine was there alone."""
        self.presence.observe(event, self.identify)
