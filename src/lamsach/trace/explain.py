"""Answers from looked-up rows: one device each, or the reason; and the devices of all rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from lamsach.devices.nat import Candidate
from lamsach.model import Evidence, Identity
from lamsach.trace.holders import Holders, device_key
from lamsach.trace.lookups import Hit, Lookup, lower
from lamsach.trace.model import Answer, Certainty, Named, Reported, Skew, TracedDevice, Why

CANDIDATES_SHOWN = 10
_MAX_NAMED = 30
_ORDER = tuple(Certainty)


def answers_of(
    rows: Sequence[Reported], lookups: Sequence[Lookup], holders: Holders, skews: Mapping[str, Skew]
) -> list[Answer]:
    """Answer every row; rows with several candidates last, as other rows may decide them."""
    answers: dict[int, Answer] = {}
    elsewhere: set[str] = set()
    for later in (False, True):
        for at, (row, found) in enumerate(zip(rows, lookups, strict=True)):
            if (found.why is not None and bool(found.hits)) is later:
                reply = answers[at] = answer(row, found, holders, skews[row.reference.document], elsewhere)
                if reply.explained and not later:
                    elsewhere.add(reply.named[0].inside)
    return [answers[at] for at in range(len(rows))]


def answer(
    row: Reported, lookup: Lookup, holders: Holders, skew: Skew, elsewhere: Collection[str] = ()
) -> Answer:
    """Answer a row, which was looked up at its time on the logs' clock.

    `elsewhere`: inside addresses that explain other rows.
    """
    if row.time is None:
        return Answer(row, why=Why.NO_TIME)
    time = row.time + skew.shift + row.precision / 2
    limit = Certainty.CERTAIN if skew.stated or not skew.shift else Certainty.PROBABLE
    if not lookup.hits:
        if lookup.why in (Why.NO_NAT_LOG, Why.NOT_OUR_ADDRESS) and holders.knows(row.ip):
            return _direct(row, holders, time)
        return Answer(row, (), lookup.why, covered=lookup.covered)
    hits = _likeliest(lookup.hits, elsewhere) if lookup.why else lookup.hits[:1]
    named: dict[str, tuple[Named, Why | None]] = {}
    for hit in hits:
        candidate, unheld = _named(replace(hit, certainty=lower(hit.certainty, limit)), holders, time)
        named.setdefault(candidate.device, (candidate, unheld))
    candidates = tuple(candidate for candidate, _ in named.values())
    why = lookup.why
    omitted = len(lookup.hits) - len(hits) if why else 0
    if why in (Why.SEVERAL_DEVICES, Why.NO_PORT) and len(candidates) == 1 and not omitted:
        why = None  # one device that had several addresses
    if why is None:
        why = next(iter(named.values()))[1]
    shown = candidates[:CANDIDATES_SHOWN]
    return Answer(row, shown, why, covered=lookup.covered, more=len(candidates) - len(shown) + omitted)


def _likeliest(hits: Sequence[Hit], elsewhere: Collection[str]) -> Sequence[Hit]:
    """Rank the candidates to name: of the stated destination, of other rows' explanations, then others."""
    ranked = sorted(hits, key=lambda hit: ("same_destination" not in hit.hints, hit.inside not in elsewhere))
    return ranked[:_MAX_NAMED]


def _direct(row: Reported, holders: Holders, time: datetime) -> Answer:
    """Answer a row whose address is a device's own, without NAT between."""
    identity, unheld = holders.identify(row.ip, time)
    named = _candidate(identity, row.ip, row.port, holders, time, Certainty.CERTAIN, ("no_nat_between",), ())
    return Answer(row, (named,), unheld)


def _named(hit: Hit, holders: Holders, time: datetime) -> tuple[Named, Why | None]:
    identity, unheld = holders.identify(hit.inside, time)
    last = hit.path[-1]
    hints = hit.hints if len(hit.path) == 1 else (*hit.hints, "behind_another_nat")
    return _candidate(
        identity, last.inside_ip, last.inside_port, holders, time, hit.certainty, hints, hit.path
    ), unheld


def _candidate(
    identity: Identity,
    inside: str,
    port: int | None,
    holders: Holders,
    time: datetime,
    certainty: Certainty,
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
        lower(certainty, holders.certainty(identity, time)),
        hints,
        holders.rival(identity, time),
        tuple(proofs),
    )


def _iso(time: datetime) -> str:
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def marked_repeats(answers: Sequence[Answer]) -> list[Answer]:
    """Mark the rows that repeat an earlier one."""
    seen: dict[tuple[object, ...], int] = {}
    marked = []
    for number, answer in enumerate(answers):
        row = answer.row
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
        first = seen.setdefault(key, number)
        marked.append(answer if first == number else replace(answer, repeats=first))
    return marked


def with_other_rows(answers: Sequence[Answer]) -> list[Answer]:
    """Mark the candidates that explain other rows of the lists."""
    elsewhere = {answer.named[0].device for answer in answers if answer.explained and answer.repeats is None}
    marked = []
    for answer in answers:
        if not answer.explained and len(answer.named) > 1:
            hinted = (
                replace(item, hints=(*item.hints, "named_elsewhere")) if item.device in elsewhere else item
                for item in answer.named
            )
            answer = replace(answer, named=tuple(hinted))
        marked.append(answer)
    return marked


def devices_of(answers: Sequence[Answer]) -> tuple[TracedDevice, ...]:
    """Return the devices that explain rows, those with most rows first."""
    rows: Mapping[str, list[int]] = defaultdict(list)
    for number, answer in enumerate(answers):
        if answer.explained and answer.repeats is None:
            rows[answer.named[0].device].append(number)
    found = [_device(key, numbers, answers) for key, numbers in rows.items()]
    return tuple(sorted(found, key=lambda device: (-len(device.rows), device.first, device.key)))


def _device(key: str, numbers: Sequence[int], answers: Sequence[Answer]) -> TracedDevice:
    candidates = [answers[number].named[0] for number in numbers]
    times = [time for number in numbers if (time := answers[number].row.time) is not None]
    identities = [item.identity for item in candidates]
    threats = dict.fromkeys(threat for number in numbers if (threat := answers[number].row.threat))
    return TracedDevice(
        key=key,
        ip=candidates[-1].inside,
        mac=next((identity.mac for identity in identities if identity.mac), None),
        name=next((identity.name for identity in identities if identity.name), None),
        user=next((identity.user for identity in reversed(identities) if identity.user), None),
        department=next((item.department for item in candidates if item.department), None),
        certainty=min((item.certainty for item in candidates), key=_ORDER.index),
        threats=tuple(threats),
        rows=tuple(numbers),
        first=min(times),
        last=max(times),
    )
