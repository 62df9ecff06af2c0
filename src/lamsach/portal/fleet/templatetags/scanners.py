"""Template filter for scanners of the catalogue."""

from __future__ import annotations

from django import template

from lamsach.portal.fleet.scanners import program_of
from lamsach.portal.public.models import Tool

register = template.Library()


@register.filter
def knows_no_list(tool: Tool) -> bool:
    """Return whether a tool is a plain scanner, with the product's rules and without a campaign's lists."""
    return bool(tool.path) and program_of(tool) is not None
