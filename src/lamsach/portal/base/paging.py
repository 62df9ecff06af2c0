"""One page of a list, without counting more than is shown when the list is long."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

PER_PAGE = 50


def paged(request: HttpRequest, rows: QuerySet[Any] | list[Any], per_page: int = PER_PAGE) -> Page[Any]:
    """The page that the address asks for (`?page=2`); a wrong number gives the nearest page."""
    return Paginator(rows, per_page).get_page(request.GET.get("page"))
