"""Queries per page: at most 25, and no more with more units, cases, reports and letters."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client

import lamsach.portal
from lamsach.portal.accounts import middleware
from lamsach.portal.accounts.models import User
from lamsach.portal.base import tasks as badges

from .address_samples import SAMPLES, sample
from .conftest import Cast
from .growth import Grower
from .test_access_walk import MEMBER, OPEN, names
from .walk import settled, visitors

MOST = 25
FEW, MANY = 4, 12
"""Copies at the first visit, and those added before the second: 10 units, then 22."""
ROLES = ("coordinator", "officer", "administrator", "authority", "reader", "helper")
SEEN_BY_EACH = ("office/", "office/units/", "office/campaigns/<int:campaign_id>/board/")
"""Pages that differ by role; of others the first role allowed is enough."""


def addresses(cast: Cast) -> dict[str, str]:
    """Addresses of all pages, for the same objects."""
    found = {name: sample(name, cast) for name in SAMPLES}
    filled = {}
    for path in (*MEMBER, *OPEN):
        address = "/" + path
        for name in names(path):
            begin = address.index("<")
            address = address[:begin] + found[name] + address[address.index(">") + 1 :]
        filled[path] = address
    return filled


def visited(client: Client, address: str) -> tuple[int, list[str]]:
    """Status and queries of a page, with an empty cache."""
    cache.clear()
    queries: list[str] = []

    def hear(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        queries.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(hear):
        answer = client.get(address)
        if answer.streaming:
            b"".join(answer)
    return answer.status_code, queries


def tables(queries: list[str]) -> Counter[str]:
    """Count the first tables of the queries."""
    return Counter(query.partition(" FROM ")[2][:40] or query[:40] for query in queries)


@pytest.mark.django_db
def test_pages_cost_few_queries_and_no_more_with_more_units(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(middleware, "_ACTIVITY_EVERY_S", 1e9)
    # the badge's count is one query (`test_task_list.py`), whose making takes most of a page's time
    monkeypatch.setattr(badges, "count", lambda user: User.objects.filter(pk=user.pk).count() - 1)
    settled(cast)
    visitor = visitors(cast, ROLES)
    pages = addresses(cast)
    grower = Grower(cast.first)
    grower.grow(FEW)
    few: dict[tuple[str, str], list[str]] = {}
    for path, address in pages.items():
        for role in ROLES:
            status, queries = visited(visitor(role), address)
            if status == 200:
                few[path, role] = queries
            if path not in SEEN_BY_EACH and status != 404:
                break
    assert len(few) > 150
    grower.grow(MANY)
    wrong = []
    for (path, role), before in few.items():
        status, many = visited(visitor(role), pages[path])
        assert status == 200, (path, role)
        if len(many) > min(len(before), MOST):
            more = tables(many) - tables(before) or tables(many)
            wrong.append(f"{path} ({role}): {len(before)}, then {len(many)}; {more.most_common(3)}")
    assert wrong == []


def test_a_page_whose_queries_grow_is_found(cast: Cast) -> None:
    """Pages display the copies: the list of all units has more of them."""
    visitor = visitors(cast, ["administrator"])
    address = f"/office/units/?q={cast.first.code}"
    before = visitor("administrator").get(address).content.decode().count(cast.first.code)
    grower = Grower(cast.first)
    grower.grow(3)
    assert visitor("administrator").get(address).content.decode().count(cast.first.code) == before + 3


def test_a_locked_row_may_be_referred_to() -> None:
    """A lock allows others to insert rows that refer to the locked one: `FOR NO KEY UPDATE`.

    Without it an import, which locks its unit, and a transaction that locks one of the unit's cases waited
    for each other.
    """
    wrong = [
        f"{path.name}:{node.lineno}"
        for path in sorted(Path(lamsach.portal.__file__).parent.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", "") == "select_for_update"
        and "no_key" not in {word.arg for word in node.keywords}
    ]
    assert wrong == []
