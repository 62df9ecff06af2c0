"""First answer of a retro-hunt: from the newest segments that may contain a listed value."""

from __future__ import annotations

from collections.abc import Iterator

from lamsach.archive.archive import Archive
from lamsach.archive.catalog import Catalog, Row
from lamsach.archive.keys import hash_check
from lamsach.archive.open_segments import Search, SourceSegments, plan_units
from lamsach.archive.questions import Questions, questions
from lamsach.archive.search import ASK_LIMIT, in_time
from lamsach.archive.sources import FOLDER, load
from lamsach.devices.identify import Identifier
from lamsach.errors import LamsachError
from lamsach.hunt.matcher import Matcher
from lamsach.hunt.rules import Rules
from lamsach.hunt.run import HuntResult
from lamsach.hunt.sets.lists import LoadedList
from lamsach.investigate import Request
from lamsach.model import Event, RawSighting, SightingKey

MOST_OPENED = 16
"""Maximum number of segments opened for a first answer; beyond that the full search answers."""
LARGE = 1024
"""Minimum number of segments for a first answer; a full search of fewer takes about a second."""


def is_large(archive: Archive) -> bool:
    """Return whether a full search takes long enough to justify a first answer."""
    return len(archive.segments()) > LARGE


def first_sighting(
    archive: Archive, request: Request, listed: LoadedList
) -> tuple[SightingKey, RawSighting] | None:
    """Return the latest sighting of the newest segment that has one; None when none is found quickly.

    Address holders are not identified.
    """
    if listed.compiled.count > ASK_LIMIT:
        return None
    rules = Rules(Identifier(), _nothing, archive.zone, request.since, request.until)
    query = questions(listed.compiled)
    for opened, row in enumerate(_candidates(archive, query, rules)):
        if opened == MOST_OPENED:
            break
        found = _search_segment(archive, row, listed, rules)
        if found:
            return max(found, key=lambda item: item[1].last.timestamp() if item[1].last else 0.0)
    return None


def _candidates(archive: Archive, query: Questions, rules: Rules) -> Iterator[Row]:
    hashes = hash_check()
    for pack in Catalog(archive).newest():
        may = pack.candidates(query, hashes)
        for row, chosen in zip(reversed(pack.rows), reversed(may), strict=True):
            if chosen and row.shape and in_time(row, rules):
                yield row


def _search_segment(
    archive: Archive, row: Row, listed: LoadedList, rules: Rules
) -> list[tuple[SightingKey, RawSighting]]:
    result = HuntResult()
    try:
        source = load(archive.store, f"{FOLDER}/{row.source}.src")
        plans = plan_units(SourceSegments(source, [row], {row.sequence}))
        matcher = Matcher(listed.compiled)
        search = Search(
            archive, listed.compiled, matcher, rules, 1, result, lambda _consumed, _searched: None
        )
        search.run([(source, plans)])
    except LamsachError:  # the full search reports it
        return []
    return list(result.found.items())


def _nothing(_event: Event) -> None:
    pass
