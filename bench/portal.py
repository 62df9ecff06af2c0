"""How long the portal takes at 20,000 units in five levels: import of the sheet, launch to everybody, the board.

python bench/portal.py [FOLDER]        on SQLite in FOLDER (default: a temporary one)
DATABASE_URL=postgres://... python bench/portal.py
"""

from __future__ import annotations

import io
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

FAN_OUT = (1, 20, 25, 10, 4)  # 1 + 20 + 500 + 5,000 + ... units
UNITS = 20_000


def sheet() -> io.BytesIO:
    """A CSV of 20,000 units in five levels."""
    lines, level = ["Mã;Tên;Mã cấp trên;Thư điện tử"], ["B01"]
    lines.append("B01;Bộ;;bo@bo.example")
    for fan in FAN_OUT[1:]:
        below = [f"{code}.{n:02d}" for code in level for n in range(1, fan + 1)]
        for code in below:
            if len(lines) > UNITS:
                break
            parent = code.rpartition(".")[0]
            lines.append(f"{code};Đơn vị {code};{parent};{code.lower()}@bo.example")
        level = below
    return io.BytesIO("\n".join(lines).encode())


def timed(name: str, work: Callable[[], Any]) -> Any:
    """Run, print seconds, give the result."""
    start = time.perf_counter()
    result = work()
    print(f"{name}: {time.perf_counter() - start:.2f} s", flush=True)
    return result


def main(folder: Path) -> None:
    """Fill and measure."""
    from lamsach.portal.server import prepare, start

    start(folder)
    prepare()
    from datetime import timedelta

    from django.conf import settings
    from django.test import Client

    from lamsach.portal.accounts.models import User
    from lamsach.portal.base import tokens
    from lamsach.portal.base.roles import Role
    from lamsach.portal.campaigns import sending
    from lamsach.portal.campaigns.models import Campaign, Dispatch, Participation
    from lamsach.portal.campaigns.views import default_form
    from lamsach.portal.mail.models import Letter
    from lamsach.portal.units import importing, tree
    from lamsach.portal.units.models import Membership, Unit

    settings.ALLOWED_HOSTS.append("testserver")
    settings.MFA_REQUIRED = False
    user = User.objects.create_user("a@b.example", None)
    root = tree.create("B01", "Bộ", None)
    Membership.objects.create(user=user, unit=root, role=Role.ADMINISTRATOR)
    kept = timed("preview of the sheet", lambda: importing.preview(sheet(), "a.csv", user))
    assert not kept.errors, kept.errors[:3]
    timed("import", lambda: importing.apply(kept, user))
    print(f"units: {Unit.objects.count()}")
    day = tree.today()
    campaign = Campaign.objects.create(
        name="C", owner=root, starts=day, ends=day, report_due=day + timedelta(days=30), form=default_form()
    )
    dispatch = Dispatch.objects.create(
        campaign=campaign,
        issuer=root,
        day=day,
        subject="S",
        body="B",
        deadline=day + timedelta(days=20),
        created_by=user,
        once=tokens.nonce(),
    )
    timed("launch to everybody, all queued", lambda: sending.send(dispatch, user, whole=True))
    print(f"letters: {Letter.objects.count()}")
    Participation.objects.filter(unit__pk__in=range(1, 20_000, 3)).update(informed_on=day, deployed_on=day)
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    for name, query in (
        ("board, root", ""),
        ("board, silent", "?state=silent"),
        ("board, search", "?q=B01.02"),
        ("unit list", "units"),
        ("home", "home"),
    ):
        address = {"units": "/office/units/", "home": "/office/"}.get(
            query, f"/office/campaigns/{campaign.pk}/board/{query}"
        )
        times = []
        for _ in range(20):
            begin = time.perf_counter()
            assert client.get(address).status_code == 200
            times.append(time.perf_counter() - begin)
        print(
            f"{name}: p50 {statistics.median(times) * 1000:.0f} ms, p95 {sorted(times)[18] * 1000:.0f} ms",
            flush=True,
        )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as name:
            main(Path(name))
