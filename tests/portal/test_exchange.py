"""The signed exchange file: keys, partners, counters, and what is refused."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from lamsach.errors import InputError, LamsachError
from lamsach.portal.audit.models import Entry
from lamsach.portal.exchange import container, kinds, transfer, unit_keys
from lamsach.portal.exchange.models import OwnKey, Partner, PartnerKey, Taken

from .conftest import Cast
from .exchange_pair import accepted, carried, made


class Echo(kinds.Kind):
    """A kind with the payload set by the test."""

    name = "echo"
    title = "Echo"
    upward = downward = True
    sends: dict[str, Any] | None = None
    got: list[dict[str, Any]] = []

    def offer(self, route: kinds.Route) -> kinds.Payload | None:
        return kinds.Payload("echo", self.sends) if self.sends is not None else None

    def preview(self, arrival: kinds.Arrival, payload: kinds.Payload) -> list[str]:
        return [str(payload.data)]

    def apply(self, arrival: kinds.Arrival, payload: kinds.Payload) -> dict[str, int]:
        kinds.text(payload.data["word"], 5)
        Echo.got.append(dict(payload.data))
        return {"words": 1}


@pytest.fixture
def echo() -> Any:
    kind = Echo()
    kinds.load()
    kinds.register(kind)
    Echo.got.clear()
    yield kind
    kinds._KINDS.pop("echo")


def changed(path: Path, member: str, data: bytes) -> Path:
    """Copy the file with a member replaced."""
    out = path.with_name("changed.zip")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, data if name == member else old.read(name))
    return out


def test_a_file_is_accepted_once_and_verified(cast: Cast, pair: Any, echo: Echo) -> None:
    down, up = pair
    echo.sends = {"word": "một"}
    path = made(down, cast.people["coordinator"], ["echo"])
    for name in zipfile.ZipFile(path).namelist():
        data = zipfile.ZipFile(path).read(name)
        with pytest.raises(InputError):
            accepted(cast, up, changed(path, name, data[:-3] + b"   "))
    with pytest.raises(InputError):
        accepted(cast, up, changed(path, "1.json", b'{"word": "hai"}'))
    assert not Taken.objects.exists()
    taken = accepted(cast, up, path)
    assert (taken.counter, taken.kinds, taken.result) == (1, ["echo"], {"echo": {"words": 1}})
    assert Echo.got == [{"word": "một"}]
    with pytest.raises(InputError, match="accepted before"):
        accepted(cast, up, path)
    assert len(Echo.got) == 1
    assert Entry.objects.filter(action="exchange.taken").count() == 1


def test_a_file_for_another_unit_or_by_a_stranger_is_refused(cast: Cast, pair: Any, echo: Echo) -> None:
    down, up = pair
    echo.sends = {"word": "một"}
    path = made(down, cast.people["coordinator"])
    reach = [cast.second.pk]
    with pytest.raises(InputError, match="no partner"):
        transfer.find_partner(path, reach)
    unit_keys.renew(cast.second, cast.people["coordinator"])
    centre = unit_keys.current(cast.centre)
    assert centre is not None
    other_partner = unit_keys.add_partner(
        cast.second, cast.centre.code, "A", above=True, public=centre.public, by=cast.people["coordinator"]
    )
    with pytest.raises(InputError, match="another unit"):
        transfer.find_partner(path, reach)
    with pytest.raises(InputError, match="another unit"):
        accepted(cast, other_partner, path)
    PartnerKey.objects.filter(partner=up).update(ended=timezone.now())
    with pytest.raises(InputError, match="not compared and accepted"):
        accepted(cast, up, path)
    assert not Taken.objects.exists()


def test_files_may_arrive_late_and_gaps_are_shown(cast: Cast, pair: Any, echo: Echo) -> None:
    down, up = pair
    echo.sends = {"word": "a"}
    first, second, third = (made(down, cast.people["coordinator"]) for _ in range(3))
    accepted(cast, up, third)
    assert transfer.missing(up) == [2, 1]
    accepted(cast, up, first)
    assert transfer.missing(up) == [2]
    accepted(cast, up, second)
    assert transfer.missing(up) == []


def test_a_partner_with_odd_counters_harms_only_itself(cast: Cast, pair: Any, echo: Echo) -> None:
    down, up = pair
    echo.sends = {"word": "a"}
    Partner.objects.filter(pk=down.pk).update(sent=(1 << 60) + 100)
    Taken.objects.create(partner=down, counter=1 << 61, fingerprint="x", sha256="x", made=timezone.now())
    carried(cast, down, up)
    assert len(transfer.missing(up)) == 20
    up.refresh_from_db()
    assert up.seen == transfer.JUMP


def test_outdated_payloads_are_passed_over(cast: Cast, pair: Any, echo: Echo) -> None:
    down, up = pair
    echo.sends = {"word": "a"}
    older, newer = (made(down, cast.people["coordinator"]) for _ in range(2))
    accepted(cast, up, newer)
    with transfer.checked(Partner.objects.get(pk=up.pk), older) as found:
        ((_, sentences),) = transfer.preview(found)
    assert "Đã cũ" in sentences[0]
    assert accepted(cast, up, older).result == {}
    assert transfer.missing(up) == []


def test_a_malformed_payload_rolls_the_file_back(cast: Cast, pair: Any, echo: Echo) -> None:
    down, up = pair
    echo.sends = {"word": "too long"}
    path = made(down, cast.people["coordinator"])
    with pytest.raises(InputError, match="required form"):
        accepted(cast, up, path)
    assert not Taken.objects.exists()
    echo.sends = {"other": 1}
    with pytest.raises(InputError, match="required form"):
        accepted(cast, up, made(down, cast.people["coordinator"]))


def test_upward_payloads_are_refused_from_above(cast: Cast, pair: Any, echo: Echo) -> None:
    down, up = pair
    echo.sends = {"word": "a"}
    Echo.downward = False
    path = made(up, cast.people["coordinator"])
    Echo.upward, Echo.downward = False, True
    try:
        with pytest.raises(InputError, match="does not know"):
            accepted(cast, down, path)
    finally:
        Echo.upward = Echo.downward = True


def test_acknowledgement_advances_the_counter_after_a_restore(cast: Cast, pair: Any, echo: Echo) -> None:
    down, up = pair
    echo.sends = {"word": "a"}
    for _ in range(3):
        carried(cast, down, up)
    Partner.objects.filter(pk=down.pk).update(sent=1)
    carried(cast, up, down)
    down.refresh_from_db()
    assert down.seen == 3
    assert carried(cast, down, up).counter == 4


def test_replaced_keys_are_followed_but_not_lost_ones(cast: Cast, pair: Any, echo: Echo) -> None:
    down, up = pair
    echo.sends = {"word": "a"}
    by = cast.people["coordinator"]
    unit_keys.renew(cast.centre, by)
    newest = unit_keys.renew(cast.centre, by)
    assert carried(cast, down, up).fingerprint == newest.fingerprint
    believed = PartnerKey.objects.filter(partner=up, ended=None)
    assert [(row.fingerprint, row.trusted) for row in believed] == [(newest.fingerprint, "succeeded")]
    unit_keys.renew(cast.centre, by, lost=True)
    with pytest.raises(InputError, match="compared"):
        carried(cast, down, up)


def test_an_ended_key_has_no_successor(cast: Cast, pair: Any, echo: Echo) -> None:
    down, up = pair
    echo.sends = {"word": "a"}
    unit_keys.end_key(PartnerKey.objects.get(partner=up), cast.people["coordinator"])
    unit_keys.renew(cast.centre, cast.people["coordinator"])
    with pytest.raises(InputError, match="compared"):
        carried(cast, down, up)


def test_the_private_key_is_locked(cast: Cast, pair: Any, settings: Any) -> None:
    key = OwnKey.objects.get(unit=cast.centre, retired=None)
    assert "PRIVATE" not in key.private
    assert unit_keys.opened(key).public_key() is not None
    settings.SECRET_KEY = "another"
    with pytest.raises(InputError, match="secret key"):
        unit_keys.opened(key)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"no zip", bytes(1000)])
def test_garbage_is_refused_in_one_sentence(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(data)
    with pytest.raises(LamsachError):
        container.peek(path)


@pytest.mark.parametrize(
    "manifest",
    [
        b"[]",
        b"{}",
        b'{"schema": "lamsach-exchange-1"}',
        b"[" * 100_000,
        (
            b'{"schema": "lamsach-exchange-1", "payloads": 3, "sender": [], "receiver": 1, "counter": -1, '
            b'"taken": 1e9, "made": "x", "lineage": []}'
        ),
    ],
)
def test_a_malformed_manifest_is_refused(manifest: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", manifest)
        archive.writestr("signature.json", "{}")
    with pytest.raises(LamsachError):
        container.peek(path)


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", b" " * 20_000_000)
    with pytest.raises(InputError, match="larger"):
        container.peek(path)
