"""Pages, exports and API answers with machine counts state what was not searched.

They are identified by the counts created for them.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from lamsach.portal.api.access import issue
from lamsach.portal.cases.tally import CaseCounts
from lamsach.portal.fleet.figures import Fleet
from lamsach.portal.web.interface import api

from . import samples
from .conftest import Cast
from .test_access_walk import DOORS, filled
from .walk import stop

COUNTS = (CaseCounts, Fleet)
"""Classes with machine counts: found, clean, quiet, scanned."""
SAYS = re.compile(
    r"not[ _](?:been )?searched|unsearched|chưa (?:được )?(?:tra|rà) soát|không có nhật ký", re.IGNORECASE
)
PAGES = [
    path
    for path, door in DOORS.items()
    if door is not None and "GET" in door.methods and "<str:token>" not in path
]


class Counted:
    """Number of machine counts created."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made = 0
        for kind in COUNTS:
            self._watch(kind, monkeypatch)

    def _watch(self, kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        make = kind.__init__

        def counting(one: Any, *args: Any, **values: Any) -> None:
            self.made += 1
            make(one, *args, **values)

        monkeypatch.setattr(kind, "__init__", counting)


def _texts(answer: Any) -> Iterator[str]:
    """The text of a page, or of a document's parts."""
    data = b"".join(answer) if answer.streaming else answer.content
    if data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield from (archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
    else:
        yield data.decode("utf-8", "replace")


@pytest.mark.django_db
def test_what_counts_machines_says_what_was_not_searched(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    counted, seen, silent = Counted(monkeypatch), set(), set()
    for path in PAGES:
        with stop(path):
            address = filled(path, cast).replace("/pdf/", "/html/")
            for client in (cast.client("coordinator"), cast.client("officer")):
                counted.made = 0
                answer = client.get(address)
                if answer.status_code == 200 and counted.made:
                    seen.add(path)
                    if not any(SAYS.search(text) for text in _texts(answer)):
                        silent.add(path)
    assert len(seen) >= 5, seen
    assert silent == set()


@pytest.mark.django_db
def test_answers_of_the_api_say_it(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    counted, seen, silent = Counted(monkeypatch), set(), set()
    campaign = samples.case(cast).campaign
    token = issue(cast.first, "x", cast.people["officer"])
    for _, router in api._routers:
        for path, addressed in router.path_operations.items():
            if not any("GET" in one.methods for one in addressed.operations):
                continue
            address = "/api" + path.replace("{campaign_id}", str(campaign.pk))
            counted.made = 0
            answer = Client().get(
                re.sub(r"\{\w+\}", "1", address), headers={"Authorization": f"Bearer {token}"}
            )
            if answer.status_code == 200 and counted.made:
                seen.add(path)
                if not any(SAYS.search(text) for text in _texts(answer)):
                    silent.add(path)
    assert seen
    assert silent == set()
