"""Indicators that a hunt searched for: a quiet day proves nothing when the address was not in the list.

A hunt states the digest of its list. The content of a list with that digest is known in two ways: a hunt with
it found the indicator; or it is made of lists of the campaign, whose values the portal has.
"""

from __future__ import annotations

import hashlib
import tempfile
from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from itertools import combinations
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from lamsach.errors import LamsachError
from lamsach.portal.base.storage import copy_to
from lamsach.portal.campaigns.models import Campaign, IndicatorList
from lamsach.portal.findings.bundle_reader import Read
from lamsach.portal.findings.models import Bundle, Composition, Contained

WIDTH = 16
MOST_LISTS = 6
"""Newest lists of a campaign of which every combination is known; of more each one, all, and all in force."""
MOST_VALUES = 3_000_000
_LOOKUPS = 20_000


def value_digest(kind: str, value: str) -> bytes:
    """The 16 bytes of which `lamsach.hunt` makes the digest of a list."""
    return hashlib.blake2b(f"{kind} {value}".encode(), digest_size=WIDTH).digest()


def note(bundle: Bundle, found: Read) -> None:
    """Remember what a bundle shows of its list, and whether the list is one that `prepare` has read."""
    if not found.list_digest:
        return
    values = sorted({piece.indicator for piece in found.pieces})
    _remember(bundle.campaign_id, [(found.list_digest, value) for value in values])
    if _is_unknown(bundle, found):
        _compose(bundle.campaign)


def prepare(bundle: Bundle, found: Read) -> None:
    """Read the campaign's lists if `note` is going to need them; before a transaction is open."""
    if _is_unknown(bundle, found):
        _read_lists(bundle.campaign)


def _is_unknown(bundle: Bundle, found: Read) -> bool:
    """Return whether a list that was searched for days is not known to be made of the campaign's."""
    known = Composition.objects.filter(campaign=bundle.campaign_id, digest=found.list_digest)
    return bool(found.list_digest and found.coverage) and not known.exists()


def holding(
    campaign_id: int, digests: Collection[str], indicators: Iterable[tuple[str, str]]
) -> set[tuple[str, str]]:
    """Pairs of digest and indicator of which it is known that the list holds it; (type, value) in."""
    wanted = sorted(set(indicators))
    values = [value for _, value in wanted]
    known: set[tuple[str, str]] = set()
    for begin in range(0, len(values), 400):
        rows = Contained.objects.filter(
            campaign=campaign_id, digest__in=digests, indicator__in=values[begin : begin + 400]
        )
        known |= set(rows.values_list("digest", "indicator"))
    missing = [(kind, value) for kind, value in wanted if any((one, value) not in known for one in digests)]
    if not missing:
        return known
    fresh: list[tuple[str, str]] = []
    for made in Composition.objects.filter(campaign=campaign_id, digest__in=digests):
        asked = [pair for pair in missing[:_LOOKUPS] if (made.digest, pair[1]) not in known]
        fresh += [(made.digest, value) for value in _among(made.lists, asked)]
    _remember(campaign_id, fresh)
    return known | set(fresh)


def _remember(campaign_id: int, pairs: Iterable[tuple[str, str]]) -> None:
    Contained.objects.bulk_create(
        [Contained(campaign_id=campaign_id, digest=digest, indicator=value) for digest, value in pairs],
        batch_size=500,
        ignore_conflicts=True,
    )


def _among(lists: Sequence[int], pairs: Sequence[tuple[str, str]]) -> set[str]:
    found: set[str] = set()
    if pairs:
        for kept in IndicatorList.objects.filter(pk__in=lists):
            values = _values(kept)
            found |= {value for kind, value in pairs if _holds(values, value_digest(kind, value))}
    return found


def _holds(values: bytes, wanted: bytes) -> bool:
    place = bisect_left(
        range(len(values) // WIDTH), wanted, key=lambda row: values[row * WIDTH : (row + 1) * WIDTH]
    )
    return values[place * WIDTH : (place + 1) * WIDTH] == wanted


def _path(kept: IndicatorList) -> str:
    return f"listed/{kept.sha256[:2]}/{kept.sha256}"


def _values(kept: IndicatorList) -> bytes:
    """Sorted digests of a list's values, as `_read_lists` kept them; empty for a list not read."""
    if not default_storage.exists(_path(kept)):
        return b""
    with default_storage.open(_path(kept), "rb") as file:
        return bytes(file.read())


def _read_lists(campaign: Campaign) -> None:
    """Read each list of the campaign once."""
    for kept in IndicatorList.objects.filter(campaign=campaign):
        if not default_storage.exists(_path(kept)):
            _read_list(kept)


def _read_list(kept: IndicatorList) -> None:
    from lamsach.indicators.lists import read_lists

    values = b""
    try:
        with tempfile.TemporaryDirectory() as folder:
            copy = copy_to(kept.path, Path(folder) / f"list{Path(kept.name).suffix}")
            found = read_lists([str(copy)], lambda _problem: None)
        values = b"".join(sorted({value_digest(one.type.value, one.value) for one in found.indicators}))
    except LamsachError:
        pass
    except OSError:
        return
    default_storage.save(_path(kept), ContentFile(values))


def learn(campaign: Campaign) -> int:
    """Work out digests of the campaign's lists and their combinations; how many are new."""
    _read_lists(campaign)
    return _compose(campaign)


def _compose(campaign: Campaign) -> int:
    lists = list(IndicatorList.objects.filter(campaign=campaign).order_by("-pk"))
    made = {
        tuple(lists_of)
        for lists_of in Composition.objects.filter(campaign=campaign).values_list("lists", flat=True)
    }
    groups = [group for group in _groups(lists) if tuple(one.pk for one in group) not in made]
    read = {one.pk: _values(one) for group in groups for one in group}
    rows = []
    for group in groups:
        if sum(len(read[one.pk]) for one in group) > MOST_VALUES * WIDTH:
            continue
        values = {
            part[place : place + WIDTH]
            for part in (read[one.pk] for one in group)
            for place in range(0, len(part), WIDTH)
        }
        if values:
            digest = hashlib.sha256(b"".join(sorted(values))).hexdigest()
            rows.append(Composition(campaign=campaign, digest=digest, lists=[one.pk for one in group]))
    Composition.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _groups(lists: Sequence[IndicatorList]) -> list[tuple[IndicatorList, ...]]:
    newest = lists[:MOST_LISTS]
    groups = [group for size in range(1, len(newest) + 1) for group in combinations(newest, size)]
    valid = tuple(one for one in lists if one.withdrawn is None)
    groups += [(one,) for one in lists[MOST_LISTS:]] + [tuple(lists), valid]
    return list({tuple(one.pk for one in group): group for group in groups if group}.values())
