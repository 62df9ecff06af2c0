"""Implementation of `lamsach retro`: a search in an archive, or in a log store."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from lamsach.archive.archive import Archive
from lamsach.archive.first_answer import first_sighting, is_large
from lamsach.archive.retro import days_back
from lamsach.archive.retro import retro as search_archive
from lamsach.archive.search import RemoteSearch
from lamsach.cli.console import emit, translate
from lamsach.cli.hunt_run import Search, typed_options
from lamsach.cli.hunt_run import run as run_hunt
from lamsach.cli.options import language_of, window, zone_of
from lamsach.errors import ExitStatus, UsageError
from lamsach.hunt.run import HuntResult
from lamsach.hunt.sets.lists import load_lists
from lamsach.investigate import Request, Watch
from lamsach.logs.base import DEFAULT_TIMEZONE
from lamsach.model import Findings
from lamsach.results import check_output
from lamsach.results.sealed.files import Seal


@dataclass(frozen=True, slots=True)
class Place:
    """Scope of a search on the command line: an archive, or a store.

    Raises UsageError for options that exclude each other.
    """

    archive: str | None
    store: str | None
    line_field: str | None
    time_field: str | None
    whole: bool
    timezone: str | None
    scheduler: str | None

    def __post_init__(self) -> None:
        if (self.archive is None) == (self.store is None):
            raise UsageError(
                "One place is searched: an archive or a store.",
                self.store or "",
                "Give --archive or --store.",
            )
        of_store = typed_options(
            ("--field", self.line_field),
            ("--time-field", self.time_field),
            ("--timezone", self.timezone),
            ("--whole", "" if self.whole else None),
        )
        wrong = of_store if self.store is None else typed_options(("--scheduler", self.scheduler))
        if wrong:
            raise UsageError("This option does not go with the other.", wrong[0], "Leave it out.")

    @property
    def again(self) -> list[str]:
        """Options that a proposed command repeats."""
        options = (
            ("--scheduler", self.scheduler),
            ("--field", self.line_field),
            ("--time-field", self.time_field),
        )
        zone = ("--timezone", self.timezone)
        return [*typed_options(*options, zone), *(["--whole"] if self.whole else [])]


def run(
    place: Place,
    lists: Sequence[str],
    outputs: list[Path],
    seal: Seal,
    times: tuple[str | None, str | None],
    language: str | None,
    *,
    stats: bool,
    **more: Any,
) -> ExitStatus:
    """Search, show and write.

    `times`: first and last, as typed; `more`: further fields of the Request.
    """
    zone, search = _in_store(place, stats=stats) if place.store else _in_archive(place, lists, stats=stats)
    for path in outputs:
        check_output(path)
    begin, end = window(days_back(times[0], zone), times[1], zone)
    logs = [place.store or place.archive or ""]
    request = Request(logs=logs, lists=lists, since=begin, until=end, timezone=zone, **more)
    again, spoken = [*place.again, *typed_options(("--language", language))], language_of(language)
    return run_hunt(
        request, outputs, spoken, stats=stats, search=search, archive=True, again=again, seal=seal
    )


def _in_archive(place: Place, lists: Sequence[str], *, stats: bool) -> tuple[ZoneInfo, Search]:
    opened = Archive(place.archive or "")

    def search(request: Request, watch: Watch) -> tuple[Findings, HuntResult]:
        _report_first(opened, request)
        findings, result, plan = search_archive(opened, request, watch, _remote(place.scheduler, lists))
        if stats:
            emit(json.dumps({"segments": plan.segments, "opened": plan.opened, "filters": plan.asked}))
        return findings, result

    return opened.zone, search


def _in_store(place: Place, *, stats: bool) -> tuple[ZoneInfo, Search]:
    from lamsach.stores.retro import open_store
    from lamsach.stores.retro import retro as search_store

    store = open_store(place.store or "", place.time_field)

    def search(request: Request, watch: Watch) -> tuple[Findings, HuntResult]:
        watch.say("Asking the store.")
        how: dict[str, Any] = {"line_field": place.line_field, "whole": place.whole}
        findings, result, plan = search_store(store, request, watch, **how)
        if stats:
            emit(json.dumps({"documents": plan.documents, "given": plan.given, "whole": plan.whole}))
        return findings, result

    return zone_of(place.timezone) if place.timezone else DEFAULT_TIMEZONE, search


def _report_first(archive: Archive, request: Request) -> None:
    """Report the first sighting in the newest matching segment of a large archive immediately."""
    if request.exceptions or not is_large(archive):
        return
    found = first_sighting(archive, request, load_lists(request.lists))
    if found is None:
        return
    key, sighting = found
    where = sighting.evidence[0]
    time = sighting.last.astimezone(archive.zone).isoformat(" ", "seconds") if sighting.last else "-"
    sentence = translate()("Seen already: {indicator}, {time}, {file} line {line}. The search goes on.")
    line = sentence.format(indicator=key.indicator, time=time, file=where.file, line=where.line)
    emit("".join(letter if letter.isprintable() else "?" for letter in line))


def _remote(scheduler: str | None, lists: Sequence[str]) -> RemoteSearch | None:
    """Return the cluster that opens segments, if one was named."""
    if scheduler is None:
        return None
    from lamsach.cluster.archived import ArchiveCluster

    return ArchiveCluster(scheduler, lists)
