"""Exchange files, bundles and backups sealed to a unit: keys made, rotated and published."""

from __future__ import annotations

import base64
import io
import re
from functools import partial
from pathlib import Path

import pytest
from django.core.files.storage import default_storage

from lamsach.errors import InputError, LamsachError, UsageError
from lamsach.portal.api import access as tokens
from lamsach.portal.audit.models import Entry
from lamsach.portal.backup import backup, restore
from lamsach.portal.exchange import container, transfer, unit_keys
from lamsach.portal.exchange.models import Partner, SealingKey, Sent, Taken, Waiting
from lamsach.portal.findings.models import Bundle, Way
from lamsach.results.sealed import keys, passphrase
from lamsach.results.sealed.files import Keys, Seal
from lamsach.results.sealed.files import sealing as sealed
from lamsach.results.upload import sign

from .bundles import Contact, day, device, findings, packed
from .conftest import Cast
from .exchange_pair import carried, made, partners
from .samples import dispatch


def both(cast: Cast) -> tuple[Partner, Partner]:
    """Return the partners, each with a sealing key unknown to the other yet."""
    pair = partners(cast)
    for partner in pair:
        unit_keys.renew_sealing(partner.unit, cast.people["coordinator"])
    return pair


def now(partner: Partner) -> Partner:
    return Partner.objects.get(pk=partner.pk)


def test_signed_files_announce_sealing_keys(cast: Cast) -> None:
    down, up = both(cast)
    by = cast.people["coordinator"]
    first = carried(cast, down, up)
    assert not Sent.objects.get().recipient
    assert now(up).recipient == getattr(unit_keys.sealing_key(cast.centre), "public", None)
    carried(cast, up, down)
    sent = Sent.objects.get(partner=up)
    assert sent.recipient == now(up).recipient
    assert transfer.file_name(sent).endswith(".zip.age")
    assert now(down).recipient == getattr(unit_keys.sealing_key(cast.first), "public", None)
    old_key = unit_keys.sealing_key(cast.first)
    on_its_way = made(now(down), by)
    assert on_its_way.read_bytes().startswith(b"age-encryption.org/v1\n")
    new_key = unit_keys.renew_sealing(cast.first, by)
    carried(cast, up, down)
    assert now(down).recipient == new_key.public
    transfer.accept(now(up), on_its_way, by)
    assert old_key is not None
    assert SealingKey.objects.get(pk=old_key.pk).retired
    later = made(now(down), by)
    SealingKey.objects.filter(pk=old_key.pk).delete()
    transfer.accept(now(up), later, by)
    assert first.counter + 2 == transfer.highest(now(up))


def test_a_late_file_does_not_restore_an_old_key(cast: Cast) -> None:
    down, up = both(cast)
    by = cast.people["coordinator"]
    late = made(down, by)
    newer = unit_keys.renew_sealing(cast.centre, by)
    carried(cast, down, up)
    transfer.accept(now(up), late, by)
    assert now(up).recipient == newer.public


def test_a_file_for_another_key_or_changed_is_refused_whole(cast: Cast, tmp_path: Path) -> None:
    down, up = both(cast)
    by = cast.people["coordinator"]
    Partner.objects.filter(pk=down.pk).update(recipient=keys.new_identity()[1])
    path = made(now(down), by)
    with pytest.raises(InputError, match="None of the keys"):
        transfer.accept(up, path, by)
    with pytest.raises(InputError, match="None of the keys"):
        transfer.find_partner(path, [cast.first.pk])
    Partner.objects.filter(pk=down.pk).update(
        recipient=getattr(unit_keys.sealing_key(cast.first), "public", "")
    )
    whole = made(now(down), by).read_bytes()
    for changed in (
        whole[:-1],
        whole[:200] + bytes([whole[200] ^ 1]) + whole[201:],
        whole[:-9] + b"123456789",
    ):
        (tmp_path / "file.zip.age").write_bytes(changed)
        with pytest.raises(LamsachError):
            transfer.accept(up, tmp_path / "file.zip.age", by)
    assert not Taken.objects.exists()


def test_a_manifest_of_an_older_version_has_no_recipient(cast: Cast) -> None:
    down, _ = partners(cast)
    head = container.peek(made(down, cast.people["coordinator"]))
    manifest = container._manifest(head, [])
    del manifest["recipient"]
    assert container._head(manifest) == head
    with pytest.raises(ValueError, match="recipient"):
        container._head(manifest | {"recipient": "age1nothing"})


def test_the_pages_of_sealing_keys(cast: Cast) -> None:
    client = cast.client("coordinator")
    for unit in (cast.centre, cast.first):
        client.post(f"/office/exchange/units/{unit.pk}/key/", {})
    page = client.get(f"/office/exchange/units/{cast.first.pk}/key/").content.decode()
    public = getattr(unit_keys.sealing_key(cast.first), "public", "")
    assert f">{public}<" in page
    drawing = re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', page)
    assert drawing
    assert b"<svg" in base64.b64decode(drawing[1])
    private = unit_keys.unlock(SealingKey.objects.get(unit=cast.first).private)
    assert private.startswith(keys.SECRET)
    assert private not in page + "".join(str(entry.details) for entry in Entry.objects.all())
    file = client.get(f"/office/exchange/units/{cast.first.pk}/key/file/").content.decode()
    form = {
        "unit": cast.centre.pk,
        "code": cast.first.code,
        "name": "Phòng Một",
        "above": "no",
        "public": file,
    }
    shown = client.post("/office/exchange/partners/new/", form).content.decode()
    assert shown.count(public) == 2, "shown for comparing, and kept in the form"
    spoilt = form | {"public": file.replace(public, public[:-1])}
    assert (
        "no key that a file can be sealed to"
        in client.post("/office/exchange/partners/new/", spoilt).content.decode()
    )
    client.post("/office/exchange/partners/new/", form | {"compared": "on"})
    down = Partner.objects.get()
    assert down.recipient == public
    unit_keys.add_partner(
        cast.first,
        cast.centre.code,
        cast.centre.name,
        above=True,
        public=getattr(unit_keys.current(cast.centre), "public", ""),
        by=cast.people["coordinator"],
    )
    answer = client.post(f"/office/exchange/partners/{down.pk}/", {"what": "make"})
    assert answer["Content-Disposition"].endswith('.zip.age"')
    upload = io.BytesIO(b"".join(answer))
    upload.name = "file.zip.age"
    client.post(f"/office/exchange/units/{cast.first.pk}/key/", {"what": "sealing"})
    assert public in client.get(f"/office/exchange/units/{cast.first.pk}/key/").content.decode(), (
        "a key before"
    )
    answer = client.post("/office/exchange/", {"file": upload})
    waiting = Waiting.objects.get()
    with default_storage.open(waiting.path) as stored:
        assert stored.read() == upload.getvalue(), "kept as it came"
    assert "was not accepted before" in client.get(answer["Location"]).content.decode()
    client.post(answer["Location"], {"what": "take"})
    assert Taken.objects.get().partner.unit == cast.first
    acts = set(Entry.objects.values_list("action", flat=True))
    assert {"exchange.sealing_key_made", "exchange.sealing_key_replaced"} <= acts


def test_sealed_bundles_are_accepted_by_upload_and_stick(cast: Cast, tmp_path: Path) -> None:
    campaign = dispatch(cast).campaign
    unit_keys.renew_sealing(cast.centre, cast.people["coordinator"])
    to_centre = Seal((getattr(unit_keys.sealing_key(cast.centre), "public", ""),))
    plain = tmp_path / "findings.zip"
    plain.write_bytes(
        packed(findings([device("mac:02:00:00:00:00:01")], [Contact(days={day(-1): 2})])).getvalue()
    )
    token = tokens.issue(cast.first, "USB", cast.people["officer"])
    sign(plain, token, tmp_path / "signed.age", to_centre)
    client = cast.client("coordinator")

    def handed_in(data: bytes, name: str) -> str:
        upload = io.BytesIO(data)
        upload.name = name
        place = {"unit": cast.centre.pk, "campaign": campaign.pk}
        return client.post("/office/findings/", {**place, "file": upload}, follow=True).content.decode()

    handed_in((tmp_path / "signed.age").read_bytes(), "signed.age")
    assert Bundle.objects.get().unit == cast.first
    assert Bundle.objects.get().way == Way.SIGNED
    with (tmp_path / "open.age").open("wb") as stream, sealed(stream, to_centre) as inner:
        inner.write(plain.read_bytes())
    handed_in((tmp_path / "open.age").read_bytes(), "findings.zip.age")
    assert Bundle.objects.get(unit=cast.centre).name == "findings.zip"
    with (
        (tmp_path / "other.age").open("wb") as stream,
        sealed(stream, Seal((keys.new_identity()[1],))) as inner,
    ):
        inner.write(plain.read_bytes())
    assert "None of the keys here" in handed_in((tmp_path / "other.age").read_bytes(), "findings.zip.age")
    assert Bundle.objects.count() == 2


def test_a_sealed_backup_is_opened_before_a_restore(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passphrase, "WORK_FACTOR", 8)
    monkeypatch.setattr(
        "lamsach.portal.backup._files",
        lambda data, database, folder: [
            ("database.sqlite3", partial(content.open, "rb")),
            ("secret-key", partial(secret.open, "rb")),
        ],
    )
    content, secret, data = tmp_path / "content", tmp_path / "secret", tmp_path / "data"
    content.write_bytes(b"rows" * 100_000)
    secret.write_text("the portal's key")
    private, public = keys.new_identity()
    ways = [(Seal((public,)), Keys([private])), (Seal(passphrase="mật khẩu"), Keys(passphrase="mật khẩu"))]
    for number, (seal, right) in enumerate(ways):
        file, target = tmp_path / f"{number}.zip.age", data / str(number)
        assert backup(file, seal) == 2
        assert file.stat().st_mode & 0o077 == 0
        for wrong in (Keys(), Keys([keys.new_identity()[0]], "mat khau")):
            with pytest.raises(InputError):
                restore(file, target, None, wrong)
        broken = tmp_path / "broken.zip.age"
        broken.write_bytes(file.read_bytes()[:-1])
        with pytest.raises(InputError, match="damaged"):
            restore(broken, target, None, right)
        assert [path for path in data.iterdir() if path.name != "0"] == [], "nothing is left"
        restore(file, target, None, right)
        assert (target / "lamsach.sqlite3").read_bytes() == content.read_bytes()
        assert (target / "secret-key").read_text() == "the portal's key"
    backup(tmp_path / "open.zip")
    restore(tmp_path / "open.zip", data / "2")
    assert (data / "2" / "secret-key").exists()
    own = unit_keys.renew_sealing(cast.centre, cast.people["coordinator"]).public
    with pytest.raises(UsageError, match="lost with it"):
        backup(tmp_path / "own.zip.age", Seal((own,)))
    backup(tmp_path / "both.zip.age", Seal((own, public)))
