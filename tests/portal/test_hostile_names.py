"""Names of people and machines with everything that a name should not contain."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import models

from .conftest import Cast
from .test_access_walk import DOORS, MEMBER, filled
from .test_privacy_walk import planted, queries, shown
from .walk import in_parts, settled, stop, visitors

EVIL = (
    "=cmd|' /C calc'!A0\x0b\x1b[2J\u202e\uffff</textarea><script>alert(1)</script>{{ 7|add:7 }}\r\n"
    "Bcc: x@evil.example"
)
NAMES = {
    "name", "title", "subject", "body", "text", "note", "reason", "answer", "contact_name", "contact_phone",
    "phone", "summary", "goals", "person_name", "user_name", "department", "hostname", "publisher",
    "file_name", "evidence_name", "who", "threat", "late_reason", "signer", "position", "sender", "problem",
    "description",
}  # fmt: skip
READABLE = [path for path in MEMBER if (door := DOORS[path]) is not None and "GET" in door.methods]


def rename_everything() -> int:
    """Give every name in the database the worst value its column accepts; returns the number of columns."""
    count = 0
    for model in apps.get_models():
        if model._meta.app_label in ("audit", "contenttypes", "auth", "mfa", "sessions", "socialaccount"):
            continue
        for field in model._meta.concrete_fields:
            if (
                field.name in NAMES
                and isinstance(field, models.CharField | models.TextField)
                and not field.choices
            ):
                rows: Any = model._default_manager.all()
                unique = field.unique or any(
                    field.name in (c.fields if hasattr(c, "fields") else ()) for c in model._meta.constraints
                )
                if not unique:
                    count += rows.update(**{field.name: EVIL[: field.max_length or len(EVIL)]})
    return count


@pytest.mark.django_db
@in_parts
def test_no_name_breaks_a_page_or_runs_on_it(part: slice, cast: Cast) -> None:
    settled(cast)
    planted(cast)
    visitor = visitors(cast, ("officer", "coordinator"))
    for path in READABLE[part]:
        with stop(path):
            address = filled(path, cast)
            assert rename_everything() > 10
            for role in ("officer", "coordinator"):
                client = visitor(role)
                for query in queries(path):
                    response: Any = client.get(address + query)
                    assert response.status_code < 500, (role, query)
                    if "html" in response.headers.get("Content-Type", ""):
                        assert "<script>alert(1)" not in shown(response), (role, query)
                    else:
                        shown(response)
