"""Behind a proxy that speaks TLS: redirect, HSTS, secure cookies, and the policy without anything inline.

The settings are read once, so a process of its own asks.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .serve_process import clean_environment
from .template import furnish

ASK = """
import json, sys
from pathlib import Path
from lamsach.portal.server import start
start(Path(sys.argv[1]))
from django.conf import settings
settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
from django.test import Client
from lamsach.portal.accounts.models import User
User.objects.create_user("a@person.example", "mat khau rat dai")
host, secure = {"host": "lamsach.example.vn"}, {"x-forwarded-proto": "https"}
client = Client()
plain = client.get("/check/", headers=host)
page = client.get("/accounts/login/", headers={**host, **secure})
client.post("/accounts/login/", {"login": "a@person.example", "password": "mat khau rat dai"},
    headers={**host, **secure, "origin": "https://lamsach.example.vn"})
print(
    json.dumps(
        {
            "plain": [plain.status_code, plain.get("Location")],
            "status": page.status_code,
            "headers": dict(page.headers),
            "cookies": {
                name: [bool(c["secure"]), bool(c["httponly"]), c["samesite"]]
                for name, c in client.cookies.items()
            },
            "other": client.get("/", headers={"host": "evil.example", **secure}).status_code,
            "health": client.get("/health", headers=host).status_code,
        }
    )
)
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder: Path = tmp_path_factory.mktemp("tls") / "data"
    furnish(folder)
    environment = clean_environment(
        DATABASE_URL="", LAMSACH_URL="https://lamsach.example.vn", LAMSACH_TLS="yes", LAMSACH_PROXIES="1"
    )
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ASK, str(folder)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def test_http_leads_to_https(told: dict[str, Any]) -> None:
    assert told["plain"] == [301, "https://lamsach.example.vn/check/"]
    assert told["health"] == 200, "programs of the same machine ask without TLS"


def test_over_tls_every_header_is_there(told: dict[str, Any]) -> None:
    headers = {name.lower(): value for name, value in told["headers"].items()}
    assert told["status"] == 200
    assert headers["strict-transport-security"] == "max-age=31536000; includeSubDomains; preload"
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert [word for word in ("unsafe", "http:", "https:", "*") if word in policy] == []
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"


def test_cookies_are_for_tls_and_for_no_script(told: dict[str, Any]) -> None:
    assert {"sessionid", "csrftoken"} <= told["cookies"].keys()
    for name in ("sessionid", "csrftoken"):
        secure, http_only, same_site = told["cookies"][name]
        assert (secure, http_only) == (True, True), name
        assert same_site in ("Lax", "Strict"), name


def test_another_host_is_refused(told: dict[str, Any]) -> None:
    assert told["other"] == 400
