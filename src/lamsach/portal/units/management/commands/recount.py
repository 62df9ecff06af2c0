"""`lamsach manage recount`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from lamsach.portal.units.counters import recount


class Command(BaseCommand):
    """Rebuild the counters of subtrees that boards and pages show."""

    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        """Rebuild the counters."""
        recount()
