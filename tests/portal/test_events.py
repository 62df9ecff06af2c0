"""Audit of authentication, without secrets; rate limit of password resets."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.db import DatabaseError, connection, transaction
from django.test import Client

from lamsach.portal import units
from lamsach.portal.accounts import adapter, invitations, views
from lamsach.portal.accounts.models import Invitation, User
from lamsach.portal.api.access import issue
from lamsach.portal.audit.models import Entry
from lamsach.portal.base import links
from lamsach.portal.base.roles import Role
from lamsach.portal.mail import delivery
from lamsach.portal.mail.letters import queue_letter
from lamsach.portal.mail.models import Letter

from .confirmation import confirmed
from .conftest import Browser, Cast
from .test_people import totp

pytestmark = pytest.mark.django_db
PASSWORD, NEW = "mat khau rat dai", "mot mat khau khac han"
HERE = {"REMOTE_ADDR": "192.0.2.7"}


def noted() -> list[tuple[str, str]]:
    """Return action and user of the entries since the last call, all from the address of the test."""
    rows = list(Entry.objects.filter(pk__gt=noted.seen).order_by("pk"))  # type: ignore[attr-defined]
    noted.seen = rows[-1].pk if rows else noted.seen  # type: ignore[attr-defined]
    assert {row.address for row in rows} <= {"192.0.2.7"}, [row.action for row in rows]
    return [(row.action, row.who.partition("@")[0]) for row in rows]


@pytest.fixture(autouse=True)
def begin(cast: Cast, settings: Any) -> Iterator[None]:
    settings.EMAIL_BACKEND = "lamsach.portal.mail.letters.QueueBackend"
    last = Entry.objects.first()
    noted.seen = last.pk if last else 0  # type: ignore[attr-defined]
    yield
    kept = json.dumps(list(Entry.objects.values_list("details", "who")))
    assert PASSWORD not in kept
    assert NEW not in kept
    assert "lamsach_" not in kept


def log_in(client: Client, name: str = "officer", password: str = PASSWORD) -> Any:
    data = {"login": f"{name}@person.example", "password": password}
    return client.post("/accounts/login/", data, **HERE)


def test_log_in_failure_lock_out_and_log_out() -> None:
    client = Client()
    log_in(client)
    assert noted() == [("login.done", "officer")]
    assert Entry.objects.get(action="login.done").details["kinds"] == ["password"]
    client.post("/accounts/logout/", **HERE)
    assert noted() == [("login.ended", "officer")]
    log_in(client, password="wrong password that is long")
    log_in(client, name="nobody")
    assert noted() == [("login.failed", "officer"), ("login.failed", "")]
    assert "nobody" not in json.dumps(list(Entry.objects.values_list("details", flat=True)))
    for _ in range(20):
        log_in(client, password="wrong password that is long")
    acts = [act for act, _ in noted()]
    assert acts.count("login.locked_out") == 1, "a flood of attempts is no flood of entries"
    assert set(acts) == {"login.failed", "login.locked_out"}
    assert len(acts) <= 10


def test_second_factor_set_up_shown_refused_and_removed(django_capture_on_commit_callbacks: Any) -> None:
    client = Client()
    log_in(client)
    noted()
    secret = client.get("/accounts/2fa/totp/activate/", **HERE).context["form"].secret
    with django_capture_on_commit_callbacks(execute=True):
        sent = client.post("/accounts/2fa/totp/activate/", {"code": totp(secret)}, **HERE)
    assert sent.status_code == 302, sent.context["form"].errors
    assert noted() == [("factor.added", "officer"), ("factor.added", "officer")], "the app and recovery codes"
    kinds = {entry.details["kind"] for entry in Entry.objects.filter(action="factor.added")}
    assert kinds == {"totp", "recovery_codes"}
    other = Client()
    log_in(other)
    other.post("/accounts/2fa/authenticate/", {"code": "000000"}, **HERE)
    assert noted() == [("factor.refused", "officer")]
    other.post("/accounts/2fa/authenticate/", {"code": totp(secret)}, **HERE)
    assert noted() == [("factor.shown", "officer"), ("login.done", "officer")]
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/accounts/2fa/recovery-codes/generate/", **HERE)
    assert noted() == [("factor.renewed", "officer")]
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/accounts/2fa/totp/deactivate/", **HERE)
    assert noted() == [("factor.removed", "officer"), ("factor.removed", "officer")]
    assert secret not in json.dumps(list(Entry.objects.values_list("details", flat=True)))
    assert not Authenticator.objects.exists()


def test_password_changed_and_reset() -> None:
    client = Client()
    log_in(client)
    noted()
    data = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    client.post("/accounts/password/change/", data, **HERE)
    assert noted() == [("password.changed", "officer")]
    other = Client()
    other.post("/accounts/password/reset/", {"email": "reader@person.example"}, **HERE)
    assert noted() == [("password.reset_asked", "reader")]
    link = re.search(
        r"/accounts/password/reset/key/\S+", Letter.objects.get(to="reader@person.example").context["text"]
    )
    assert link is not None
    form = other.get(link[0], follow=True, **HERE).redirect_chain[-1][0]
    other.post(form, {"password1": NEW, "password2": NEW}, **HERE)
    assert ("password.reset", "reader") in noted()
    assert User.objects.get(email="reader@person.example").check_password(NEW)


def test_tokens_made_first_used_and_revoked(cast: Cast, browser: Browser) -> None:
    word = issue(cast.first, "SIEM", cast.people["coordinator"])
    Entry.objects.latest("pk")
    noted.seen = Entry.objects.latest("pk").pk  # type: ignore[attr-defined]
    for _ in range(2):
        assert (
            Client().get("/api/units", headers={"Authorization": f"Bearer {word}"}, **HERE).status_code == 200
        )
    assert noted() == [("token.first_used", "SIEM")]
    entry = Entry.objects.get(action="token.first_used")
    tokens = f"/office/units/{cast.first.pk}/tokens/"
    confirmed(browser("coordinator"), tokens, {"revoke": entry.object_id}, **HERE)
    assert noted() == [("token.revoked", "coordinator")]
    assert Entry.objects.latest("pk").object_id == entry.object_id


def test_a_role_that_is_given(cast: Cast) -> None:
    asked = Invitation(email="moi@person.example", name="M", unit=cast.first, role=Role.OFFICER)
    made = invitations.invite(asked, cast.people["coordinator"])
    noted.seen = Entry.objects.latest("pk").pk  # type: ignore[attr-defined]
    address = f"/accounts/invitation/{links.sign(invitations.PURPOSE, made.nonce)}/"
    Client().post(address, {"name": "M", "password": NEW}, **HERE)
    assert noted() == [("invitation.accepted", "moi"), ("role.appointed", "moi"), ("login.done", "moi")]
    assert Entry.objects.get(action="role.appointed").details == {"role": "officer"}


def test_a_revoked_role_is_audited_and_gone(cast: Cast, browser: Browser) -> None:
    officer, role = cast.people["officer"], cast.people["officer"].memberships.get()
    address = f"/office/people/{officer.pk}/roles/{role.pk}/take/"
    page = browser("coordinator").get(f"/office/people/{officer.pk}/").content.decode()
    assert address in page
    assert browser("officer").get("/office/").status_code == 200
    noted.seen = Entry.objects.latest("pk").pk  # type: ignore[attr-defined]
    for who in ("stranger", "reader", "officer"):
        assert browser(who).post(address, **HERE).status_code in (403, 404)
    assert browser("coordinator").post(address, **HERE)["Location"] == "/office/people/"
    assert noted() == [("role.removed", "coordinator")]
    entry = Entry.objects.get(action="role.removed")
    assert (entry.object_id, entry.unit_id, entry.details["role"]) == (officer.pk, cast.first.pk, "officer")
    assert browser("officer").get("/office/").status_code == 404, "it holds at once"
    assert browser("coordinator").post(address, **HERE).status_code == 404


def test_a_role_is_revoked_only_by_those_who_can_grant_it(cast: Cast, browser: Browser) -> None:
    boss = cast.person("boss", cast.centre, Role.ADMINISTRATOR)
    own = cast.people["coordinator"]
    for person in (boss, own, cast.people["stranger"]):
        address = f"/office/people/{person.pk}/roles/{person.memberships.get().pk}/take/"
        assert browser("coordinator").post(address, **HERE).status_code == 404
    assert boss.memberships.exists()


def test_every_change_of_a_role_is_noted() -> None:
    """Code that writes memberships audits it, in the same function or in the calling view.

    A new place has to be added here.
    """
    found = set()
    for path in Path(units.__file__).parents[1].rglob("*.py"):
        source = path.read_text("utf-8")
        for node in ast.walk(ast.parse(source)) if "embership" in source else ():
            if isinstance(node, ast.FunctionDef):
                text = ast.unparse(node)
                writes = re.search(
                    (
                        r"Membership\.objects\.\w*create|memberships\.(create|add|update|all\(\)\.delete)|"
                        r"membership\.delete\(\)|Membership\("
                    ),
                    text,
                )
                if writes and path.parent.name != "demo":
                    found.add((path.parent.name, node.name, '"role.' in text.replace("'", '"')))
    assert found == {
        ("accounts", "accept", True),
        ("accounts", "finish", False),
        ("accounts", "role_take", True),
    }
    assert "role.appointed" in inspect.getsource(views.set_up), "which calls `finish`"


def test_unknown_addresses_get_no_letter_and_resets_have_a_budget(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(email: str, number: int) -> int:
        return (
            Client()
            .post("/accounts/password/reset/", {"email": email}, REMOTE_ADDR=f"198.51.100.{number}")
            .status_code
        )

    assert {ask(f"nobody{number}@elsewhere.example", number) for number in range(30)} == {302}
    assert Letter.objects.count() == 0
    for number in range(60):
        ask("officer@person.example", number)
    assert Letter.objects.count() == adapter.MOST_RESETS_OF_ONE
    monkeypatch.setattr(adapter, "MOST_RESETS", 5)
    for number, name in enumerate(cast.people):
        ask(f"{name}@person.example", number)
    assert Letter.objects.count() == 5, "of all accounts together"
    assert Entry.objects.filter(action="password.reset_asked").count() <= 5 + len(cast.people)
    answers = {
        Client().post("/accounts/password/reset/", {"email": "a@b.example"}, **HERE).status_code
        for _ in range(12)
    }
    assert answers == {302, 429}


def test_urgent_letters_go_first_and_those_to_thousands_last(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = [
        "awareness",
        "dispatch",
        "plain",
        "awareness_reminder",
        "invitation",
        "report_due",
        "source_silent",
    ]
    for number, kind in enumerate(kinds):
        queue_letter(kind, to=f"a{number}@unit.example", key=str(number), context={})
    order: list[str] = []
    monkeypatch.setattr(delivery, "_send", lambda letter, way: order.append(letter.kind) or True)
    for _ in range(7):
        delivery.deliver_due(1)
    assert order == [
        "plain",
        "invitation",
        "source_silent",
        "dispatch",
        "report_due",
        "awareness",
        "awareness_reminder",
    ]


def test_an_entry_cannot_be_replaced() -> None:
    log_in(Client())
    entry = Entry.objects.latest("pk")
    columns = "id, time, who, address, action, object_type, details"
    values = f"{entry.pk}, '2022-01-01', 'x', '', 'x', '', '{{}}'"
    conflict = {"sqlite": "INSERT OR REPLACE", "postgresql": "INSERT"}[connection.vendor]
    tail = {"sqlite": "", "postgresql": " ON CONFLICT (id) DO UPDATE SET who = 'x'"}[connection.vendor]
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"{conflict} INTO audit_entry ({columns}) VALUES ({values}){tail}")
    entry.refresh_from_db()
    assert entry.action == "login.done"
    log_in(Client())
    assert Entry.objects.latest("pk").pk > entry.pk
