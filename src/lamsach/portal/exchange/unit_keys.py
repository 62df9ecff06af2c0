"""Signing and sealing keys of a unit and its partners; every change is in the audit trail.

Secrets are locked, so that a copy of the database alone reveals none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.indicators.releases.seal import fingerprint, load_private_key, load_public_key, make_key
from lamsach.portal.audit.trail import record, user_of
from lamsach.portal.base import locks
from lamsach.portal.exchange import container
from lamsach.portal.exchange.models import OwnKey, Partner, PartnerKey, SealingKey, Trusted
from lamsach.portal.units.models import Unit
from lamsach.results.sealed.files import Keys, path_is_sealed
from lamsach.results.sealed.files import open_plain as opened_file
from lamsach.results.sealed.keys import new_identity

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def current(unit: Unit) -> OwnKey | None:
    """Return the unit's signing key, or None."""
    return OwnKey.objects.filter(unit=unit, retired=None).first()


@transaction.atomic
def renew(unit: Unit, by: Any, *, lost: bool = False) -> OwnKey:
    """Make a signing key for the unit. `lost`: without a succession link from the old key."""
    Unit.objects.select_for_update(no_key=True).get(pk=unit.pk)
    private, public = (part.decode() for part in make_key())
    old = current(unit)
    succession = ""
    if old is not None:
        OwnKey.objects.filter(pk=old.pk).update(retired=timezone.now())
        if not lost:
            succession = container.sign_successor(opened(old), unit.code, public)
    made = OwnKey.objects.create(
        unit=unit,
        fingerprint=fingerprint(load_public_key(public.encode(), unit.code)),
        public=public,
        private=lock(private),
        previous=old,
        succession=succession,
        made_by=user_of(by),
    )
    action = "exchange.key_replaced" if old else "exchange.key_made"
    record(by, action, made, unit, fingerprint=made.fingerprint, lost=lost)
    return made


def opened(key: OwnKey) -> Ed25519PrivateKey:
    """Unlock the private key. InputError if impossible."""
    return load_private_key(unlock(key.private).encode(), key.fingerprint)


def lineage_of(key: OwnKey) -> tuple[dict[str, str], ...]:
    """Return the key's succession links, the oldest first."""
    links: list[dict[str, str]] = []
    step: OwnKey | None = key
    while step is not None and step.succession and len(links) < container.LONGEST:
        links.append(container.succession_link(step.public, step.succession))
        step = step.previous
    return tuple(reversed(links))


@transaction.atomic
def add_partner(
    unit: Unit, code: str, name: str, *, above: bool, public: str, by: Any, recipient: str = ""
) -> Partner:
    """Add a partner with a compared key, or replace the key of a known one. InputError for an invalid key."""
    if code == unit.code:
        raise InputError(mark("A unit is no partner of itself."), code)
    key = load_public_key(public.encode(), code)
    partner, new = Partner.objects.update_or_create(
        unit=unit,
        code=code,
        defaults={"name": name, "above": above, "ended": None}
        | ({"recipient": recipient} if recipient else {}),
    )
    if new:
        record(by, "exchange.partner_added", partner, unit, code=code)
    _believe(partner, fingerprint(key), public, Trusted.COMPARED, by)
    return partner


def _believe(partner: Partner, name: str, public: str, trusted: Trusted, by: Any) -> None:
    PartnerKey.objects.filter(partner=partner, ended=None).exclude(fingerprint=name).update(
        ended=timezone.now()
    )
    PartnerKey.objects.update_or_create(
        partner=partner,
        fingerprint=name,
        defaults={"public": public, "trusted": trusted, "added_by": user_of(by), "ended": None},
    )
    record(by, "exchange.key_believed", partner, partner.unit, fingerprint=name, how=str(trusted))


def succeed(partner: Partner, found: dict[str, str], signed_by: str, by: Any) -> None:
    """Trust the signing key if it succeeds a believed one, ending the older keys."""
    if signed_by in found:
        _believe(partner, signed_by, found[signed_by], Trusted.SUCCEEDED, by)


@transaction.atomic
def end_key(key: PartnerKey, by: Any) -> None:
    """End a key: it is trusted no longer."""
    if PartnerKey.objects.filter(pk=key.pk, ended=None).update(ended=timezone.now()):
        record(by, "exchange.key_ended", key.partner, key.partner.unit, fingerprint=key.fingerprint)


def believed(partner: Partner) -> list[Any]:
    """Return the partner's trusted keys."""
    rows = PartnerKey.objects.filter(partner=partner, ended=None)
    return [load_public_key(row.public.encode(), partner.code) for row in rows]


def sealing_key(unit: Unit) -> SealingKey | None:
    """Return the key to seal new files for the unit to, or None."""
    return SealingKey.objects.filter(unit=unit, retired=None).first()


@transaction.atomic
def renew_sealing(unit: Unit, by: Any) -> SealingKey:
    """Make a sealing key; the former still opens files sealed to it."""
    Unit.objects.select_for_update(no_key=True).get(pk=unit.pk)
    old = SealingKey.objects.filter(unit=unit, retired=None).update(retired=timezone.now())
    private, public = new_identity()
    made = SealingKey.objects.create(unit=unit, public=public, private=lock(private), made_by=user_of(by))
    record(
        by, "exchange.sealing_key_replaced" if old else "exchange.sealing_key_made", made, unit, key=public
    )
    return made


def keys_of(units: Iterable[int]) -> Keys:
    """Return the private keys for files sealed to these units, the newest first."""
    rows = SealingKey.objects.filter(unit__in=list(units))
    return Keys([unlock(row.private) for row in rows])


@contextmanager
def plain_file(path: Path, units: Iterable[int]) -> Iterator[Path]:
    """Provide the path of a file for one of these units, unsealed. InputError, UnreadableError."""
    with opened_file(path, keys_of(units) if path_is_sealed(path) else Keys()) as found:
        yield found


_PURPOSE = "lamsach.exchange.locked/1"


def lock(secret: str) -> str:
    """Lock a secret."""
    return locks.lock(_PURPOSE, secret)


def unlock(locked: str) -> str:
    """Unlock a secret. InputError if the portal's secret key has changed since."""
    return locks.unlock(_PURPOSE, locked)
