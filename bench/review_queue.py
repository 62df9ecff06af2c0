"""Time the review queue with 100,000 waiting values: pages, filters, a thousand decisions at once.

python -m bench.review_queue [FOLDER]        on SQLite in FOLDER (default: a temporary one)
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

WAITING, TIMES = 100_000, 20
KINDS = (["dynamic_dns"], ["shared_hosting"], ["dynamic_dns", "homograph"], ["cdn"], ["top_site"])


def fill(count: int) -> int:
    """Write a list with this many doubts; return its number."""
    from lamsach.portal.accounts.models import User
    from lamsach.portal.base.roles import Role
    from lamsach.portal.lists.documents import key_of
    from lamsach.portal.lists.models import Doubt, KeptList
    from lamsach.portal.units import tree
    from lamsach.portal.units.models import Membership

    root = tree.create("B01", "Bộ", None)
    user = User.objects.create_user("c@b.example", None)
    Membership.objects.create(user=user, unit=root, role=Role.COORDINATOR)
    stored_list = KeptList.objects.create(unit=root, name="Danh sách", created_by=user)
    Doubt.objects.bulk_create(
        [
            Doubt(
                list=stored_list,
                type="domain",
                value=f"c{number}.duckdns.org",
                key=key_of("domain", f"c{number}.duckdns.org"),
                dangerous=number % 20 == 0,
                kinds=KINDS[number % len(KINDS)],
                place=f"phu-luc.csv, {number}",
            )
            for number in range(count)
        ],
        batch_size=2000,
    )
    return stored_list.pk


def timed(what: str, times: int, request: Callable[[int], Any]) -> None:
    """Print the median and the 95th percentile of some requests, and the median of the processor's time."""
    wall_ms, cpu_ms = [], []
    for number in range(times):
        start, cpu_start = time.perf_counter(), time.process_time()
        answer = request(number)
        wall_ms.append((time.perf_counter() - start) * 1000)
        cpu_ms.append((time.process_time() - cpu_start) * 1000)
        assert answer.status_code in (200, 302), (what, answer.status_code)
    wall_ms.sort()
    p95 = wall_ms[int(len(wall_ms) * 0.95) - 1]
    median, cpu = statistics.median(wall_ms), statistics.median(cpu_ms)
    print(f"| {what} | {median:.0f} ms | {p95:.0f} ms | {cpu:.0f} ms |")


def measure(list_number: int) -> None:
    """Measure each page several times."""
    from django.test import Client

    from lamsach.portal.accounts.models import User
    from lamsach.portal.lists.models import Doubt

    client = Client()
    user = User.objects.get(email="c@b.example")
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    address = f"/office/blocklists/{list_number}/review/"
    client.get(address)
    print("| request | median | p95 | processor |\n|---|---|---|---|")
    for what, query in (
        ("the queue, 50 a page", ""),
        ("page 1,000", "?page=1000"),
        ("1,000 a page", "?size=1000"),
        ("one kind", "?kind=dynamic_dns"),
        ("a rare word", "?q=c99999."),
        ("one kind, 250 a page, page 100", "?kind=dynamic_dns&size=250&page=100"),
    ):
        timed(what, TIMES, lambda _, query=query: client.get(address + query))
    pks = list(Doubt.objects.order_by("-pk").values_list("pk", flat=True)[: 1000 * TIMES])

    def decide(number: int) -> Any:
        ticked = [str(pk) for pk in pks[number * 1000 : number * 1000 + 1000]]
        return client.post(address, {"doubt": ticked, "choice": "accept", "reason": "đã xem"})

    timed("1,000 decided at once", TIMES, decide)


def main() -> None:
    """Fill and measure."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", nargs="?", type=Path)
    arguments.add_argument("--waiting", type=int, default=WAITING)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        prepared(options.folder or Path(temporary))
        measure(fill(options.waiting))


def prepared(folder: Path) -> None:
    """Set up a portal with its tables in a folder."""
    from lamsach.portal.server import prepare, start

    start(folder)
    prepare()
    from django.conf import settings

    settings.ALLOWED_HOSTS.append("testserver")
    settings.MFA_REQUIRED = False


if __name__ == "__main__":
    main()
