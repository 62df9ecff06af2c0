"""The rooms of the work pages and their tabs: menu, breadcrumbs and titles follow from this table.

Who may enter a tab is what the door of its page says (`doors.py`), so it is not stated again. A page without
a tab of its own belongs to the tab that `owns` the longest beginning of its view's name.
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
    """A subject within a room."""

    title: Any
    view: str
    """Its first page; empty where the subject exists within a campaign only."""
    owns: tuple[str, ...] = ()
    """Beginnings of the names of other views whose pages belong here."""
    inner: str = ""
    """Its page within one campaign, by the campaign's number."""


@dataclass(frozen=True, slots=True)
class Room:
    """An entry of the menu."""

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
"""The room behind the person's own name."""


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as it is shown."""

    title: Any
    url: str
    current: bool = False
    count: int = 0
    """How many things wait there."""


@dataclass(frozen=True, slots=True)
class Place:
    """The frame of a page: the rooms, the person's own room, the room's tabs, the way there."""

    rooms: tuple[Link, ...] = ()
    own: Link | None = None
    tabs: tuple[Link, ...] = ()
    crumbs: tuple[Link, ...] = ()
    """Room, campaign and tab above the page; none when the page is the tab's own."""
    title: Any = ""
    """The room's name, unless the page is the room's first."""


@cache
def _owners() -> dict[str, tuple[Room, Tab]]:
    """For each beginning of a view's name the tab that owns it."""
    return {
        start: (room, tab)
        for room in (*ROOMS, OWN)
        for tab in room.tabs
        for start in (tab.view, tab.inner, *tab.owns)
        if start
    }


def tab_of(view: str) -> tuple[Room, Tab] | None:
    """The room and tab that a page belongs to, by the name of its view."""
    starts = [start for start in _owners() if view.startswith(start)]
    return _owners()[max(starts, key=len)] if starts else None


@cache
def may_enter(view: str, inner: bool = False) -> frozenset[Role]:
    """The roles that the door of a view lets in. `inner`: it takes a campaign's number."""
    door: Any = resolve(reverse(view, args=(1,) if inner else ())).func
    return door.door.read  # type: ignore[no-any-return]


def _tabs(room: Room, roles: frozenset[Role], campaign: Any) -> Iterator[tuple[Tab, str]]:
    """Yield the tabs that these roles may enter, with addresses, within the campaign if there is one."""
    for tab in room.tabs:
        if campaign is not None and tab.inner:
            if roles & may_enter(tab.inner, True):
                yield tab, reverse(tab.inner, args=(campaign.pk,))
        elif tab.view and roles & may_enter(tab.view):
            yield tab, reverse(tab.view)


def _campaign(context: Mapping[str, Any]) -> Any:
    """The campaign that a page is about: named itself, or that of its answer, dispatch or report."""
    for name in ("recipient", "dispatch", "report", "campaign"):
        found = context.get(name)
        found = getattr(found, "dispatch", found)
        campaign = found if name == "campaign" else getattr(found, "campaign", None)
        if getattr(campaign, "pk", None):
            return campaign
    return None


def place(request: HttpRequest, context: Mapping[str, Any]) -> Place:
    """Return where a page is, for the person who looks at it."""
    user: Any = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return Place()
    roles: frozenset[Role] = user.roles
    match = request.resolver_match
    public = match is None or getattr(getattr(match.func, "door", None), "kind", "") in ("anyone", "link")
    found = None if match is None or public else tab_of(match.view_name)
    room, here = found or (None, None)
    firsts = [(one, next(_tabs(one, roles, None), None)) for one in (*ROOMS, OWN)]
    links = [
        Link(one.title, first[1], one is room, badge(user) if one is ROOMS[0] else 0)
        for one, first in firsts
        if first
    ]
    own = links.pop() if roles else None
    if room is None:
        return Place(tuple(links), own)
    campaign = _campaign(context) if any(tab.inner for tab in room.tabs) else None
    tabs = tuple(Link(tab.title, url, tab is here) for tab, url in _tabs(room, roles, campaign))
    return Place(
        tuple(links),
        own,
        tabs if len(tabs) > 1 else (),
        tuple(_crumbs(request.path, room, tabs, campaign)),
        "" if tabs and request.path == tabs[0].url and campaign is None else room.title,
    )


def _crumbs(path: str, room: Room, tabs: tuple[Link, ...], campaign: Any) -> Iterator[Link]:
    at = next((tab for tab in tabs if tab.current), None)
    if campaign is not None:
        yield Link(room.title, reverse(room.tabs[0].view))
        if path != tabs[0].url:
            yield Link(campaign.name, tabs[0].url)
    elif at is not None and path != at.url and room.title != at.title:
        yield Link(room.title, tabs[0].url)
    if at is not None and path != at.url and (campaign is None or at is not tabs[0]):
        yield at
