"""Navigation: the rooms (menu entries) and their tabs; menu, breadcrumbs and titles derive from this table.

Access to a tab is that of its page's view (`doors.py`), not repeated here. A page without its own tab belongs
to the tab that `owns` the longest matching prefix of its view's name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.http import HttpRequest
from django.urls import resolve, reverse
from django.utils.translation import gettext_lazy as _

from lamsach.portal.base.roles import Role
from lamsach.portal.base.tasks import badge


@dataclass(frozen=True, slots=True)
class Tab:
    """Subject within a room."""

    title: Any
    view: str
    """First page; empty where the subject exists only within a campaign."""
    owns: tuple[str, ...] = ()
    """Name prefixes of other views whose pages belong to the tab."""
    inner: str = ""
    """Page within a campaign, with the campaign's number as argument."""


@dataclass(frozen=True, slots=True)
class Room:
    """Entry of the menu."""

    title: Any
    tabs: tuple[Tab, ...]


ROOMS: tuple[Room, ...] = (
    Room(_("My work"), (Tab(_("My work"), "web:home", ("web:",)),)),
    Room(
        _("Campaigns"),
        (
            Tab(_("Overview"), "campaigns:list", ("campaigns:",), "campaigns:campaign"),
            Tab(
                _("Dispatches"),
                "",
                ("campaigns:dispatch", "campaigns:recipient", "edxml:send"),
                "campaigns:dispatches",
            ),
            Tab(_("Board"), "", (), "campaigns:board"),
            Tab(_("Reports"), "reports:mine", ("reports:", "avreports:"), "reports:overview"),
            Tab(_("Awareness"), "awareness:list", ("awareness:",)),
            Tab(_("Materials and tools"), "", ("campaigns:material",), "campaigns:materials"),
        ),
    ),
    Room(
        _("Machines"),
        (
            Tab(_("Machines to be handled"), "cases:list", ("cases:", "findings:device", "privacy:case")),
            Tab(_("Findings"), "findings:list", ("findings:", "traces:")),
            Tab(_("Scans of machines"), "fleet:list", ("fleet:",)),
            Tab(_("Log sources"), "sources:list", ("sources:",)),
        ),
    ),
    Room(_("Lists"), (Tab(_("Lists"), "lists:overview", ("lists:",)),)),
    Room(
        _("Units"),
        (
            Tab(_("Unit tree"), "web:units", ("web:unit", "units:", "letterheads:", "tokens")),
            Tab(_("People"), "accounts:people", ("accounts:invite", "accounts:person")),
            Tab(_("Letters and addresses"), "mail:log", ("mail:",)),
            Tab(_("Exchange"), "exchange:overview", ("exchange:",)),
            Tab(_("Document exchange"), "edxml:overview", ("edxml:",)),
        ),
    ),
    Room(
        _("Support"),
        (
            Tab(_("Questions"), "support:list", ("support:",)),
            Tab(_("Prepared answers and articles"), "support:shelf", ("support:canned", "support:article_")),
            Tab(_("Tools"), "public:tools", ("public:tool_edit",)),
            Tab(_("Documentation"), "support:docs", ("support:document",)),
        ),
    ),
)
OWN = Room(
    _("Administration"),
    (
        Tab(_("My account"), "accounts:me", ("accounts:", "account_", "mfa_", "usersessions_")),
        Tab(_("Personal data"), "privacy:overview", ("privacy:",)),
        Tab(_("Audit trail"), "audit:list", ("audit:",)),
    ),
)
"""Room behind the person's name."""


@dataclass(frozen=True, slots=True)
class Link:
    """Displayed entry."""

    title: Any
    url: str
    current: bool = False
    count: int = 0
    """Number of things waiting."""


@dataclass(frozen=True, slots=True)
class Place:
    """Frame of a page: rooms, the person's own room, tabs of the room, breadcrumbs."""

    rooms: tuple[Link, ...] = ()
    own: Link | None = None
    tabs: tuple[Link, ...] = ()
    crumbs: tuple[Link, ...] = ()
    """Room, campaign and tab above the page; empty on the tab's own page."""
    title: Any = ""
    """Name of the room, except on its first page."""


@cache
def _owners() -> dict[str, tuple[Room, Tab]]:
    """Tabs by the prefixes of view names that they own."""
    return {
        prefix: (room, tab)
        for room in (*ROOMS, OWN)
        for tab in room.tabs
        for prefix in (tab.view, tab.inner, *tab.owns)
        if prefix
    }


def tab_of(view: str) -> tuple[Room, Tab] | None:
    """Room and tab that a view's page belongs to."""
    prefixes = [prefix for prefix in _owners() if view.startswith(prefix)]
    return _owners()[max(prefixes, key=len)] if prefixes else None


@cache
def may_enter(view: str, inner: bool = False) -> frozenset[Role]:
    """Roles that may open a view. `inner`: it takes a campaign's number."""
    door: Any = resolve(reverse(view, args=(1,) if inner else ())).func
    return door.door.read  # type: ignore[no-any-return]


def _tabs(room: Room, roles: frozenset[Role], campaign: Any) -> Iterator[tuple[Tab, str]]:
    """Yield the tabs that these roles may open, with addresses, within the campaign if given."""
    for tab in room.tabs:
        if campaign is not None and tab.inner:
            if roles & may_enter(tab.inner, True):
                yield tab, reverse(tab.inner, args=(campaign.pk,))
        elif tab.view and roles & may_enter(tab.view):
            yield tab, reverse(tab.view)


def _campaign(context: Mapping[str, Any]) -> Any:
    """Campaign of a page: from the context, or that of its answer, dispatch or report."""
    for name in ("recipient", "dispatch", "report", "campaign"):
        value = context.get(name)
        value = getattr(value, "dispatch", value)
        campaign = value if name == "campaign" else getattr(value, "campaign", None)
        if getattr(campaign, "pk", None):
            return campaign
    return None


def place(request: HttpRequest, context: Mapping[str, Any]) -> Place:
    """Navigation of a page for the current person."""
    user: Any = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return Place()
    roles: frozenset[Role] = user.roles
    match = request.resolver_match
    public = match is None or getattr(getattr(match.func, "door", None), "kind", "") in ("anyone", "link")
    found = None if match is None or public else tab_of(match.view_name)
    room, current = found or (None, None)
    firsts = [(entry, next(_tabs(entry, roles, None), None)) for entry in (*ROOMS, OWN)]
    links = [
        Link(entry.title, first[1], entry is room, badge(user) if entry is ROOMS[0] else 0)
        for entry, first in firsts
        if first
    ]
    own = links.pop() if roles else None
    if room is None:
        return Place(tuple(links), own)
    campaign = _campaign(context) if any(tab.inner for tab in room.tabs) else None
    tabs = tuple(Link(tab.title, url, tab is current) for tab, url in _tabs(room, roles, campaign))
    return Place(
        tuple(links),
        own,
        tabs if len(tabs) > 1 else (),
        tuple(_crumbs(request.path, room, tabs, campaign)),
        "" if tabs and request.path == tabs[0].url and campaign is None else room.title,
    )


def _crumbs(path: str, room: Room, tabs: tuple[Link, ...], campaign: Any) -> Iterator[Link]:
    active = next((tab for tab in tabs if tab.current), None)
    if campaign is not None:
        yield Link(room.title, reverse(room.tabs[0].view))
        if path != tabs[0].url:
            yield Link(campaign.name, tabs[0].url)
    elif active is not None and path != active.url and room.title != active.title:
        yield Link(room.title, tabs[0].url)
    if active is not None and path != active.url and (campaign is None or active is not tabs[0]):
        yield active
