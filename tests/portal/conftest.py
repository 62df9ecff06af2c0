"""The portal's stage: a data folder of its own, a database, and a fixed cast of people.

SQLite, or PostgreSQL by LAMSACH_TEST_POSTGRES.

The tree:  G06 (authority)  ->  G06.12 (ministry centre) -> G06.12.01, G06.12.02;  G06.13 (the strangers'
branch) -> G06.13.01
"""

from __future__ import annotations

import os
import pickle
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

_STAGE = Path(tempfile.mkdtemp(prefix="lamsach-portal-test-"))
_DATA = _STAGE / "data"
_DATA.mkdir(mode=0o700)
os.environ["LAMSACH_DATA"] = str(_DATA)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lamsach.portal.settings")
for _name in ("LAMSACH_SMTP_URL", "LAMSACH_URL", "LAMSACH_TLS", "LAMSACH_OIDC_URL", "LAMSACH_PROXIES"):
    os.environ.pop(_name, None)
os.environ["DATABASE_URL"] = os.environ.get("LAMSACH_TEST_POSTGRES", "")
TEMPLATE = "lamsach_template"
"""The PostgreSQL database that others are copied from."""
_FILES = {"uploads", "traces", "hunts", "transfers", "outlets", "outbox", "mirrors"}
"""Folder of the portal's files, under the data folder."""

import django  # noqa: E402
from django.conf import settings  # noqa: E402

# A parallel worker inherits the variables of the process that started it, and may have read the settings by
# now: then with that one's folder.
settings.DATA = _DATA
settings.STATIC_ROOT = _DATA / "static"
settings.STORAGES["default"]["OPTIONS"]["location"] = str(_DATA / "uploads")
settings.STORAGES["arriving"]["OPTIONS"]["location"] = str(_DATA)
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
settings.ALLOWED_HOSTS.append("testserver")
settings.MFA_REQUIRED = False
settings.PUBLIC_PAGE_S = 0.0  # a page shows at once what a test changed
if os.environ["DATABASE_URL"]:
    settings.DATABASES["default"]["TEST"] = {"TEMPLATE": TEMPLATE}
(_DATA / "static").mkdir()
django.setup()
assert ("postgresql" in settings.DATABASES["default"]["ENGINE"]) is bool(os.environ["DATABASE_URL"])

from django.apps import apps  # noqa: E402
from django.core.cache import cache  # noqa: E402
from django.db.models.signals import post_migrate  # noqa: E402
from django.dispatch import receiver  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from lamsach.portal.accounts.models import User  # noqa: E402
from lamsach.portal.api.access import issue  # noqa: E402
from lamsach.portal.base import tasks as badges  # noqa: E402
from lamsach.portal.base.roles import Role  # noqa: E402
from lamsach.portal.campaigns.models import Campaign, Dispatch, IndicatorList  # noqa: E402
from lamsach.portal.cases.models import Case, Rules  # noqa: E402
from lamsach.portal.edxml import folders, outbox  # noqa: E402
from lamsach.portal.exchange.models import Partner  # noqa: E402
from lamsach.portal.jobs import claims  # noqa: E402
from lamsach.portal.units import tree  # noqa: E402
from lamsach.portal.units.models import Changed, Counter, Membership, Unit  # noqa: E402
from lamsach.portal.worker import load_tasks  # noqa: E402

from . import exchange_pair, mail_samples, on_postgresql, samples, transaction_watch  # noqa: E402
from .rows import Snapshot, restore, take_snapshot  # noqa: E402
from .template import migrate, pour, schema  # noqa: E402


def pytest_unconfigure() -> None:
    """Leave no folder behind when the process ends."""
    shutil.rmtree(_STAGE, ignore_errors=True)


def pytest_configure(config: pytest.Config) -> None:
    """Hear what the tests ask of PostgreSQL where the table of those that run there is made."""
    if os.environ.get(on_postgresql.WRITE):
        config.pluginmanager.register(on_postgresql.Recorder())


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL leave out what other tests ask there."""
    if os.environ["DATABASE_URL"]:
        left = [item for item in items if on_postgresql.is_left_out(on_postgresql.name_of(item))]
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]


@contextmanager
def filled_cluster() -> Iterator[str]:
    """The address of a PostgreSQL server of our own that holds TEMPLATE, while it lasts."""
    from .postgres import QUICK, cluster, fresh, require_postgresql

    def fill(address: str) -> None:
        migrate(_DATA / "postgresql", fresh(address, TEMPLATE))

    with cluster(require_postgresql(), schema(), fill, QUICK) as address:
        yield address


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of a PostgreSQL server of our own, started for these tests."""
    if os.environ.get("LAMSACH_TEST_POSTGRES"):
        pytest.skip("these tests run on PostgreSQL already")
    with filled_cluster() as address:
        yield address


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> Iterator[None]:
    """The tests' database in memory begins with the present schema.

    Django's own migrations then find nothing to do.
    """
    from django.db import connection

    held = pour(connection.creation._get_test_db_name()) if connection.vendor == "sqlite" else None
    yield
    if held is not None:
        held.close()


@pytest.fixture(scope="session", autouse=True)
def jobs_are_known() -> None:
    """Jobs and regular tasks as in the worker, whichever module runs first."""
    load_tasks()


@receiver(post_migrate, sender=apps.get_app_config("units"))
def empty_counters(**_: object) -> None:
    """Delete the counted rows while a transactional test empties the tables, one after the other."""
    Counter.objects.all().delete()
    Changed.objects.all().delete()


@pytest.fixture(autouse=True)
def empty_storage() -> None:
    """No file from another test.

    The database is rolled back and numbers its rows anew, so that paths by number would meet an older test's
    files.
    """
    for path in _DATA.iterdir():
        if path.name in _FILES:
            shutil.rmtree(path)


@pytest.fixture(autouse=True)
def fresh_counts() -> None:
    """No rate limit from another test; on PostgreSQL the counts are rows and go with the others."""
    if not os.environ["DATABASE_URL"]:
        cache.clear()


@pytest.fixture(autouse=True)
def clock_of_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server's clock cannot be set.

    What waits until a time waits by the tests' own (`test_two_clocks.py` has two).
    """
    monkeypatch.setattr(claims, "_of_server", timezone.now)


COUNTED = {"test_task_list", "test_navigation"}
"""Modules in which each page counts what waits for its person."""


@pytest.fixture(autouse=True)
def badge_of_the_tests(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare other modules the count for the badge.

    Their people are new in each test, so every page would count anew.
    """
    if request.module.__name__.rpartition(".")[2] not in COUNTED:
        monkeypatch.setattr(badges, "count", lambda user: 0)


guards = import_module("lamsach.portal.audit.migrations.0001_baseline")
_DROPPED: set[bool] = set()


@pytest.fixture(autouse=True)
def audit_may_be_emptied(request: pytest.FixtureRequest) -> None:
    """Allow a transactional test to empty the audit trail, whose triggers refuse that.

    Such a test empties every table afterwards.
    """
    marker = request.node.get_closest_marker("django_db")
    transactional = (
        bool(marker and marker.kwargs.get("transaction")) or "transactional_db" in request.fixturenames
    )
    if transactional:
        from django.db import connection

        request.getfixturevalue("transactional_db")
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("DROP TRIGGER IF EXISTS audit_no_delete")
            _DROPPED.add(True)
    elif (
        _DROPPED and "db" in request.fixturenames
    ):  # put back for the next that is rolled back, in whatever order they run
        from django.db import connection

        request.getfixturevalue("db")
        with connection.cursor() as cursor:
            cursor.execute(guards._SQLITE[1].replace("TRIGGER", "TRIGGER IF NOT EXISTS"))


@pytest.fixture(autouse=True)
def readers_hold_no_transaction(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test that hands files in may see one read while a transaction is open.

    It would hold the lock on all writing as long as the file takes.
    """
    if request.module.__name__.rpartition(".")[2] not in transaction_watch.WATCHED or not (
        {"db", "transactional_db", "cast"} & {*request.fixturenames}
    ):
        return
    from django.db import connection

    request.getfixturevalue("transactional_db" if "transactional_db" in request.fixturenames else "db")
    around = len(connection.atomic_blocks)  # those of the test itself
    transaction_watch.watch(monkeypatch, lambda: len(connection.atomic_blocks) > around)


class Cast:
    """The tree and the people; `client(name)` is somebody's browser."""

    def __init__(self) -> None:
        self.root = tree.create("G06", "Cơ quan điều phối", None)
        self.centre = tree.create("G06.12", "Trung tâm A", self.root, email="a@unit.example")
        self.first = tree.create("G06.12.01", "Phòng Một", self.centre, email="mot@unit.example")
        self.second = tree.create("G06.12.02", "Phòng Hai", self.centre, email="hai@unit.example")
        self.other = tree.create("G06.13", "Trung tâm B", self.root, email="b@unit.example")
        self.other_first = tree.create("G06.13.01", "Phòng Ba", self.other)
        self.people = {
            "administrator": self.person("administrator", self.root, Role.ADMINISTRATOR),
            "authority": self.person("authority", self.root, Role.AUTHORITY),
            "coordinator": self.person("coordinator", self.centre, Role.COORDINATOR),
            "officer": self.person("officer", self.first, Role.OFFICER),
            "reader": self.person("reader", self.centre, Role.READER),
            "helper": self.person("helper", self.centre, Role.HELPER),
            "stranger": self.person("stranger", self.other, Role.COORDINATOR),
        }

    @staticmethod
    def person(name: str, unit: Unit, role: Role) -> User:
        """A person with one role."""
        user = User.objects.create_user(
            f"{name}@person.example", "mat khau rat dai", name=name.title(), language="en"
        )
        Membership.objects.create(user=user, unit=unit, role=role)
        return user

    def client(self, name: str) -> Client:
        """The browser of a person who is logged in."""
        client = Client()
        client.force_login(self.people[name], backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    def program(self, unit: Unit, name: str = "coordinator") -> Client:
        """A program of a unit, with a token issued by a person."""
        token = issue(unit, "Phần mềm", self.people[name])
        return Client(headers={"authorization": f"Bearer {token}"})


_REMEMBERED: dict[tuple[str, date], Snapshot] = {}


def remembered(what: str, make: Callable[[], Any]) -> Any:
    """Return the result of `make`, made once a day and restored afterwards.

    Restored are rows, files, and the objects themselves. `what` and the day identify the database's earlier
    state.
    """
    key = what, tree.today()
    if key not in _REMEMBERED:
        made: list[Any] = []
        _REMEMBERED[key] = take_snapshot(lambda: made.append(make()), _DATA)
        _REMEMBERED[key].objects = pickle.dumps(made[0])
        return made[0]
    restore(_REMEMBERED[key])
    return pickle.loads(_REMEMBERED[key].objects)


@pytest.fixture
def cast(db: Any) -> Cast:
    """The fixed cast."""
    return Cast() if Unit.objects.exists() else remembered("cast", Cast)


Browser = Callable[[str], Client]


@pytest.fixture
def browser(cast: Cast) -> Browser:
    """`browser("officer")` is the officer's browser."""
    return cast.client


@pytest.fixture
def campaign(cast: Cast) -> Campaign:
    """A campaign of the centre, whose dispatch went to its two rooms."""
    return samples.dispatch(cast).campaign


@pytest.fixture
def seven_quiet_days(campaign: Campaign) -> None:
    """Verification of the campaign's machines after seven quiet days."""
    Rules.objects.create(campaign=campaign, quiet_days=7)


@pytest.fixture
def listed(campaign: Campaign) -> IndicatorList:
    """The campaign's list of two values, read."""
    return samples.indicator_list(campaign, b"evil.example.com\n203.0.113.9\n", "phu-luc.txt", count=2)


@pytest.fixture
def pair(cast: Cast) -> tuple[Partner, Partner]:
    """The room as the centre's partner, and the centre as the room's."""
    return exchange_pair.partners(cast)


@pytest.fixture
def reply_address(settings: Any) -> None:
    """An address of the portal with room for the mark of a letter."""
    settings.MAIL_REPLY = mail_samples.PATTERN


@pytest.fixture
def ours(cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dispatch:
    """A dispatch of the centre, queued on an edXML connection with folders of the test's own."""
    monkeypatch.setattr(settings, "EDXML_FOLDERS", tmp_path / "edxml")
    monkeypatch.setattr(folders, "UNFINISHED_S", 0)
    found = samples.dispatch(cast, number="12/TTCNTT-KTHT")
    outbox.queue_dispatch(found, samples.edxml_connection(cast), cast.people["coordinator"])
    return found


@pytest.fixture
def case(cast: Cast) -> Case:
    """A case of the first room's machine."""
    return remembered("case", lambda: samples.case(cast))  # type: ignore[no-any-return]
