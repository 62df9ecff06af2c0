"""Declared lists: columns, filters and the text of an empty list, with order, pages and export derived.

A cell is data: text, number, day, moment, `State`, `Link`, `Quiet`, `Wrong`, or several of these, so that
page and exported file agree.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from django.core.paginator import Page, Paginator
from django.db.models import Choices, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.dateparse import parse_date
from django.utils.formats import localize
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from lamsach.documents.spreadsheets import BOM, csv_row
from lamsach.portal.base.doors import View, member
from lamsach.portal.base.errors import too_many
from lamsach.portal.base.queries import in_parts
from lamsach.portal.base.ratelimit import exceeded
from lamsach.portal.base.roles import Role
from lamsach.portal.base.templatetags.page_tags import number, state, when
from lamsach.results.machines import COLUMNS
from lamsach.results.safe_text import visible

RECORD: list[Callable[..., Any]] = []
"""Functions that record views and exports of lists: the app `audit` registers its own."""
_CHUNK, PER_PAGE = 500, 50
EXPORTS = 60, 300
"""Exports that a person may take, within seconds."""
DOWNLOADS = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json; charset=utf-8",
    "jsonl": "application/jsonl",
    "stix": "application/stix+json;version=2.1",
    "zip": "application/zip",
}
"""Content types of streamed downloads, by the value of `?as=`."""


def paged(request: HttpRequest, rows: QuerySet[Any] | list[Any], per_page: int = PER_PAGE) -> Page[Any]:
    """The page requested by the address (`?page=2`); the nearest for an invalid number."""
    return Paginator(rows, per_page).get_page(request.GET.get("page"))


class State(NamedTuple):
    """State: `tone` as in `{% state %}`, and its text."""

    tone: str
    words: Any

    def __str__(self) -> str:
        """The state as HTML, for `{{ row.shown_state }}` in templates."""
        return state(*self)


def state_property(tones: Mapping[str, str], other: str = "busy", name: str = "state") -> property:
    """Property `shown_state` of a model: the text of its field `name`, in the tone of the value."""
    return property(
        lambda row: State(tones.get(getattr(row, name), other), getattr(row, f"get_{name}_display")())
    )


class Link(NamedTuple):
    """Text with an address."""

    words: Any
    url: str


class Quiet(str):
    """Secondary text after the cell's main text."""


class Below(str):
    """Secondary text on a separate line."""


class Wrong(str):
    """Problem of the row, on a separate line."""


class Mono(str):
    """Address, digest or name given by a program."""


_FORMS: dict[type, str] = {
    Quiet: '<span class="quiet">{}</span>',
    Below: '<br><span class="quiet">{}</span>',
    Wrong: '<br><span class="error">{}</span>',
    Mono: '<span class="mono">{}</span>',
}


def render_value(value: Any) -> str:
    """Cell value as HTML."""
    if value is None or isinstance(value, SafeString):
        return value or ""
    if isinstance(value, State):
        return state(*value)
    if isinstance(value, Link):
        return format_html('<a href="{}">{}</a>', value.url, render_value(value.words))
    if isinstance(value, (tuple, list)):
        return mark_safe(" ".join(filter(None, map(render_value, value))))  # noqa: S308 - each part is escaped
    if (form := _FORMS.get(type(value))) is not None:
        return value and format_html(form, str(value))
    if isinstance(value, datetime):
        return str(when(value))
    return _figure(value, lambda found: format_html("{}", found))


def _figure(value: Any, other: Callable[[Any], str]) -> str:
    if isinstance(value, date):
        return str(localize(value))
    return number(value) if isinstance(value, (int, float)) else other(value)


def export_value(value: Any) -> Any:
    """Cell value for a spreadsheet: numbers unchanged, days and moments in ISO 8601."""
    if isinstance(value, (State, Link)):
        return export_value(value.words if isinstance(value, Link) else str(value.words))
    if isinstance(value, (tuple, list)):
        return " ".join(str(part) for part in map(export_value, value) if part not in ("", None))
    if isinstance(value, datetime):
        return timezone.localtime(value).isoformat(" ", "seconds")
    if isinstance(value, date):
        return value.isoformat()
    return value if value is None or isinstance(value, (int, float)) else str(value)


def _field(row: Any, path: str) -> Any:
    for name in path.split("__"):
        if isinstance(row, dict):
            row = row.get(name)
        else:
            row = row[int(name)] if name.isdigit() else getattr(row, name, None)
    return row


@dataclass(frozen=True, slots=True)
class Cell:
    """Column: `value` (field path or function), order (`sort`, otherwise the path), page (`view`).

    The page is linked unless the context's `may_open` is False.
    `template`: a part of a page that renders the row (as `row`) instead of the value; a column without a
    value, such as buttons, is not exported. `full`: heading in full (translated) where `label` is short.
    """

    label: str
    value: str | Callable[[Any], Any] = ""
    sort: str = ""
    view: str = ""
    css: str = ""
    template: str = ""
    full: str = ""

    @property
    def order(self) -> str:
        """Path to order by; empty for a column without a field."""
        by_value = self.value if isinstance(self.value, str) and self.value != "shown_state" else ""
        return self.sort or by_value

    def of(self, row: Any) -> Any:
        """The value of a row."""
        return self.value(row) if callable(self.value) else _field(row, self.value)

    def render(self, context: Any, row: Any) -> str:
        """The cell as HTML."""
        if self.template:
            with context.push(row=row):
                text: str = context.template.engine.get_template(self.template).render(context)
            return mark_safe(text.strip())  # noqa: S308 - rendered by the engine; an empty cell is hidden
        value = self.of(row)
        if not self.view or context.get("may_open") is False:
            return render_value(value)
        first, *rest = value if type(value) is tuple else (value,)
        return render_value((Link(first or "–", reverse(self.view, args=(row.pk,))), *rest))


def machine_cell(name: str, value: str | Callable[[Any], Any] = "", sort: str = "", **options: str) -> Cell:
    """Column of the machine table (`results.machines`), with the same heading in every result.

    `value`: as of `Cell`; by default an attribute of the row's `device`.
    """
    column = COLUMNS[name]
    return Cell(column.heading, value or f"device__{column.attribute}", sort, **options)


@dataclass(frozen=True, slots=True)
class Filter:
    """Filter field above the list; `lookup`: its condition, such as `to__icontains`; `day`: a date."""

    name: str
    label: str
    lookup: str
    choices: type[Choices] | None = None
    day: bool = False

    def value(self, query: Mapping[str, str]) -> str:
        """Read the value from the address; empty for an invalid one."""
        text = query.get(self.name, "").strip()[:200]
        if self.choices is not None:
            return text if text in self.choices.values else ""
        return text if not self.day or _is_day(text) else ""


def _is_day(text: str) -> bool:
    try:
        return len(text) == 10 and parse_date(text) is not None
    except ValueError:
        return False


class Ticks(NamedTuple):
    """Checkboxes of the rows: their name in the form around the list, label column, keyboard behaviour."""

    name: str
    label: Cell
    keys: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """Declared list.

    Labels, title, lead and the text of an empty list (`empty`) are English texts, translated when shown.
    `links`: texts and view names of related pages. `seen`: audit act recorded on viewing. `export`: audit act
    recorded on export; its first half names the file; without it there is no export. `ticks`: checkboxes,
    where the context sets `may_tick`. `add`: heading and button of the form below.
    """

    title: str
    cells: Sequence[Cell]
    empty: str = ""
    lead: str = ""
    filters: Sequence[Filter] = ()
    links: Sequence[tuple[Any, str]] = ()
    crumbs: str = ""
    seen: str = ""
    export: str = ""
    ticks: Ticks | None = None
    css: str = ""
    add: tuple[str, str] = ("", "")
    per_page: int = PER_PAGE
    template: str = "base/listing.html"
    prepare: Callable[[Sequence[Any]], Any] = field(default=lambda rows: None)
    """Called with the rows of a page before they are shown, to fetch related data together."""

    def chosen(self, query: Mapping[str, str], rows: Any) -> Any:
        """Filter and order the rows as the address requests; a list of computed rows is ordered only."""
        for filtered in self.filters:
            if value := filtered.value(query):
                rows = rows.filter(**{filtered.lookup: value})
        order = query.get("sort", "")
        path = order.removeprefix("-")
        if path not in filter(None, (cell.order for cell in self.cells)):
            return rows
        if isinstance(rows, list):
            return sorted(rows, key=lambda row: _field(row, path), reverse=order != path)
        return rows.order_by(order, "pk")

    def page(
        self,
        request: HttpRequest,
        rows: Any,
        context: Mapping[str, Any] | None = None,
        part: str = "",
        **noted: Any,
    ) -> HttpResponse:
        """Respond with the list, or with its file (`?export=csv`).

        `part`: a template that shows only a part of the page. `noted`: further values for the audit trail.
        """
        found = rows if isinstance(rows, Page) else self.chosen(request.GET, rows)
        if self.export and request.GET.get("export") == "csv":
            if exceeded("export", str(request.user.pk), *EXPORTS):
                return too_many(request)
            RECORD[0](request, self.export, **noted)
            return self._file(found)
        page = found if isinstance(found, Page) else paged(request, found, self.per_page)
        self.prepare(list(page.object_list))
        if self.seen:
            RECORD[0](request, self.seen, count=len(page.object_list), **noted)
        shown: dict[str, Any] = {"page": page, "heads": list(self._heads(request.GET.get("sort", "")))}
        shown["filters"] = [
            (filtered, _(filtered.label), filtered.value(request.GET)) for filtered in self.filters
        ]
        texts = {"title": self.title, "lead": self.lead, "panel": self.add[0], "button": self.add[1]}
        shown |= self._words() | {name: text and _(text) for name, text in texts.items()}
        return render(request, part or self.template, {"may_tick": True, **shown, **(context or {})})

    def _words(self) -> dict[str, Any]:
        return {"listing": self, "empty": self.empty and _(self.empty)}

    def table(self, rows: Any) -> dict[str, Any]:
        """Context for a table of rows that are not the page's own list."""
        listed = list(rows)
        self.prepare(listed)
        heads = [(cell, _(cell.label) if cell.label else "", "", "") for cell in self.cells]
        return {**self._words(), "page": listed, "heads": heads, "filters": ()}

    def view(self, rows: Callable[[Any], Any], roles: frozenset[Role]) -> View:
        """View of a list that needs only the person's rows; for people with one of the roles."""

        def listed(request: HttpRequest) -> HttpResponse:
            return self.page(request, rows(request.user))

        listed.__doc__, listed.__module__ = self.title, rows.__module__
        return member(roles, roles, ("GET",))(listed)

    def _heads(self, requested: str) -> Iterator[tuple[Cell, str, str, str]]:
        """Yield each column, its label, the order its heading requests, and the current one."""
        for cell in self.cells:
            orders = {cell.order: "ascending", f"-{cell.order}": "descending"}
            current = orders.get(requested, "") if requested else ""
            order = f"-{cell.order}" if current == "ascending" else cell.order
            yield cell, _(cell.label) if cell.label else "", order, current

    def _file(self, rows: Any) -> HttpResponse:
        cells = [cell for cell in self.cells if cell.value]
        language = translation.get_language()
        heads = BOM + csv_row(_(cell.label) for cell in cells)

        def lines() -> Iterator[str]:
            yield heads
            for part in in_parts(rows, _CHUNK):
                with translation.override(language):
                    self.prepare(part)
                    text = "".join(csv_row(export_value(cell.of(row)) for cell in cells) for row in part)
                yield text

        return streamed(lines(), f"{self.export.partition('.')[0]}.csv")


def streamed(content: Iterator[str | bytes], name: str, kind: str = "csv") -> HttpResponse:
    """Download of a content, sent as it is generated."""
    response = StreamingHttpResponse(content, content_type=DOWNLOADS[kind])
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response  # type: ignore[return-value]


def table_file(
    kind: str,
    name: str,
    heads: Mapping[str, str],
    rows: Iterable[Mapping[str, Any]],
    words: Mapping[str, Mapping[Any, str]],
) -> HttpResponse:
    """Download of rows with a few columns, streamed.

    `csv` (RFC 4180, formulas disarmed, with a byte-order mark for spreadsheet programs) with `heads` as
    headings and `words` in place of a column's values; `json` with the columns' own names and values.
    Headings and words are resolved in advance: the body is generated after the request's language ended.
    """
    return streamed(_json(rows) if kind == "json" else _csv(heads, rows, words), f"{name}.{kind}", kind)


def _csv(
    heads: Mapping[str, str], rows: Iterable[Mapping[str, Any]], words: Mapping[str, Mapping[Any, str]]
) -> Iterator[str]:
    yield BOM + csv_row(heads.values())
    for row in rows:
        cells = (words.get(name, {}).get(row[name], row[name]) for name in heads)
        yield csv_row(visible(cell) if isinstance(cell, str) else cell for cell in cells)


def _json(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    yield "["
    for index, row in enumerate(rows):
        yield (",\n" if index else "\n") + json.dumps(row, ensure_ascii=False)
    yield "\n]\n"
