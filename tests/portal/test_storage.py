"""Upload storages: a folder and a bucket (moto's server on loopback) behave alike.

Machines that do not share key and storage are refused.
"""

from __future__ import annotations

import gc
import io
import multiprocessing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.test import Client

from lamsach.errors import UsageError
from lamsach.portal import agreement
from lamsach.portal.backup import backup, restore
from lamsach.portal.base import ledger, storage
from lamsach.portal.base.uploads import download, store
from lamsach.portal.findings.models import Bundle, Hunt
from lamsach.portal.jobs.models import Job
from tests.poll import until

from .bundles import work
from .conftest import Cast
from .test_findings_hunts import LOG, address, ready  # noqa: F401 - a fixture

moto_server = pytest.importorskip("moto.server")
pytest.importorskip("s3fs")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    import s3fs

    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint,
    }.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    name = f"b{abs(hash(request.node.nodeid))}"[:20]
    s3fs.S3FileSystem().mkdir(name)
    return f"s3://{name}/portal"


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Location of the uploads."""
    return str(tmp_path / "kept") if request.param == "folder" else request.getfixturevalue("bucket")


@pytest.fixture
def moved(place: str, settings: Any, tmp_path: Path) -> str:
    """The portal's uploads at the place, and a data folder local to this machine."""
    settings.DATA = tmp_path / "data"
    settings.DATA.mkdir()
    settings.UPLOADS = place
    settings.STORAGES = {**settings.STORAGES, **storage.storage_settings(place, settings.DATA)}
    return place


class Broken(io.BytesIO):
    """Content that breaks off after a piece."""

    name = "x"

    def read(self, *_: Any) -> bytes:
        if self.tell():
            raise OSError("gone")
        self.seek(1)
        return b"half"


def test_a_file_is_there_whole_or_not_at_all(place: str, tmp_path: Path) -> None:
    store = storage.stored_files(place, tmp_path)
    assert (store.exists("files/ab/x"), list(store.names())) == (False, [])
    with pytest.raises(OSError, match="gone"):
        store.save("files/ab/x", File(Broken()))
    assert not store.exists("files/ab/x")
    with pytest.raises(FileNotFoundError):
        store.open("files/ab/x")
    large = bytes(range(256)) * 40_000
    assert store.save("files/ab/x", ContentFile(large)) == "files/ab/x"
    other = storage.stored_files(place, tmp_path / "another machine")
    assert other.exists("files/ab/x")
    assert other.size("files/ab/x") == len(large)
    with other.open("files/ab/x") as file:
        file.seek(len(large) - 3)
        assert file.read() == large[-3:]
    second = other.save("files/ab/x", ContentFile(b"of another"))
    assert second != "files/ab/x"
    copy = other.copy_of("files/ab/x")
    assert copy.read_bytes() == large
    where = str(copy)
    del copy
    gc.collect()
    assert Path(where).exists() is (place[:5] != "s3://")
    assert sorted(store.names()) == sorted(["files/ab/x", second])
    assert list(store.names("files/ab")) == list(store.names())
    for name in ("files/ab/x", "files/ab/x", second):
        store.delete(name)
    assert list(other.names()) == []


@pytest.mark.parametrize("place", ["folder", "bucket"], indirect=True)
def test_pieces_are_put_together_whatever_was_sent_again(place: str, tmp_path: Path) -> None:
    backend = storage.storage_settings(place, tmp_path)["arriving"]
    kind = storage.Bucket if place.startswith("s3://") else storage.Folder
    arriving = kind(**backend["OPTIONS"])
    name = "hunts/7/1-fw.log"
    assert arriving.append(name, 0, b"0123456789") == 10
    assert arriving.append(name, 0, b"01234") == 5, "the first was not recorded and is sent again, shorter"
    assert arriving.append(name, 5, b"56789abc") == 13
    assert arriving.append("hunts/7/log/2-b.log", 0, b"b") == 1
    assert arriving.append("hunts/7.nat/3-nat.log", 0, b"nat") == 3
    with arriving.local("hunts/7") as folder:
        found = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }
    assert found == {"1-fw.log": b"0123456789abc", "log/2-b.log": b"b"}
    with arriving.local(name) as path:
        assert path.read_bytes() == b"0123456789abc"
    arriving.forget(name)
    arriving.forget("hunts/7")
    arriving.forget("hunts/7")
    with arriving.local("hunts/7") as folder:
        assert list(folder.rglob("*")) == []
    with arriving.local("hunts/7.nat") as folder:
        assert [path.name for path in folder.iterdir()] == ["3-nat.log"]
    assert list(storage.stored_files(place, tmp_path).names()) == [], "arriving files are not stored files"


@pytest.mark.django_db
def test_a_hunt_and_a_bundle_in_pieces_go_by_the_place(moved: str, ready: Hunt, cast: Cast) -> None:  # noqa: F811
    client: Client = cast.client("officer")
    files = f"{address(ready)}files/"
    created = client.post(files, {"name": "fw.log", "size": len(LOG)}).json()
    for begin, end in ((0, 1000), (1000, len(LOG))):
        answer = client.post(
            f"{files}{created['file']}/?offset={begin}", LOG[begin:end], "application/octet-stream"
        )
        assert answer.json()["received"] == end
    client.post(address(ready), {"what": "begin"})
    work()
    ready.refresh_from_db()
    assert (Job.objects.get(name="findings.hunt").state, ready.devices) == ("done", 1)
    assert b"fw.log" in client.get(f"{address(ready)}result/").content
    with storage.arriving().local(f"hunts/{ready.pk}") as logs:
        assert list(logs.rglob("*")) == []
    stored = store(ContentFile(b"%PDF-1.7 x", "quy.pdf"))
    answer = download(stored.name, stored.path)
    assert b"".join(answer.streaming_content) == b"%PDF-1.7 x"  # type: ignore[attr-defined]
    assert [
        path.name for path in django_settings.DATA.rglob("*") if path.is_file() and moved.startswith("s3")
    ] == []
    assert Bundle.objects.get().path in set(default_storage.names())  # type: ignore[attr-defined]


@pytest.mark.django_db
def test_a_log_that_this_machine_does_not_see_is_no_quiet_log(ready: Hunt, cast: Cast) -> None:  # noqa: F811
    from django.core.files.uploadedfile import SimpleUploadedFile

    client = cast.client("officer")
    client.post(address(ready), {"logs": [SimpleUploadedFile("fw.log", LOG)]})
    client.post(address(ready), {"what": "begin"})
    storage.arriving().forget(f"hunts/{ready.pk}")
    work()
    job = Job.objects.get(name="findings.hunt")
    assert (job.state, "not in the folder of uploads" in job.problem) == ("failed", True)
    ready.refresh_from_db()
    assert (ready.bundle, ready.logs_deleted) == (None, None)


@pytest.mark.django_db(transaction=True)
def test_a_backup_holds_the_bucket_and_is_put_back_into_it(
    bucket: str, settings: Any, tmp_path: Path
) -> None:
    settings.DATA = tmp_path / "data"
    settings.DATA.mkdir()
    (settings.DATA / "secret-key").write_text("k")
    settings.UPLOADS = bucket
    settings.STORAGES = {**settings.STORAGES, **storage.storage_settings(bucket, settings.DATA)}
    if django_settings.DATABASES["default"]["ENGINE"].endswith("postgresql"):
        pytest.skip("the dump of a database is test_postgres'")
    default_storage.save("files/aa/x", ContentFile(b"before"))
    storage.arriving().append("hunts/1/1-fw.log", 0, b"on its way")
    backup(tmp_path / "backup.zip")
    default_storage.delete("files/aa/x")
    default_storage.save("files/aa/x", ContentFile(b"after"))
    ledger.note("bundles", ids=[7])
    (settings.DATA / ledger.NAME).unlink()  # another machine's folder
    fresh = tmp_path / "fresh"
    restore(tmp_path / "backup.zip", fresh, uploads=bucket)
    assert default_storage.open("files/aa/x").read() == b"before"
    assert not (fresh / "uploads").exists()
    assert [line["what"] for line in ledger.read(fresh / ledger.NAME)] == ["bundles", "restored"]


def _read_in_a_fork(store: Any, pipe: Any) -> None:
    pipe.send(store.open("x").read())


def test_a_fork_has_a_client_of_its_own(bucket: str, tmp_path: Path) -> None:
    store = storage.stored_files(bucket, tmp_path)
    store.save("x", ContentFile(b"1"))
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=_read_in_a_fork, args=(store, theirs))
    process.start()
    until(lambda: ours.poll() or not process.is_alive(), seconds=60)
    assert ours.poll(), "the fork did not answer"
    assert ours.recv() == b"1"
    process.join()


@pytest.mark.parametrize("uploads", ["gs://bucket", "http://files.example/"])
def test_another_place_is_refused(uploads: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as error:
        storage.storage_settings(uploads, tmp_path)
    assert error.value.where == "LAMSACH_UPLOADS"


@pytest.mark.django_db
def test_a_machine_with_another_key_is_refused(moved: str, settings: Any) -> None:
    agreement.check()
    agreement.check()
    first, settings.SECRET_KEY = settings.SECRET_KEY, "another key"
    with pytest.raises(UsageError) as error:
        agreement.check()
    assert "secret key" in error.value.what
    settings.SECRET_KEY_FALLBACKS = [first]
    agreement.check()
    settings.SECRET_KEY_FALLBACKS = []
    agreement.check()
    settings.SECRET_KEY = first
    with pytest.raises(UsageError):
        agreement.check()


@pytest.mark.django_db
def test_a_machine_with_another_place_is_refused(moved: str, settings: Any, tmp_path: Path) -> None:
    agreement.check()
    number = default_storage.open(agreement.MARK).read().decode().strip()
    storages = settings.STORAGES
    for content in (b"", b"0" * 32):
        other = str(tmp_path / f"other{len(content)}")
        settings.STORAGES = {**storages, **storage.storage_settings(other, settings.DATA)}
        if content:
            default_storage.save(agreement.MARK, ContentFile(content))
        with pytest.raises(UsageError) as error:
            agreement.check()
        assert number in error.value.where, "what is required"
        assert list(default_storage.names()) == ([agreement.MARK] if content else [])  # type: ignore[attr-defined]
    default_storage.delete(agreement.MARK)
    default_storage.save(agreement.MARK, ContentFile(number.encode()))
    agreement.check()
    settings.STORAGES = storages
    agreement.check()
