"""Backup and restore of all portal data: a consistent database copy, uploads, secret key.

One `.zip` with a manifest of SHA-256 digests. The database is copied first and in one piece; uploads are
written before the row that names them and never changed, so the backup has every upload of the copied
database (unless it is erased during the backup). Data in transit is not included: logs waiting for a hunt or
a trace, and partial uploads. Erasures made after the backup are repeated after a restore (`base.ledger`).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import sqlite3
import subprocess
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from lamsach import __version__
from lamsach.documents.archive import ZIP_ERRORS
from lamsach.errors import InputError, OutputError, UnreadableError, UsageError
from lamsach.i18n import mark
from lamsach.portal import restore_lock
from lamsach.portal.base import ledger, storage
from lamsach.portal.database import client_environment
from lamsach.results.atomic import open_own, own_folder
from lamsach.results.sealed.files import Keys, Seal, open_plain, sealing

SCHEMA = 1
UPLOADS = "uploads"
SQLITE, DUMP = "database.sqlite3", "database.dump"
"""Name of the database within a backup: one of the two."""
_CHUNK = 1 << 20


def backup(target: Path, seal: Seal | None = None) -> int:
    """Write the sealed backup; returns the number of files. The target appears only when complete."""
    from django.conf import settings

    part = target.with_name(target.name + ".part")
    digests: dict[str, str] = {}
    moment = datetime.now(UTC).isoformat()
    _refuse_own_keys(seal or Seal())
    try:
        with (
            tempfile.TemporaryDirectory(prefix="lamsach-backup-") as folder,
            open_own(part) as stream,
            sealing(stream, seal or Seal()) as inner,
            zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive,
        ):
            for name, open_ in _files(Path(settings.DATA), settings.DATABASES["default"], Path(folder)):
                digest = _add(archive, name, open_)
                if digest:
                    digests[name] = digest
            manifest = {"schema": SCHEMA, "version": __version__, "made": moment, "files": digests}
            archive.writestr("manifest.json", json.dumps(manifest, indent=1))
        part.replace(target)
    except OSError as error:
        raise OutputError(mark("The backup could not be written."), f"{target}: {error}") from error
    finally:
        part.unlink(missing_ok=True)
    return len(digests)


def _refuse_own_keys(seal: Seal) -> None:
    """Raise UsageError for a backup that only the portal's own keys open: they would be lost with it."""
    from django.db import DatabaseError

    from lamsach.portal.exchange.models import SealingKey

    try:
        own = set(SealingKey.objects.filter(public__in=seal.recipients).values_list("public", flat=True))
    except DatabaseError:  # an older schema has no such keys
        own = set()
    if seal.recipients and own >= set(seal.recipients):
        raise UsageError(
            mark("The private key is in this portal alone, and would be lost with it."),
            seal.recipients[0],
            mark("Make a key with `lamsach keys new`, keep it elsewhere, and seal to that."),
        )


def _files(data: Path, database: dict[str, Any], folder: Path) -> Iterator[tuple[str, Callable[[], Any]]]:
    from django.core.files.storage import default_storage

    if database["ENGINE"].endswith("sqlite3"):
        copy = folder / SQLITE
        with closing(sqlite3.connect(database["NAME"])) as source, closing(sqlite3.connect(copy)) as sink:
            source.backup(sink)
        yield SQLITE, partial(copy.open, "rb")
    else:
        dump = folder / DUMP
        _run(["pg_dump", "--format=custom", "--no-owner", f"--file={dump}"], database)
        yield DUMP, partial(dump.open, "rb")
    yield "secret-key", partial((data / "secret-key").open, "rb")
    if (data / ledger.NAME).exists():
        yield ledger.NAME, partial((data / ledger.NAME).open, "rb")
    for name in default_storage.names():  # type: ignore[attr-defined]
        yield f"{UPLOADS}/{name}", partial(default_storage.open, name)
    for path in sorted((data / "outbox").rglob("*")):
        if path.is_file() and path.suffix != ".part":
            yield path.relative_to(data).as_posix(), partial(path.open, "rb")


def _add(archive: zipfile.ZipFile, name: str, open_: Callable[[], Any]) -> str:
    """Add a file to the archive; returns its SHA-256, empty for a missing file.

    A file may be erased meanwhile, and a secret key from the environment is in no file.
    """
    try:
        source = open_()
    except FileNotFoundError:
        return ""
    digest = hashlib.sha256()
    with source, archive.open(name, "w", force_zip64=True) as sink:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            sink.write(chunk)
    return digest.hexdigest()


def restore(
    source: Path,
    data: Path,
    database: dict[str, Any] | None = None,
    keys: Keys | None = None,
    uploads: str = "",
) -> Path | None:
    """Replace data folder and `DATABASE_URL` by a backup; returns the path of the former folder, if any.

    `uploads`: storage outside the data folder (`LAMSACH_UPLOADS`); the backup's files overwrite those
    present, no others are deleted. Everything is opened, unpacked and checked next to the folder before
    anything is replaced. UsageError while a process of the portal is running on it.
    """
    with contextlib.ExitStack() as alone:
        alone.enter_context(restore_lock.lock_folder(data))
        own_folder(data.absolute().parent)
        plain = alone.enter_context(open_plain(source, keys or Keys(), data.absolute().parent))
        if database is not None and database["ENGINE"].endswith("postgresql") and _has_dump(plain):
            alone.enter_context(restore_lock.lock_database(database))
        return _restore(plain, data, database, uploads)


def _restore(source: Path, data: Path, database: dict[str, Any] | None, uploads: str) -> Path | None:
    work = data.with_name(data.name + ".restoring")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True, mode=0o700)
    try:
        _unpack(source, work)
        ledger.carry_over(data, work, _made(source), _put(work / UPLOADS, uploads, data) if uploads else ())
        _load(work, database)
        before = None
        if data.exists() and any(path.name != restore_lock.LOCK for path in data.iterdir()):
            before = data.with_name(f"{data.name}.before-{datetime.now():%Y%m%d-%H%M%S}")
            data.rename(before)
        elif data.exists():
            (data / restore_lock.LOCK).unlink(missing_ok=True)
            data.rmdir()
        work.rename(data)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return before


def _put(unpacked: Path, uploads: str, data: Path) -> list[ledger.Line]:
    """Move the unpacked uploads to their storage; returns the erasures that machines noted in it."""
    from django.core.files.base import File

    store = storage.stored_files(uploads, data)
    noted = ledger.noted_lines(store)
    for path in sorted(unpacked.rglob("*")):
        if path.is_file():
            name = path.relative_to(unpacked).as_posix()
            store.delete(name)
            with path.open("rb") as file:
                store.save(name, File(file))
    shutil.rmtree(unpacked, ignore_errors=True)
    return noted


def _load(work: Path, database: dict[str, Any] | None) -> None:
    """Put SQLite's file in place, or load the dump. UsageError for the other kind of database."""
    server = database is not None and database["ENGINE"].endswith("postgresql")
    dump = work / DUMP
    if not dump.exists():
        if server:
            raise UsageError(
                mark("This backup is of a SQLite database."),
                "DATABASE_URL",
                mark("Unset DATABASE_URL to put it in place."),
            )
        (work / SQLITE).rename(work / "lamsach.sqlite3")
        return
    if database is None or not server:
        raise UsageError(
            mark("This backup is of a PostgreSQL database."),
            "DATABASE_URL",
            mark("Set DATABASE_URL to the database that is to hold it."),
        )
    _replay(dump, database)
    dump.unlink()


def _has_dump(source: Path) -> bool:
    """Return whether a backup is of PostgreSQL; False for an unreadable one, which unpacking will report."""
    try:
        with zipfile.ZipFile(source) as archive:
            return DUMP in archive.namelist()
    except ZIP_ERRORS:
        return False


def _unpack(source: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(source) as archive:
            manifest = json.loads(archive.read("manifest.json"))
            if manifest.get("schema") != SCHEMA or not isinstance(manifest.get("files"), dict):
                raise InputError(mark("This backup is of another version of the portal."), str(source))
            for name, digest in manifest["files"].items():
                path = (folder / name).resolve()
                if not path.is_relative_to(folder.resolve()):
                    raise InputError(mark("This is no backup of a portal."), str(source))
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                with archive.open(name) as read, path.open("wb") as write:
                    path.chmod(0o600)
                    shutil.copyfileobj(read, write, _CHUNK)
                if _digest(path) != digest:
                    raise UnreadableError(mark("The backup is damaged."), f"{source}: {name}")
            if not {SQLITE, DUMP} & manifest["files"].keys():
                raise InputError(mark("This is no backup of a portal."), str(source))
    except ZIP_ERRORS as error:
        raise UnreadableError(mark("This is no backup of a portal."), str(source)) from error


def _made(source: Path) -> datetime:
    """Moment of a backup; the epoch when not stated, so that every erasure is later."""
    with zipfile.ZipFile(source) as archive:
        stated = json.loads(archive.read("manifest.json")).get("made")
    return datetime.fromisoformat(stated) if stated else datetime.fromtimestamp(0, UTC)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


_FIRST = b"BEGIN;\nDROP TABLE IF EXISTS findings_sighting CASCADE;\n"
"""What a dump's own clean-up cannot drop: the keys of a partition."""


def _replay(dump: Path, database: dict[str, Any]) -> None:
    """Replace the database's content by a dump, in one transaction committed after reading all of it."""
    environment = client_environment(database)
    read = ["pg_restore", "--clean", "--if-exists", "--no-owner", "--file=-", str(dump)]
    write = ["psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null"]
    for command in (read, write):
        _need(command[0])
    pipe = subprocess.PIPE
    with (
        tempfile.TemporaryFile() as messages,
        subprocess.Popen(read, env=environment, stdout=pipe, stderr=messages) as source,
        subprocess.Popen(write, env=environment, stdin=pipe, stderr=messages) as sink,
    ):
        if source.stdout and sink.stdin:
            with contextlib.suppress(BrokenPipeError):  # psql refused something; its message is in stderr
                sink.stdin.write(_FIRST)
                shutil.copyfileobj(source.stdout, sink.stdin, _CHUNK)
                sink.stdin.write(b"ROLLBACK;\n" if source.wait() else b"COMMIT;\n")
                sink.stdin.close()
            source.stdout.close()
        failed = [sink.wait(), source.wait()]
        messages.seek(0)
        if any(failed):
            raise _refused(messages.read(3000).decode(errors="replace"))


def _need(program: str) -> None:
    if shutil.which(program) is None:
        raise UsageError(
            mark("A program of PostgreSQL is missing."), program, mark("Install the PostgreSQL client.")
        )


def _run(command: list[str], database: dict[str, Any]) -> None:
    _need(command[0])
    finished = subprocess.run(
        command, env=client_environment(database), capture_output=True, text=True, check=False
    )
    if finished.returncode:
        raise _refused(finished.stderr)


def _refused(stderr: str) -> OutputError:
    lines = [line for line in stderr.splitlines() if "NOTICE" not in line]
    return OutputError(mark("PostgreSQL refused the backup or restore."), "\n".join(lines).strip()[:300])
