"""Passkeys in Chromium with a virtual authenticator (Web Authentication level 2, section 11)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chromium import chromium
from tests.poll import until

from .template import furnish
from .test_browser import Served, watched

pytestmark = pytest.mark.browser
ASKED = """() => {
  const get = navigator.credentials.get.bind(navigator.credentials);
  navigator.credentials.get = wanted => get(wanted).finally(() => setTimeout(() => { window.asked = true }));
}"""
"""Script by which the page notes that the browser answered the query for a passkey."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    furnish(tmp_path / "data")
    portal = Served(tmp_path / "data")
    portal.wait()
    yield portal
    portal.process.terminate()
    portal.process.wait(timeout=30)


def test_a_passkey_logs_in_without_a_password(served: Served) -> None:
    found = re.search(r"(http://\S+)(/accounts/set-up/\S+)", served.output())
    assert found is not None
    address = served.address = found[1].replace("127.0.0.1", "localhost")
    with chromium() as browser:
        context = browser.new_context(locale="en")
        context.set_default_timeout(20_000)
        page, wrong = watched(context, served)
        devtools = context.new_cdp_session(page)
        devtools.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        page.goto(address + found[2])
        for name, value in (
            ("unit_name", "Bộ Minh họa"),
            ("code", "Z09"),
            ("name", "Quản trị"),
            ("email", "quantri@demo.example"),
            ("password", "mat khau rat dai"),
        ):
            page.fill(f"[name={name}]", value)
        page.click("main button")
        page.wait_for_load_state()
        page.goto(f"{address}/accounts/2fa/webauthn/add/")
        if "reauthenticate" in page.url:
            page.fill("[name=password]", "mat khau rat dai")
            page.click("main button")
        page.fill("[name=name]", "Khóa thử")
        page.check("[name=passwordless]")
        page.click("main form button")
        page.wait_for_url(re.compile(r"/2fa/(?!webauthn/add)"))
        assert "Khóa thử" in page.goto(f"{address}/accounts/2fa/webauthn/").text()
        context.clear_cookies()
        page.goto(f"{address}/office/")
        assert "/accounts/login/" in page.url
        page.click("#passkey_login")
        page.wait_for_url(f"{address}/office/")
        assert wrong == []
        context.clear_cookies()
        options = {**options, "hasResidentKey": True}
        devtools.send("WebAuthn.disable")
        devtools.send("WebAuthn.enable")
        devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        page.goto(f"{address}/accounts/login/")
        page.evaluate(ASKED)
        page.click("#passkey_login")
        until(lambda: page.evaluate("window.asked"))
        assert page.goto(f"{address}/office/").url != f"{address}/office/"
