"""Template filter: a scanner of the catalogue without a campaign's lists."""

from __future__ import annotations

from django import template

from lamsach.portal.fleet.scanners import program_of
from lamsach.portal.public.models import Tool

register = template.Library()


@register.filter
def knows_no_list(tool: Tool) -> bool:
    """Return whether it is a scanner as it was built: with the product's rules, without any list."""
    return bool(tool.path) and program_of(tool) is not None
