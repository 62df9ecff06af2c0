"""`lamsach manage recount`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from lamsach.portal.units.counters import recount


class Command(BaseCommand):
    """Counts anew what boards and pages show of whole branches, from the rows of the units."""

    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        """Count."""
        recount()
