"""Navigation: the menu of every role, every page in a room, tabs of a campaign, breadcrumbs."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

import pytest
from django.test import Client

from lamsach.portal.base.navigation import OWN, ROOMS, tab_of
from lamsach.portal.base.roles import Role

from . import samples
from .conftest import Cast
from .test_access_walk import DOORS, OURS

pytestmark = pytest.mark.django_db


class Menu(HTMLParser):
    """Links of a page's menu and breadcrumbs: address, and whether it is the current page.

    `where`: rooms, tabs or crumbs.
    """

    def __init__(self, page: str) -> None:
        super().__init__()
        self.where = ""
        self.links: dict[str, dict[str, bool]] = {"rooms": {}, "tabs": {}, "crumbs": {}, "who": {}}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        if tag in ("ul", "nav"):
            self.where = str(has.get("class"))
        if tag == "a":
            where = "who" if has.get("class") == "who" else self.where
            if where in self.links:
                self.links[where][str(has["href"])] = "aria-current" in has

    def handle_endtag(self, tag: str) -> None:
        if tag in ("ul", "nav"):
            self.where = ""


def menu(client: Client, path: str) -> Menu:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return Menu(answer.content.decode())


def title(client: Client, path: str) -> str:
    found = re.search(r"<title>(.*?)</title>", client.get(path).content.decode(), re.DOTALL)
    assert found is not None
    return unescape(found[1])


HELPERS = {"authority", "coordinator", "officer", "helper", "administrator"}


def test_every_role_has_the_same_rooms_and_each_opens(cast: Cast) -> None:
    """At most six and the person's own; each tab opens, and marks its room and itself."""
    assert len(ROOMS) == 6
    for role in Role:
        client = cast.client(role)
        home = menu(client, "/office/")
        rooms = [*home.links["rooms"], *home.links["who"]]
        assert rooms == [
            "/office/",
            "/office/campaigns/",
            "/office/cases/",
            "/office/blocklists/",
            "/office/units/",
            *(["/office/questions/"] if role.value in HELPERS else []),
            "/accounts/me/",
        ], role
        for room in rooms:
            shown = menu(client, room)
            assert [at for at, here in {**shown.links["rooms"], **shown.links["who"]}.items()
                if here] == [room], (
                role, room,
            )  # fmt: skip
            assert shown.links["crumbs"] == {}, (role, room)
            for tab in shown.links["tabs"]:
                inside = menu(client, tab)
                assert [at for at, here in inside.links["tabs"].items() if here] == [tab], (role, tab)
                assert inside.links["tabs"].keys() == shown.links["tabs"].keys(), (role, tab)


def test_tabs_follow_the_doors(cast: Cast) -> None:
    tabs = {
        role: menu(cast.client(role), "/office/units/").links["tabs"] for role in ("officer", "coordinator")
    }
    assert [*tabs["officer"]] == []
    assert [*tabs["coordinator"]] == [
        "/office/units/", "/office/people/", "/office/mail/", "/office/exchange/", "/office/edxml/",
    ]  # fmt: skip
    own = [*menu(cast.client("administrator"), "/accounts/me/").links["tabs"]]
    assert own == ["/accounts/me/", "/office/privacy/", "/office/audit/"]


def test_every_page_is_in_a_room() -> None:
    """Every page for members belongs to a tab, and every page of a tab exists."""
    names: dict[str, str] = {}
    open_to_all: set[str] = set()
    for path, pattern in OURS:
        door = DOORS[path]
        if door is not None and door.kind == "anyone":
            open_to_all.add(f"{pattern.callback.__module__.split('.')[2]}:{pattern.name}")
        if (
            door is not None
            and door.kind == "member"
            and "GET" in door.methods
            and path.startswith("office/")
        ):
            app = pattern.callback.__module__.split(".")[2]
            names[path] = f"{app}:{pattern.name}" if pattern.name != "tokens" else "tokens"
    assert [path for path, name in names.items() if tab_of(name) is None] == []
    owned = {id(found[1]) for name in names.values() if (found := tab_of(name))}
    tabs = [tab for room in ROOMS for tab in room.tabs]
    assert [str(tab.title) for tab in tabs if id(tab) not in owned and tab.view not in open_to_all] == []


@pytest.mark.parametrize("who", ["coordinator", "officer"])
def test_a_campaign_has_its_tabs(who: str, cast: Cast) -> None:
    sent = samples.dispatch(cast)
    campaign = f"/office/campaigns/{sent.campaign_id}/"
    wanted = [
        campaign,
        f"{campaign}dispatches/",
        f"{campaign}board/",
        f"{campaign}reports/",
        "/office/awareness/",
        f"{campaign}materials/",
    ]
    client = cast.client(who)
    for tab in wanted:
        shown = menu(client, tab)
        assert [*shown.links["tabs"]] == wanted, tab
        assert [at for at, here in shown.links["tabs"].items() if here] == [tab]
        assert shown.links["rooms"]["/office/campaigns/"], "the room is marked"
    dispatch = menu(client, f"/office/dispatches/{sent.pk}/")
    assert dispatch.links["tabs"][f"{campaign}dispatches/"]
    assert [*dispatch.links["crumbs"]][:3] == ["/office/campaigns/", campaign, f"{campaign}dispatches/"]
    answer = menu(client, f"/office/answers/{sent.recipients.get(unit=cast.first).pk}/")
    assert answer.links["tabs"][f"{campaign}dispatches/"]
    assert menu(client, "/office/knowledge/").links["rooms"]["/office/questions/"]
    assert f"/office/dispatches/{sent.pk}/" in client.get(f"{campaign}dispatches/").content.decode()


def test_the_title_says_the_room(cast: Cast) -> None:
    client, sent = cast.client("coordinator"), samples.dispatch(cast)
    assert title(client, "/office/units/") == "Units – Malware clean-up"
    assert title(client, f"/office/units/{cast.first.pk}/") == "Phòng Một – Units – Malware clean-up"
    assert title(client, "/office/findings/") == "Findings – Machines – Malware clean-up"
    assert title(client, f"/office/campaigns/{sent.campaign_id}/").endswith(" – Campaigns – Malware clean-up")
    assert title(client, "/").endswith(" – Malware clean-up")


def test_open_pages_are_in_no_room(cast: Cast) -> None:
    """Logged-in people see the menu on public pages, without tabs or breadcrumbs."""
    shown = menu(cast.client("coordinator"), "/help/")
    assert len(shown.links["rooms"]) == 6
    assert not any(shown.links["rooms"].values())
    assert shown.links["tabs"] == shown.links["crumbs"] == {}
    assert Menu(Client().get("/help/").content.decode()).links["rooms"] == {}


def test_own_room_holds_the_log_in_pages(cast: Cast) -> None:
    assert OWN.tabs[0].view == "accounts:me"
    shown = menu(cast.client("officer"), "/accounts/sessions/")
    assert shown.links["who"] == {"/accounts/me/": True}
    assert [*shown.links["crumbs"]] == ["/accounts/me/"]
