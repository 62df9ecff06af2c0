"""Every address for every role, with GET and POST; taken from the URL table, so that no page is missed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from lamsach.portal.base.doors import Door
from lamsach.portal.base.roles import Role

from .address_samples import OF_THE_UNIT_ITSELF, OWN_ONLY, SAMPLES, SEEN_BY_ALL, sample
from .conftest import Cast
from .walk import in_parts, settled, stop, visitors

ROLES = [role.value for role in Role]


def addresses(patterns: Any, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if getattr(pattern.urlconf_module, "__name__", "").startswith("allauth"):
                continue
            yield from addresses(pattern.url_patterns, path)
        else:
            yield path, pattern


ALL = list(addresses(get_resolver().url_patterns))
OURS = [(path, pattern) for path, pattern in ALL if not path.startswith("api/")]
DOORS: dict[str, Door | None] = {
    path: getattr(pattern.callback, "door", None)
    or getattr(getattr(pattern.callback, "__wrapped__", None), "door", None)
    for path, pattern in OURS
}
MEMBER = [path for path, door in DOORS.items() if door is not None and door.kind == "member"]
SCOPED = [path for path in MEMBER if "<int:" in path and not any(name in path for name in SEEN_BY_ALL)]
OPEN = [
    path for path, door in DOORS.items() if door is not None and door.kind == "anyone" and "<" not in path
]

OF_THE_UNIT_ABOVE = {f"office/dispatches/<int:dispatch_id>/{what}/" for what in ("edit", "send", "files")}
"""Dispatches of the centre, which the room's officer may read but not change."""


def names(path: str) -> list[str]:
    return [part.split(">")[0].split(":")[-1] for part in path.split("<")[1:]]


def filled(path: str, cast: Cast) -> str:
    """The address of new objects inside the coordinator's subtree."""
    for name in names(path):
        start = path.index("<")
        path = path[:start] + sample(name, cast) + path[path.index(">") + 1 :]
    return "/" + path


def call(client: Client, method: str, path: str) -> int:
    return int(getattr(client, method.lower())(path).status_code)


def test_every_view_says_who_may_open_it() -> None:
    assert [path for path, door in DOORS.items() if door is None] == []


def test_every_name_in_an_address_has_a_sample() -> None:
    known = set(SAMPLES) | {"token"}
    assert {name for path, _ in OURS for name in names(path)} <= known


LIMITED_ITSELF = {"lists/<str:token>/", "lists/<str:token>/<int:part>/"}
"""Firewalls fetch lists without a limit; wrong tokens are counted."""
NOTHING_TO_LIMIT = {"language/"}


def test_links_and_open_forms_are_rate_limited() -> None:
    """Addresses usable without a log-in, or by a token, are rate-limited.

    Log-in itself is limited by the library (`ACCOUNT_RATE_LIMITS`).
    """
    free = []
    for path, pattern in OURS:
        door = DOORS[path]
        if door is None or door.kind == "member" or getattr(pattern.callback, "__name__", "") == "closed":
            continue
        rate = set(getattr(pattern.callback, "rate", ()))
        wanted = set(door.methods) if door.kind == "link" else set(door.methods) & {"POST"}
        if wanted - rate and path not in NOTHING_TO_LIMIT | LIMITED_ITSELF:
            free.append((path, wanted - rate))
    assert free == []


@pytest.mark.django_db
def test_open_pages_need_no_log_in(client: Client, cast: Cast) -> None:
    for path in OPEN:
        status = call(client, "GET", "/" + path)
        assert status in (200, 404, 405), (path, status)
        assert status != 405 or "GET" not in DOORS[path].methods, path  # type: ignore[union-attr]


@pytest.mark.django_db
@pytest.mark.parametrize("path", [path for path, door in DOORS.items() if door and door.kind == "link"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_made_up_link_opens_nothing(path: str, method: str, client: Client) -> None:
    door = DOORS[path]
    assert door is not None
    for name in names(path):
        path = path.replace(f"<str:{name}>", "made~up").replace(f"<int:{name}>", "1")
    assert call(client, method, "/" + path) in ((404,) if method in door.methods else (404, 405))


@pytest.mark.django_db
def test_work_pages_send_strangers_to_the_log_in(client: Client) -> None:
    for path in MEMBER:
        address = "/" + re.sub(r"<int:\w+>", "1", re.sub(r"<(?:str|slug):\w+>", "word", path))
        for method in ("get", "post"):
            response = getattr(client, method)(address)
            assert response.status_code == 302, (method, path)
            assert "/accounts/login/" in response["Location"], (method, path)


@pytest.mark.django_db
@in_parts
def test_roles_open_what_their_door_says(part: slice, cast: Cast) -> None:
    settled(cast)
    visitor = visitors(cast, ROLES)
    for path in MEMBER[part]:
        with stop(path):
            door = DOORS[path]
            assert door is not None
            own = set(names(path)) & OWN_ONLY
            address, changed = filled(path, cast), False
            for role in ROLES:
                client = cast.client(role) if changed else visitor(role)  # some pages end sessions
                got, posted = call(client, "GET", address), call(client, "POST", address)
                visible = not own or role == "coordinator"
                if OF_THE_UNIT_ITSELF & set(names(path)) or path.startswith(
                    "office/awareness/<int:campaign_id>/<int:unit_id>"
                ):
                    visible = role == "officer"
                if role not in door.read:
                    assert (got, posted) == (404, 404), role
                    continue
                if not visible:
                    assert got in (403, 404, 405), role
                    assert posted in (403, 404, 405), role
                    continue
                assert got in ((200, 302) if "GET" in door.methods else (405,)), (role, got)
                if role not in door.write:
                    assert posted in ((403,) if "POST" in door.methods else (403, 405)), (role, posted)
                elif "POST" in door.methods:
                    allowed = (
                        (200, 302, 404, 409, 403)
                        if role == "officer" and path in OF_THE_UNIT_ABOVE
                        else (200, 302, 404, 409)
                    )
                    assert posted in allowed, (role, posted)
                else:
                    assert posted == 405, role
                if posted == 302:  # changed data
                    address, changed = filled(path, cast), True


@pytest.mark.django_db
@in_parts
def test_what_lies_outside_the_own_subtree_does_not_exist(part: slice, cast: Cast) -> None:
    settled(cast)
    visitor = visitors(cast, ["stranger"])
    for path in SCOPED[part]:
        with stop(path):
            door = DOORS[path]
            assert door is not None
            address, stranger = filled(path, cast), visitor("stranger")
            for method in ("GET", "POST"):
                expected = (404,) if method in door.methods else (404, 405)
                assert call(stranger, method, address) in expected, method
