"""`lamsach serve`: schema, static files, first link, web server and worker in one command."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from lamsach.portal.restore_lock import no_answer
from lamsach.results.atomic import write_for_owner_only
from lamsach.runtime.extras import missing_extra

_OLD_S = 90 * 86400


def start(data: Path) -> None:
    """Point Django at the data folder and load it; new files are private. UsageError as of `load`."""
    write_for_owner_only()
    os.environ["LAMSACH_DATA"] = str(data.absolute())
    load()


def load() -> None:
    """Load Django by the environment. UsageError when the database's library is missing."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lamsach.portal.settings")
    import django
    from django.core.exceptions import ImproperlyConfigured

    try:
        django.setup()
    except ImproperlyConfigured as problem:
        if "psycopg" not in str(problem):
            raise
        raise missing_extra("psycopg") from problem


def prepare() -> str | None:
    """Bring schema and style sheets up to date; return the set-up token, None if an administrator exists.

    UsageError when the database does not answer, or when this machine's secret key or uploads are not the
    portal's.
    """
    from django.conf import settings
    from django.db import OperationalError

    from lamsach.portal import agreement
    from lamsach.portal.base.once import exclusive
    from lamsach.portal.schema import bring_up_to_date

    try:
        with exclusive("schema"):
            bring_up_to_date()
            agreement.check()
    except OperationalError as problem:
        raise no_answer(problem) from problem
    from lamsach.portal.privacy.erasure import pending

    pending()
    _lay_out(Path(settings.STATIC_ROOT))
    from lamsach.portal.accounts import setup

    return setup.new_token() if setup.needed() else None


def _lay_out(folder: Path) -> None:
    """Collect this version's static files in a folder; delete folders unused for months."""
    from django.core.management import call_command

    from lamsach.portal.base.once import exclusive

    stamp = folder / ".whole"
    with exclusive(f"static:{folder.name}"):
        if not stamp.exists():
            call_command("collectstatic", interactive=False, verbosity=0, clear=folder.exists())
            folder.mkdir(parents=True, exist_ok=True)
        stamp.touch()
        os.utime(folder)
    for old in folder.parent.iterdir():
        if old.is_dir() and old.stat().st_mtime < folder.stat().st_mtime - _OLD_S:
            shutil.rmtree(old, ignore_errors=True)


def serve(host: str, port: int, processes: int = 1, workers: int = 1) -> None:
    """Serve until stopped, with these numbers of web processes and workers, which end with this one."""
    from django.db import connections

    from lamsach.portal import processes as running
    from lamsach.portal import urls  # noqa: F401 - loaded once, for all web processes

    connections.close_all()
    running.supervise(host, port, processes, workers)
