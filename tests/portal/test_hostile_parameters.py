"""Every parameter read by a page, with hostile values: no page may fail.

The names are recorded from what the pages read.
"""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.db import connection, transaction
from django.http import QueryDict
from django.test import Client

from lamsach.portal.api import access as api_access
from lamsach.portal.campaigns.models import Recipient
from lamsach.portal.web.interface import api

from . import samples
from .conftest import Cast
from .test_access_walk import DOORS, OURS, filled
from .walk import in_parts, settled, stop, visitors

TIMES = int(os.environ.get("LAMSACH_FUZZ_TIMES", "1"))
"""Values for each name on each page; more for a long run."""
SEED = int(os.environ.get("LAMSACH_FUZZ_SEED", "1"))
ROLES = ("officer", "coordinator", "helper", "administrator", "authority")
FATAL = ("%00", "a%00b", "9" * 30, "-" + "9" * 30, "9" * 5000, "%C2%B2", "9223372036854775808")
"""Values refused by databases and by Python's own numbers."""
ODD = (
    "",
    "0",
    "-1",
    "1e308",
    "NaN",
    "Infinity",
    "%D9%A3",
    "1_0",
    "0x10",
    "true",
    "%FF%FE",
    "%ED%A0%80",
    "%F4%90%80%80",
    "%E2%80%AE",
    "%0D%0AX-Injected:%20y",
    "0001-01-01",
    "9999-12-31",
    "10000-01-01",
    "0000-00-00",
    "2022-02-30",
    "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00%2B14:00",
    "2022-W60-9",
    "%25",
    "_",
    "%5C",
    "%27%20OR%201=1--",
    "%22%3E%3Cscript%3E",
    "..%2F..%2Fsecret-key",
    "%7B%7D",
    "%5B%5D",
    "%7B0.__class__%7D",
    "((a%2B)%2B)%2B$",
    "[[[[[[[[",
    "G06." * 200,
    "a" * 8000,
    "a%20" * 3000,
    "1.2.3.4%2F0",
    "::%2F0",
    "-pk",
    "unit__created_by__password",
)
BEYOND = ("%ED%A0%80", "%F4%90%80%80", "1e308", "NaN", "Infinity", "0001-01-01", "10000-01-01", "a" * 8000)
"""Values that PostgreSQL refuses and SQLite may accept.

Lone surrogates, numbers and days out of range, texts longer than a column.
"""


@contextmanager
def heard() -> Iterator[set[str]]:
    """Record the parameter names read meanwhile."""
    names: set[str] = set()
    methods = {name: getattr(QueryDict, name) for name in ("get", "getlist", "__getitem__", "__contains__")}

    def listening(name: str) -> Any:
        def method(self: Any, key: Any, *rest: Any) -> Any:
            names.add(str(key))
            return methods[name](self, key, *rest)

        return method

    for name in methods:
        setattr(QueryDict, name, listening(name))
    try:
        yield names
    finally:
        for name, method in methods.items():
            setattr(QueryDict, name, method)


class Undone(Exception):
    """Raised after each request to roll back."""


def ask(client: Client, method: str, path: str, query: str) -> int:
    """Status of a request, with its changes rolled back."""
    status = 0
    try:
        with transaction.atomic():
            if method == "GET":
                response: Any = client.get(f"{path}?{query}")
            else:
                response = client.generic(
                    "POST", f"{path}?{query}"[:8000], query.encode(), "application/x-www-form-urlencoded"
                )
            if response.streaming:
                b"".join(response.streaming_content)
            status = int(response.status_code)
            raise Undone
    except Undone:
        return status


def alike(name: str) -> str:
    """The name without its number: the rows of a form read the same fields."""
    return re.sub(r"\d+", "0", name)


def values(luck: random.Random) -> list[str]:
    """Values to try for one name, of either kind by chance: a name is read by many pages.

    Python refuses most of ODD before any database sees it, as the same test on SQLite shows.
    """
    if connection.vendor == "postgresql":
        return luck.sample(FATAL + BEYOND, TIMES)
    return [luck.choice(luck.choice((FATAL, ODD))) for _ in range(TIMES)]


def attack(client: Client, method: str, path: str, luck: random.Random) -> bool:
    """Try each name read by the page, alone and with the others, and names read only then.

    Returns whether the person has access.
    """
    done: set[str] = {"csrfmiddlewaretoken"}
    with heard() as names:
        if not opens(client, method, path):
            return False
        if method == "POST":
            ask(client, method, path, "x=x")
        while rest := sorted({alike(name) for name in names} - done):
            done.update(rest)
            tries = [f"{quote(name)}={value}" for name in rest for value in values(luck)]
            tries += [
                "&".join(f"{quote(name)}={luck.choice(FATAL + ODD)}" for name in sorted(done))
                for _ in range(TIMES)
            ]
            for chosen in luck.sample(tries, min(len(tries), 30 * TIMES)):
                assert ask(client, method, path, chosen) < 500, (method, path, chosen[:2000])
    return True


def opens(client: Client, method: str, path: str) -> bool:
    """Return whether a page lets the person in."""
    return ask(client, method, path, "") in ((200, 302) if method == "GET" else (200, 302, 400, 409))


@pytest.mark.django_db
@in_parts
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_parameter_of_a_page_makes_it_fail(method: str, part: slice, cast: Cast) -> None:
    settled(cast)
    visitor = visitors(cast, ROLES)
    for path in [path for path, _ in OURS if "<str:token>" not in path][part]:
        with stop(path):
            door = DOORS[path]
            if door is None or method not in door.methods:
                continue
            luck = random.Random(f"{SEED} {method} {path}")
            address = filled(path, cast)
            for role in ROLES:
                may = door.kind == "anyone" or role in door.read
                if may and attack(visitor(role), method, address, luck):
                    break


TEXTS = ("\ud800", "a\x00b", "x" * 3000, "\u202e\r\nX: y", "")
NUMBERS = (10**30, -(10**30), 2**63, -1, 0)
DAYS = ("0001-01-01", "9999-12-31")
MOMENTS = (
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-12:00",
    "2022-09-26T08:00:00Z",
    "2022-09-26T08:00",
)


def valued(schema: dict[str, Any], every: dict[str, Any], luck: random.Random) -> Any:
    """A value of a type of the API's description, valid or not."""
    if "$ref" in schema:
        return valued(every[schema["$ref"].rpartition("/")[2]], every, luck)
    if "anyOf" in schema:
        return valued(luck.choice(schema["anyOf"]), every, luck)
    if "enum" in schema or "const" in schema:
        return luck.choice(schema.get("enum") or [schema["const"]])
    kind, form = schema.get("type"), schema.get("format")
    if kind == "object":
        return {name: valued(part, every, luck) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        return [valued(schema.get("items", {}), every, luck) for _ in range(luck.randint(0, 2))]
    if kind == "string":
        return luck.choice({"date": DAYS, "date-time": MOMENTS}.get(form or "", TEXTS))
    return {
        "integer": luck.choice(NUMBERS),
        "number": luck.choice([1e308, -1.0]),
        "boolean": True,
        "null": None,
    }.get(kind or "")


API = api.get_openapi_schema()
OPERATIONS = [
    (method, path, operation) for path, ways in API["paths"].items() for method, operation in ways.items()
]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "path", "operation"), OPERATIONS, ids=[f"{m} {p}" for m, p, _ in OPERATIONS]
)
def test_no_parameter_of_the_interface_makes_it_fail(
    method: str, path: str, operation: dict[str, Any], cast: Cast
) -> None:
    luck = random.Random(f"{SEED} {method} {path}")
    every = API["components"]["schemas"]
    copy = Recipient.objects.filter(unit=cast.first)
    known = {"campaign_id": samples.case(cast).campaign_id, "dispatch_id": copy.latest("pk").pk}
    headers = {"authorization": f"Bearer {api_access.issue(cast.first, 'x', cast.people['officer'])}"}
    for turn in range(15 * TIMES):
        address, query = path, {}
        for name, number in known.items():
            address = address.replace(f"{{{name}}}", str(number) if turn % 4 else "9" * 30)
        for parameter in operation.get("parameters", []):
            value = valued(parameter["schema"], every, luck)
            if isinstance(value, str):
                value = value.encode("utf-8", "replace")
            if parameter["in"] == "path":
                address = address.replace(
                    f"{{{parameter['name']}}}",
                    quote(value or b"x", safe="") if isinstance(value, bytes) else str(value),
                )
            elif value is not None:
                query[parameter["name"]] = value
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        data = json.dumps(valued(body, every, luck)) if body else "x"
        try:
            with transaction.atomic():
                sent = f"{address}?{urlencode(query)}"
                response: Any = Client().generic(
                    method.upper(), sent, data, "application/json", headers=headers
                )
                b"".join(response.streaming_content if response.streaming else ())
                assert response.status_code < 500, (sent, data)
                raise Undone
        except Undone:
            continue
