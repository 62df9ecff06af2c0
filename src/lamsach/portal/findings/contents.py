"""Indicators in the lists of hunts: a quiet day proves nothing if the indicator was not searched for.

A hunt states only the digest of its list. The list is known to contain an indicator if a hunt with it found
the indicator, or if the digest is that of a combination of the campaign's lists.
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
from lamsach.portal.base.queries import in_parts
from lamsach.portal.base.storage import copy_to
from lamsach.portal.campaigns.models import Campaign, IndicatorList
from lamsach.portal.findings.bundle_reader import BundleContent
from lamsach.portal.findings.models import Bundle, Composition, Contained

WIDTH = 16
MOST_LISTS = 6
"""Newest lists whose every combination is computed; of older ones each, all, and all in force."""
MOST_VALUES = 3_000_000
_LOOKUPS = 20_000


def value_digest(kind: str, value: str) -> bytes:
    """Return the 16 bytes that `lamsach.hunt` hashes into the digest of a list."""
    return hashlib.blake2b(f"{kind} {value}".encode(), digest_size=WIDTH).digest()


def note(bundle: Bundle, found: BundleContent) -> None:
    """Record the found indicators of a bundle's list, and compose the campaign's lists if it is unknown."""
    if not found.list_digest:
        return
    values = sorted({piece.indicator for piece in found.pieces})
    _remember(bundle.campaign_id, [(found.list_digest, value) for value in values])
    if _is_unknown(bundle, found):
        _compose(bundle.campaign)


def prepare(bundle: Bundle, found: BundleContent) -> None:
    """Read the campaign's lists if `note` will need them; outside transactions."""
    if _is_unknown(bundle, found):
        _read_lists(bundle.campaign)


def _is_unknown(bundle: Bundle, found: BundleContent) -> bool:
    """Return whether the list of covered days is not among the known compositions."""
    known = Composition.objects.filter(campaign=bundle.campaign_id, digest=found.list_digest)
    return bool(found.list_digest and found.coverage) and not known.exists()


def known_to_contain(
    campaign_id: int, digests: Collection[str], indicators: Iterable[tuple[str, str]]
) -> set[tuple[str, str]]:
    """Return known pairs of digest and contained indicator; `indicators`: (type, value)."""
    wanted = sorted(set(indicators))
    values = [value for _, value in wanted]
    known: set[tuple[str, str]] = set()
    for part in in_parts(values, 400):
        rows = Contained.objects.filter(campaign=campaign_id, digest__in=digests, indicator__in=part)
        known |= set(rows.values_list("digest", "indicator"))
    missing = [(kind, value) for kind, value in wanted if any((sha, value) not in known for sha in digests)]
    if not missing:
        return known
    fresh: list[tuple[str, str]] = []
    for made in Composition.objects.filter(campaign=campaign_id, digest__in=digests):
        pairs = [pair for pair in missing[:_LOOKUPS] if (made.digest, pair[1]) not in known]
        fresh += [(made.digest, value) for value in _among(made.lists, pairs)]
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
        for indicator_list in IndicatorList.objects.filter(pk__in=lists):
            values = _values(indicator_list)
            found |= {value for kind, value in pairs if _holds(values, value_digest(kind, value))}
    return found


def _holds(values: bytes, wanted: bytes) -> bool:
    row_ = bisect_left(
        range(len(values) // WIDTH), wanted, key=lambda row: values[row * WIDTH : (row + 1) * WIDTH]
    )
    return values[row_ * WIDTH : (row_ + 1) * WIDTH] == wanted


def _path(indicator_list: IndicatorList) -> str:
    return f"listed/{indicator_list.sha256[:2]}/{indicator_list.sha256}"


def _values(indicator_list: IndicatorList) -> bytes:
    """Return the sorted digests of a list's values, stored by `_read_lists`; empty if not read."""
    if not default_storage.exists(_path(indicator_list)):
        return b""
    with default_storage.open(_path(indicator_list), "rb") as file:
        return bytes(file.read())


def _read_lists(campaign: Campaign) -> None:
    """Read and store each list of the campaign once."""
    for indicator_list in IndicatorList.objects.filter(campaign=campaign):
        if not default_storage.exists(_path(indicator_list)):
            _read_list(indicator_list)


def _read_list(indicator_list: IndicatorList) -> None:
    from lamsach.indicators.lists import read_lists

    values = b""
    try:
        with tempfile.TemporaryDirectory() as folder:
            copy = copy_to(indicator_list.path, Path(folder) / f"list{Path(indicator_list.name).suffix}")
            found = read_lists([str(copy)], lambda _problem: None)
        values = b"".join(
            sorted({value_digest(indicator.type.value, indicator.value) for indicator in found.indicators})
        )
    except LamsachError:
        pass
    except OSError:
        return
    default_storage.save(_path(indicator_list), ContentFile(values))


def learn(campaign: Campaign) -> int:
    """Compute digests of the campaign's lists and their combinations; return the number of new ones."""
    _read_lists(campaign)
    return _compose(campaign)


def _compose(campaign: Campaign) -> int:
    lists = list(IndicatorList.objects.filter(campaign=campaign).order_by("-pk"))
    made = {
        tuple(lists_of)
        for lists_of in Composition.objects.filter(campaign=campaign).values_list("lists", flat=True)
    }
    groups = [group for group in _groups(lists) if tuple(member.pk for member in group) not in made]
    read = {member.pk: _values(member) for group in groups for member in group}
    rows = []
    for group in groups:
        if sum(len(read[member.pk]) for member in group) > MOST_VALUES * WIDTH:
            continue
        values = {
            part[offset : offset + WIDTH]
            for part in (read[member.pk] for member in group)
            for offset in range(0, len(part), WIDTH)
        }
        if values:
            digest = hashlib.sha256(b"".join(sorted(values))).hexdigest()
            rows.append(Composition(campaign=campaign, digest=digest, lists=[member.pk for member in group]))
    Composition.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _groups(lists: Sequence[IndicatorList]) -> list[tuple[IndicatorList, ...]]:
    newest = lists[:MOST_LISTS]
    groups = [group for size in range(1, len(newest) + 1) for group in combinations(newest, size)]
    valid = tuple(member for member in lists if member.withdrawn is None)
    groups += [(member,) for member in lists[MOST_LISTS:]] + [tuple(lists), valid]
    return list({tuple(member.pk for member in group): group for group in groups if group}.values())
