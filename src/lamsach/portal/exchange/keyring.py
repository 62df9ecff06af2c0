"""A unit's own keys: made, replaced, used; and its partners' keys. Each change is in the audit trail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.indicators.releases.seal import fingerprint, load_private_key, load_public_key, make_key
from lamsach.portal.audit.trail import record
from lamsach.portal.exchange import lineage
from lamsach.portal.exchange.models import OwnKey, Partner, PartnerKey, Trusted
from lamsach.portal.exchange.secrets import lock, unlock
from lamsach.portal.units.models import Unit

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def current(unit: Unit) -> OwnKey | None:
    """The key that signs for the unit, or None."""
    return OwnKey.objects.filter(unit=unit, retired=None).first()


@transaction.atomic
def renew(unit: Unit, by: Any, *, lost: bool = False) -> OwnKey:
    """Make the unit's first key, or one in place of the present one. `lost`: the old one may be in foreign hands, so it does not name the new one."""
    Unit.objects.select_for_update().get(pk=unit.pk)
    private, public = (part.decode() for part in make_key())
    old = current(unit)
    succession = ""
    if old is not None:
        OwnKey.objects.filter(pk=old.pk).update(retired=timezone.now())
        if not lost:
            succession = lineage.name_successor(opened(old), unit.code, public)
    user: Any = getattr(by, "user", by)
    made = OwnKey.objects.create(
        unit=unit,
        fingerprint=fingerprint(load_public_key(public.encode(), unit.code)),
        public=public,
        private=lock(private),
        previous=old,
        succession=succession,
        made_by=user,
    )
    what = "exchange.key_replaced" if old else "exchange.key_made"
    record(by, what, made, unit, fingerprint=made.fingerprint, lost=lost)
    return made


def opened(key: OwnKey) -> Ed25519PrivateKey:
    """The private half, ready to sign. InputError when it cannot be unlocked."""
    return load_private_key(unlock(key.private).encode(), key.fingerprint)


def lineage_of(key: OwnKey) -> tuple[dict[str, str], ...]:
    """Return how the key follows from older ones, the oldest link first."""
    links: list[dict[str, str]] = []
    step: OwnKey | None = key
    while step is not None and step.succession and len(links) < lineage.LONGEST:
        links.append(lineage.link(step.public, step.succession))
        step = step.previous
    return tuple(reversed(links))


@transaction.atomic
def add_partner(
    unit: Unit, code: str, name: str, *, above: bool, public: str, by: Any, recipient: str = ""
) -> Partner:
    """Add the other side with its keys, which somebody compared. Known already: other keys for it; without a `recipient` the one that is known stays. InputError for what is no key."""
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
    user: Any = getattr(by, "user", by)
    PartnerKey.objects.filter(partner=partner, ended=None).exclude(fingerprint=name).update(
        ended=timezone.now()
    )
    PartnerKey.objects.update_or_create(
        partner=partner,
        fingerprint=name,
        defaults={"public": public, "trusted": trusted, "added_by": user, "ended": None},
    )
    record(by, "exchange.key_believed", partner, partner.unit, fingerprint=name, how=str(trusted))


def succeed(partner: Partner, found: dict[str, str], signed_by: str, by: Any) -> None:
    """Believe the key that signed, when it follows from a believed one; the older ones end."""
    if signed_by in found:
        _believe(partner, signed_by, found[signed_by], Trusted.SUCCEEDED, by)


@transaction.atomic
def end_key(key: PartnerKey, by: Any) -> None:
    """Believe the key no longer."""
    if PartnerKey.objects.filter(pk=key.pk, ended=None).update(ended=timezone.now()):
        record(by, "exchange.key_ended", key.partner, key.partner.unit, fingerprint=key.fingerprint)


def believed(partner: Partner) -> list[Any]:
    """The partner's keys that open its files."""
    rows = PartnerKey.objects.filter(partner=partner, ended=None)
    return [load_public_key(row.public.encode(), partner.code) for row in rows]
