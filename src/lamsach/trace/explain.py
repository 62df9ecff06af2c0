"""From looked-up rows to answers: one device each, or why not; and the devices over all rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from lamsach.devices.nat import Candidate
from lamsach.model import Evidence, Identity
from lamsach.trace.holders import Holders, device_key
from lamsach.trace.lookups import Hit, Looked, lower
from lamsach.trace.model import Answer, Certainty, Named, Reported, Skew, TracedDevice, Why

CANDIDATES_SHOWN = 10
_MOST_NAMED = 30
_ORDER = tuple(Certainty)


def answers_of(
    rows: Sequence[Reported], looked: Sequence[Looked], holders: Holders, skews: Mapping[str, Skew]
) -> list[Answer]:
    """Return what is known of every row, those with candidates last: they may explain other rows."""
    answers: dict[int, Answer] = {}
    elsewhere: set[str] = set()
    for later in (False, True):
        for at, (row, found) in enumerate(zip(rows, looked, strict=True)):
            if (found.why is not None and bool(found.hits)) is later:
                one = answers[at] = answer(row, found, holders, skews[row.reference.document], elsewhere)
                if one.explained and not later:
                    elsewhere.add(one.named[0].inside)
    return [answers[at] for at in range(len(rows))]


def answer(
    row: Reported, looked: Looked, holders: Holders, skew: Skew, elsewhere: Collection[str] = ()
) -> Answer:
    """Return what is known of a row, whose time was looked for on the logs' clock.

    `elsewhere`: inside addresses that explain other rows.
    """
    if row.time is None:
        return Answer(row, why=Why.NO_TIME)
    time = row.time + skew.shift + row.precision / 2
    limit = Certainty.CERTAIN if skew.stated or not skew.shift else Certainty.PROBABLE
    if not looked.hits:
        if looked.why in (Why.NO_NAT_LOG, Why.NOT_OUR_ADDRESS) and holders.knows(row.ip):
            return _direct(row, holders, time)
        return Answer(row, (), looked.why, covered=looked.covered)
    hits = _likeliest(looked.hits, elsewhere) if looked.why else looked.hits[:1]
    named: dict[str, tuple[Named, Why | None]] = {}
    for hit in hits:
        one, unheld = _named(replace(hit, certainty=lower(hit.certainty, limit)), holders, time)
        named.setdefault(one.device, (one, unheld))
    people = tuple(one for one, _ in named.values())
    why = looked.why
    left_out = len(looked.hits) - len(hits) if why else 0
    if why in (Why.SEVERAL_DEVICES, Why.NO_PORT) and len(people) == 1 and not left_out:
        why = None  # one device that had several addresses
    if why is None:
        why = next(iter(named.values()))[1]
    shown = people[:CANDIDATES_SHOWN]
    return Answer(row, shown, why, covered=looked.covered, more=len(people) - len(shown) + left_out)


def _likeliest(hits: Sequence[Hit], elsewhere: Collection[str]) -> Sequence[Hit]:
    """The candidates to name: of the stated destination, of other rows' explanations, then others."""
    ranked = sorted(hits, key=lambda hit: ("same_destination" not in hit.hints, hit.inside not in elsewhere))
    return ranked[:_MOST_NAMED]


def _direct(row: Reported, holders: Holders, time: datetime) -> Answer:
    """The reported address is a device's own: no NAT lies between."""
    identity, unheld = holders.identify(row.ip, time)
    one = _person(identity, row.ip, row.port, holders, time, Certainty.CERTAIN, ("no_nat_between",), ())
    return Answer(row, (one,), unheld)


def _named(hit: Hit, holders: Holders, time: datetime) -> tuple[Named, Why | None]:
    identity, unheld = holders.identify(hit.inside, time)
    last = hit.path[-1]
    hints = hit.hints if len(hit.path) == 1 else (*hit.hints, "behind_another_nat")
    return _person(
        identity, last.inside_ip, last.inside_port, holders, time, hit.certainty, hints, hit.path
    ), unheld


def _person(
    identity: Identity,
    inside: str,
    port: int | None,
    holders: Holders,
    time: datetime,
    sure: Certainty,
    hints: tuple[str, ...],
    path: Sequence[Candidate],
) -> Named:
    proofs = [Evidence(_iso(item.start), item.file, item.line, "") for item in path]
    proof = holders.proof(identity, time)
    if proof is not None:
        proofs.append(Evidence("", *proof, ""))
    if identity.how == "address":
        hints = (*hints, "address_only")
    return Named(
        device_key(identity),
        inside,
        port,
        identity,
        holders.department(identity),
        lower(sure, holders.certainty(identity, time)),
        hints,
        holders.rival(identity, time),
        tuple(proofs),
    )


def _iso(time: datetime) -> str:
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def marked_repeats(answers: Sequence[Answer]) -> list[Answer]:
    """The answers, those of rows that say the same as an earlier one marked so."""
    seen: dict[tuple[object, ...], int] = {}
    marked = []
    for at, one in enumerate(answers):
        row = one.row
        key = (
            row.ip,
            row.port,
            row.time,
            row.time_text if row.time is None else "",
            row.protocol,
            (row.threat or "").lower(),
            row.destination,
            row.destination_port,
        )
        first = seen.setdefault(key, at)
        marked.append(one if first == at else replace(one, repeats=first))
    return marked


def with_other_rows(answers: Sequence[Answer]) -> list[Answer]:
    """The answers, those candidates marked who explain other rows of the lists."""
    elsewhere = {one.named[0].device for one in answers if one.explained and one.repeats is None}
    marked = []
    for one in answers:
        if not one.explained and len(one.named) > 1:
            hinted = (
                replace(item, hints=(*item.hints, "named_elsewhere")) if item.device in elsewhere else item
                for item in one.named
            )
            one = replace(one, named=tuple(hinted))
        marked.append(one)
    return marked


def devices_of(answers: Sequence[Answer]) -> tuple[TracedDevice, ...]:
    """The devices that explain rows, those with most rows first."""
    rows: Mapping[str, list[int]] = defaultdict(list)
    for at, one in enumerate(answers):
        if one.explained and one.repeats is None:
            rows[one.named[0].device].append(at)
    found = [_device(key, numbers, answers) for key, numbers in rows.items()]
    return tuple(sorted(found, key=lambda device: (-len(device.rows), device.first, device.key)))


def _device(key: str, numbers: Sequence[int], answers: Sequence[Answer]) -> TracedDevice:
    people = [answers[at].named[0] for at in numbers]
    times = [time for at in numbers if (time := answers[at].row.time) is not None]
    who = [item.identity for item in people]
    threats = dict.fromkeys(threat for at in numbers if (threat := answers[at].row.threat))
    return TracedDevice(
        key=key,
        ip=people[-1].inside,
        mac=next((one.mac for one in who if one.mac), None),
        name=next((one.name for one in who if one.name), None),
        user=next((one.user for one in reversed(who) if one.user), None),
        department=next((item.department for item in people if item.department), None),
        certainty=min((item.certainty for item in people), key=_ORDER.index),
        threats=tuple(threats),
        rows=tuple(numbers),
        first=min(times),
        last=max(times),
    )
