"""Making exchange files for a partner, and accepting the partner's files once each.

Files may arrive in any order: only an accepted counter is rejected. Of each kind of payload that of the
highest counter counts; an older one is passed over. Times of two portals are never compared. After a restore
the counter continues in another epoch (`returned_files`). A file is signed first, then sealed to the
partner's key as stated by the partner's newest file.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext

from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.indicators.releases.seal import fingerprint, load_public_key
from lamsach.portal.audit.trail import record, user_of
from lamsach.portal.exchange import container, kinds, unit_keys
from lamsach.portal.exchange.container import Head, Opened
from lamsach.portal.exchange.kinds import Arrival, Kind, Payload, Route
from lamsach.portal.exchange.models import OwnKey, Partner, Sent, Taken, begin_of, shown_counter
from lamsach.results.sealed.files import SUFFIX, Seal
from lamsach.results.sealed.files import sealing as sealed

JUMP = 10_000
"""Largest believed lead of the counter that a partner states over ours: no backup is that old."""
_WRONG = mark("A part of the exchange file does not have the required form. Nothing in it was used.")
_UNKNOWN = mark("The exchange file carries something that this version does not know.")
_AGAIN = mark("The exchange file was accepted before. Nothing was changed.")
_PASSED_OVER = mark(
    "Out of date: a later file of the same partner was accepted already. This part changes nothing."
)
_LOST = mark(
    "This portal was put back to an older state, which the partner did not know yet. Its next "
    "file says this again."
)
_RETURNS = mark("Is accepted after what is returned.")
_OTHER = mark("Another file with this number was accepted before. Nothing was changed.")
_OTHER_REMEDY = mark(
    "The other portal was restored to an older state. Give it your next file: its numbers continue after "
    "those that were accepted."
)


@dataclass(frozen=True, slots=True)
class Offer:
    """A kind and its payload for a partner."""

    kind: Kind
    payload: Payload


def offers(partner: Partner, user: Any = None, wanted: Sequence[str] | None = None) -> list[Offer]:
    """Collect payloads of the wanted kinds (all); none until lost statements are returned."""
    found: list[Offer] = []
    if partner.restored is not None:
        return found
    for kind in sorted(kinds.load().values(), key=lambda kind: kind.order):
        if not kind.fits(to_above=partner.above):
            continue
        if partner.owes if kind.back else (wanted is None or kind.name in wanted):
            payload = kind.offer(Route(partner, user))
            if payload is not None:
                found.append(Offer(kind, payload))
    return found


@dataclass(frozen=True, slots=True)
class Written:
    """A written file for a partner, not yet recorded as sent."""

    partner: Partner
    counter: int
    key: OwnKey
    kinds: list[str]
    sha256: str
    size: int
    recipient: str


def make(
    partner: Partner, target: Path, by: Any, wanted: Sequence[str] | None = None, *, news: bool = False
) -> Sent:
    """Write and record the partner's next file, retrying on concurrent files. InputError without a key."""
    while (sent := note(write(partner, target, user_of(by), wanted, news=news), by)) is None:
        pass
    return sent


def write(
    partner: Partner, target: Path, user: Any, wanted: Sequence[str] | None = None, *, news: bool = False
) -> Written:
    """Write the next file without recording it; `news`: omit payloads that the partner has."""
    held = Partner.objects.select_related("unit").get(pk=partner.pk)
    key = unit_keys.current(held.unit)
    if key is None:
        raise InputError(mark("The unit has no key yet."), held.unit.code, mark("Make its key first."))
    payloads = [offer.payload for offer in offers(held, user, wanted)]
    if news and held.holds is not None:
        payloads = [item for item in payloads if container.digest(item) != held.holds.get(item.kind)]
    counter = max(held.sent, held.seen) + 1
    head = Head(
        sender=held.unit.code,
        sender_name=held.unit.name,
        receiver=held.code,
        receiver_name=held.name,
        counter=counter,
        taken=highest(held),
        made=timezone.now(),
        lineage=unit_keys.lineage_of(key),
        recipient=getattr(unit_keys.sealing_key(held.unit), "public", ""),
        have={kind: row[1] for kind, row in held.held.items()},
        lost=held.restored is not None,
        returns=held.owes,
    )
    seal = Seal((held.recipient,)) if held.recipient else Seal()
    with target.open("wb") as stream, sealed(stream, seal) as inner:
        container.write(inner, head, unit_keys.opened(key), payloads)
    with target.open("rb") as written:
        sha256, size = hashlib.file_digest(written, "sha256").hexdigest(), written.tell()
    names = [payload.kind for payload in payloads]
    return Written(held, counter, key, names, sha256, size, held.recipient)


@transaction.atomic
def note(written: Written, by: Any) -> Sent | None:
    """Record a written file as sent; None if its counter was used or the key renewed meanwhile."""
    held, names = written.partner, written.kinds
    row = Partner.objects.filter(pk=held.pk, sent=held.sent, seen=held.seen)
    if unit_keys.current(held.unit) != written.key or not row.update(sent=written.counter):
        return None
    facts: dict[str, Any] = {
        "counter": written.counter,
        "sha256": written.sha256,
        "recipient": written.recipient,
    }
    sent = Sent.objects.create(
        partner=held, key=written.key, kinds=names, size=written.size, user=user_of(by), **facts
    )
    record(by, "exchange.made", held, held.unit, kinds=names, **facts)
    return sent


def highest(partner: Partner) -> int:
    """Return the highest accepted counter of the partner's files."""
    found: int | None = Taken.objects.filter(partner=partner).aggregate(last=Max("counter"))["last"]
    return found or 0


def missing(partner: Partner) -> list[int]:
    """List counters missing before the newest accepted file of its epoch; the newest twenty."""
    rows = Taken.objects.filter(partner=partner).order_by("-counter").values_list("counter", flat=True)
    accepted = set(rows[:500])
    if not accepted:
        return []
    first = begin_of(max(accepted)) + 1
    bottom = max(min(accepted), first) if len(accepted) == 500 else first
    gaps = (number for number in range(max(accepted), bottom - 1, -1) if number not in accepted)
    return list(islice(gaps, 20))


def find_partner(path: Path, units: Sequence[int]) -> Partner:
    """Find the sender of a file among the partners of these units. InputError: unknown, or not for us."""
    with unit_keys.plain_file(path, units) as plain:
        head = container.peek(plain)
    rows = Partner.objects.filter(unit__in=units, ended=None, code=head.sender).select_related("unit")
    if not rows:
        raise InputError(
            mark("The unit that made the exchange file is no partner of yours."),
            f"{head.sender} {head.sender_name}"[:100],
            mark("Add it as a partner first, with its key."),
        )
    found = next((partner for partner in rows if partner.unit.code == head.receiver), None)
    if found is None:
        raise InputError(
            mark("The exchange file is meant for another unit."),
            f"{head.receiver} {head.receiver_name}"[:100],
            mark("Give it to that unit. Nothing in it was used."),
        )
    return found


@dataclass(frozen=True, slots=True)
class Checked:
    """A file with verified signature and counter. `followers`: keys that succeed believed ones."""

    opened: Opened
    arrival: Arrival
    followers: Mapping[str, str]
    believed: frozenset[str]
    """Fingerprints of the partner's keys that verified it."""
    sha256: str
    path: Path
    """The signed file, unsealed."""


@contextmanager
def checked(partner: Partner, path: Path, user: Any = None) -> Iterator[Checked]:
    """Open and verify a file of the partner, unpacked in a temporary folder. InputError."""
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    with (
        unit_keys.plain_file(path, [partner.unit_id]) as plain,
        _checked(partner, plain, user, sha256) as found,
    ):
        yield found


@contextmanager
def _checked(partner: Partner, path: Path, user: Any, sha256: str) -> Iterator[Checked]:
    head = container.peek(path)
    if (head.sender, head.receiver) != (partner.code, partner.unit.code):
        raise InputError(mark("The exchange file is meant for another unit."), path.name)
    believed = unit_keys.believed(partner)
    followers = container.successors(head.lineage, partner.code, believed)
    keys = [*believed, *(load_public_key(public.encode(), partner.code) for public in followers.values())]
    with tempfile.TemporaryDirectory(prefix="lamsach-exchange-") as folder:
        opened = container.read(path, keys, Path(folder))
        _refuse_taken(partner, opened.head.counter, sha256)
        arrival = Arrival(partner, opened.head.counter, opened.head.made, user)
        yield Checked(opened, arrival, followers, frozenset(map(fingerprint, believed)), sha256, path)


class TakenBeforeError(InputError):
    """The file, or another with its counter (`other`), was accepted before."""

    other = False


def _refuse_taken(partner: Partner, counter: int, sha256: str) -> None:
    before = Taken.objects.filter(partner=partner, counter=counter).first()
    if before is not None:
        when = f"{shown_counter(counter)}, {timezone.localtime(before.at):%d/%m/%Y %H:%M}"
        if before.sha256 == sha256:
            raise TakenBeforeError(_AGAIN, when)
        refused = TakenBeforeError(_OTHER, when, _OTHER_REMEDY)
        refused.other = True
        raise refused


def preview(found: Checked) -> list[tuple[Any, list[str]]]:
    """Describe the effect of each payload: title and sentences. InputError if rejected."""
    shown = []
    held, head = Partner.objects.get(pk=found.arrival.partner.pk), found.opened.head
    for payload in found.opened.payloads:
        kind = _kind(found.arrival, payload)
        if _silent(held, head) or (held.restored is not None and head.returns and not kind.back):
            shown.append((kind.title, [gettext(_LOST if _silent(held, head) else _RETURNS)]))
            continue
        if _passed_over(kind, found.arrival):
            shown.append((kind.title, [gettext(_PASSED_OVER)]))
            continue
        with _shaped(payload):
            shown.append((kind.title, kind.preview(found.arrival, payload)))
    return shown


def accept(partner: Partner, path: Path, by: Any) -> Taken:
    """Accept a file: all payloads or none, never twice; files are stored before. InputError."""
    with checked(partner, path, getattr(by, "user", by)) as found:
        payloads = tuple(_stored(found.arrival, payload) for payload in found.opened.payloads)
        stored_path = ""
        if any(_kind(found.arrival, item).kept for item in payloads):
            with found.path.open("rb") as stream:
                stored_path = default_storage.save(
                    f"exchange/{partner.pk}-{found.opened.head.counter}.zip", File(stream)
                )
        try:
            return _take(replace(found, opened=replace(found.opened, payloads=payloads)), by, stored_path)
        finally:
            if stored_path:
                _delete_outdated(partner)


def _stored(arrival: Arrival, payload: Payload) -> Payload:
    with _shaped(payload):
        stored = _kind(arrival, payload).store(arrival, payload)
        return replace(payload, stored=stored, digest=container.digest(payload))


def _delete_outdated(partner: Partner) -> None:
    """Delete the partner's stored files that are no longer the newest of a kind."""
    held = Partner.objects.get(pk=partner.pk).held.values()
    wanted = {Path(path).name for row in held for path in row[2:]}
    for name in default_storage.listdir("exchange")[1]:
        if name.startswith(f"{partner.pk}-") and name not in wanted:
            default_storage.delete(f"exchange/{name}")


@transaction.atomic
def _take(found: Checked, by: Any, stored_path: str) -> Taken:
    held = (
        Partner.objects.select_for_update(no_key=True).select_related("unit").get(pk=found.arrival.partner.pk)
    )
    _refuse_taken(held, found.opened.head.counter, found.sha256)
    if held.ended is not None or found.believed != frozenset(map(fingerprint, unit_keys.believed(held))):
        raise InputError(
            mark("The partner or its keys were changed meanwhile."), held.code, mark("Take the file again.")
        )
    arrival = replace(found.arrival, partner=held)
    head = found.opened.head
    names = [payload.kind for payload in found.opened.payloads]
    taken = Taken.objects.create(
        partner=held,
        counter=head.counter,
        fingerprint=found.opened.signer,
        kinds=names,
        sha256=found.sha256,
        made=head.made,
        user=arrival.user,
    )
    unit_keys.succeed(held, dict(found.followers), found.opened.signer, by)
    result: dict[str, dict[str, int]] = {}
    for payload in () if _silent(held, head) else found.opened.payloads:
        kind = _kind(arrival, payload)
        if _passed_over(kind, arrival):
            continue
        with _shaped(payload):
            result[payload.kind] = kind.apply(arrival, payload)
        held.held[payload.kind] = [head.counter, payload.digest, *([stored_path] if kind.kept else [])]
    Taken.objects.filter(pk=taken.pk).update(result=result)
    Partner.objects.filter(pk=held.pk).update(
        seen=max(held.seen, min(head.taken, held.sent + JUMP)),
        name=head.sender_name or held.name,
        held=held.held,
        **(_statement(held, head) if highest(held) == head.counter else {}),
    )
    record(by, "exchange.taken", held, held.unit, counter=head.counter, kinds=names, sha256=found.sha256)
    taken.refresh_from_db()
    return taken


def _silent(held: Partner, head: Head) -> bool:
    """Return whether the sender did not know yet of this portal's restore: its next file repeats this one."""
    lost = held.restored is not None or head.taken > held.sent
    return lost and not head.returns and head.have is not None


def _statement(held: Partner, head: Head) -> dict[str, Any]:
    """Changes of the partner by the newest file's head; counters unknown here reveal a restore."""
    gone = head.taken > held.sent and held.restored is None
    back = head.returns or head.have is None  # an older version returns nothing
    restored = timezone.now() if gone else None if back else held.restored
    return {
        "recipient": head.recipient or held.recipient,
        "holds": head.have,
        "owes": head.lost,
        "restored": restored,
    }


def _passed_over(kind: Kind, arrival: Arrival) -> bool:
    """Return whether a payload is ignored: outdated, or returned although nothing was lost."""
    if kind.back:
        return arrival.partner.restored is None
    if kind.name in arrival.partner.held:
        newest: int = arrival.partner.held[kind.name][0]
        return newest > arrival.counter
    later = Taken.objects.filter(partner=arrival.partner, counter__gt=arrival.counter)
    return any(kind.name in row.kinds for row in later.only("kinds"))


def _kind(arrival: Arrival, payload: Payload) -> Kind:
    kind = kinds.load().get(payload.kind)
    if kind is None or not kind.fits(to_above=not arrival.partner.above):
        raise InputError(_UNKNOWN, payload.kind)
    return kind


@contextmanager
def _shaped(payload: Payload) -> Iterator[None]:
    """Turn errors from a malformed payload into InputError."""
    try:
        yield
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError) as error:
        raise InputError(_WRONG, payload.kind) from error


def file_name(sent: Sent | Written) -> str:
    """Build a file name from sender, receiver and counter."""
    end = SUFFIX if sent.recipient else ""
    number = shown_counter(sent.counter)
    return f"lamsach-{sent.partner.unit.code}-{sent.partner.code}-{number:0>5}.zip{end}"
