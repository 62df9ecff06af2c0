"""Log-in by OpenID Connect against a provider on loopback: existing accounts, verified addresses."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client
from jwt.algorithms import RSAAlgorithm

from lamsach.portal.accounts.models import User

from .conftest import Cast

pytestmark = pytest.mark.django_db
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CLIENT = "lamsach"


class Provider(ThreadingHTTPServer):
    """Provider of one person: OpenID Connect Discovery 1.0, authorization code flow with PKCE (RFC 7636)."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.address = f"http://127.0.0.1:{self.server_address[1]}"
        self.person: dict[str, Any] = {"sub": "s1", "email": "officer@person.example", "email_verified": True}
        self.asked: dict[str, Any] = {}
        self.exchanged: dict[str, Any] = {}


class Answers(BaseHTTPRequestHandler):
    server: Provider

    def log_message(self, *_: Any) -> None:
        """Do nothing."""

    def say(self, body: Any) -> None:
        raw = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def do_GET(self) -> None:
        at, address = urlsplit(self.path), self.server.address
        if at.path.endswith("openid-configuration"):
            self.say(
                {
                    "issuer": address,
                    "authorization_endpoint": f"{address}/authorize",
                    "token_endpoint": f"{address}/token",
                    "userinfo_endpoint": f"{address}/userinfo",
                    "jwks_uri": f"{address}/jwks",
                    "token_endpoint_auth_methods_supported": ["client_secret_post"],
                }
            )
        elif at.path == "/jwks":
            key = json.loads(RSAAlgorithm.to_jwk(KEY.public_key()))
            self.say({"keys": [{**key, "kid": "k1", "alg": "RS256", "use": "sig"}]})
        else:
            self.say(self.server.person)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.exchanged = {name: values[0] for name, values in parse_qs(body).items()}
        now = int(time.time())
        claims = {
            "iss": self.server.address,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            **self.server.person,
        }
        token = jwt.encode(claims, KEY, algorithm="RS256", headers={"kid": "k1"})
        self.say({"access_token": "a", "token_type": "Bearer", "expires_in": 300, "id_token": token})


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    server = Provider()
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    app = {
        "provider_id": "sso",
        "name": "SSO",
        "client_id": CLIENT,
        "secret": "bi mat",
        "settings": {"server_url": server.address},
    }
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}
    settings.OIDC_URL = server.address
    yield server
    server.shutdown()
    server.server_close()


def log_in(client: Client, provider: Provider, **changes: str) -> Any:
    """Log in: press the button, follow the redirection to the provider, return with a code."""
    sent = client.post("/accounts/oidc/sso/login/")
    assert sent.status_code == 302
    assert sent["Location"].startswith(f"{provider.address}/authorize?")
    provider.asked = {name: values[0] for name, values in parse_qs(urlsplit(sent["Location"]).query).items()}
    back = {"code": "c1", "state": provider.asked["state"], **changes}
    return client.get(f"/accounts/oidc/sso/login/callback/?{urlencode(back)}")


def who(client: Client) -> str:
    number = client.session.get("_auth_user_id")
    return User.objects.get(pk=number).email if number else ""


def test_a_person_with_an_account_gets_in(cast: Cast, client: Client, provider: Provider) -> None:
    page = client.get("/accounts/login/").content.decode()
    assert "/accounts/oidc/sso/login/" in page
    answer = log_in(client, provider)
    assert (answer.status_code, who(client)) == (302, "officer@person.example")
    assert provider.asked["code_challenge_method"] == "S256"
    assert "email" in provider.asked["scope"]
    assert len(provider.exchanged["code_verifier"]) >= 43
    again = Client()
    log_in(again, provider)
    assert who(again) == "officer@person.example"
    assert User.objects.count() == 7


@pytest.mark.parametrize(
    "person",
    [
        {"email": "la@person.example"},
        {"email_verified": False},
        {"email": ""},
    ],
)
def test_strangers_and_unverified_addresses_are_rejected(
    person: dict[str, Any], cast: Cast, client: Client, provider: Provider
) -> None:
    provider.person = {**provider.person, "sub": "s2", **person}
    log_in(client, provider)
    assert who(client) == ""
    assert User.objects.count() == 7


def test_a_locked_account_stays_out(cast: Cast, client: Client, provider: Provider) -> None:
    User.objects.filter(email="officer@person.example").update(is_active=False)
    log_in(client, provider)
    assert who(client) == ""


def test_an_answer_to_a_foreign_request_is_rejected(cast: Cast, client: Client, provider: Provider) -> None:
    log_in(client, provider, state="made-up")
    assert who(client) == ""


def test_a_coordinator_still_needs_the_second_factor(
    cast: Cast, client: Client, provider: Provider, settings: Any
) -> None:
    settings.MFA_REQUIRED = True
    provider.person = {**provider.person, "email": "coordinator@person.example"}
    log_in(client, provider)
    assert "2fa" in client.get("/office/")["Location"]
