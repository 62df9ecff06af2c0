"""Outgoing mail against a real SMTP server on loopback: sent once, retried, never lost."""

from __future__ import annotations

import email
import email.policy
import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.conf import settings as django_settings
from django.utils import timezone

from lamsach.portal.jobs.models import Clock
from lamsach.portal.mail import delivery
from lamsach.portal.mail.letters import html, message, queue_letter
from lamsach.portal.mail.models import Letter, LetterState
from lamsach.portal.mail.tasks import check_clock
from tests.clock import CERTIFIED
from tests.ports import free_port

from .conftest import Browser, Cast
from .dead_leases import LONG_AGO

pytestmark = pytest.mark.django_db


def write(key: str = "a", to: str = "nhan@unit.example", **context: Any) -> Letter:
    queue_letter("plain", to=to, key=key, context={"subject": "Tiêu đề", "text": "Nội dung", **context})
    return Letter.objects.get(key=key)


class Receiver:
    """Received messages of an SMTP server; `answers` precede 250 for RCPT or DATA."""

    def __init__(self) -> None:
        self.letters: list[bytes] = []
        self.answers: dict[str, list[str]] = {"rcpt": [], "data": []}

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.answers["rcpt"]:
            return self.answers["rcpt"].pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        answer = self.answers["data"].pop(0) if self.answers["data"] else ""
        if answer == "hang up":
            server.transport.close()
        elif answer:
            return answer
        self.letters.append(envelope.content)
        return "250 OK"


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    port = free_port()
    handler = Receiver()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    settings.SMTP_URL = f"smtp+plain://127.0.0.1:{port}"
    yield handler
    controller.stop()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Self-signed certificate for `localhost`, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(CERTIFIED[0])
        .not_valid_after(CERTIFIED[1])
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    kept, secret = folder / "cert.pem", folder / "key.pem"
    kept.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return kept, secret


class Knocker(Controller):
    """Controller that also detects a TLS server's start before its certificate is trusted."""

    def _trigger_server(self) -> None:
        with socket.create_connection((self.hostname, self.port), 5) as plain:
            if self.ssl_context is None:
                plain.recv(1)
                return
            careless = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            careless.check_hostname, careless.verify_mode = False, ssl.CERT_NONE
            with careless.wrap_socket(plain) as connection:
                connection.recv(1)


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
@pytest.mark.parametrize("trusted", [True, False])
def test_letters_are_sent_by_tls_to_a_server_with_a_valid_certificate(
    scheme: str, trusted: bool, certificate: tuple[Path, Path], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    handler = Receiver()
    port = free_port()
    way = (
        {"ssl_context": context} if scheme == "smtps" else {"tls_context": context, "require_starttls": True}
    )
    controller = Knocker(handler, hostname="127.0.0.1", port=port, **way)
    controller.start()
    try:
        settings.SMTP_URL = f"{scheme}://localhost:{port}"
        write()
        assert delivery.deliver_due() == (1 if trusted else 0)
    finally:
        controller.stop()
    assert len(handler.letters) == (1 if trusted else 0)
    assert state() == (LetterState.SENT if trusted else LetterState.QUEUED)
    assert trusted or "CERTIFICATE" in Letter.objects.get().problem


def test_a_server_without_tls_gets_nothing_in_clear(receiver: Receiver, settings: Any) -> None:
    settings.SMTP_URL = settings.SMTP_URL.replace("smtp+plain", "smtp")
    write()
    assert delivery.deliver_due() == 0
    assert (receiver.letters, state()) == ([], LetterState.QUEUED)


def due_now() -> None:
    Letter.objects.update(next_attempt=timezone.now())


def state(key: str = "a") -> str:
    return Letter.objects.get(key=key).state


def test_a_letter_arrives_once(receiver: Receiver) -> None:
    write()
    write()
    assert (delivery.deliver_due(), delivery.deliver_due()) == (1, 0)
    (raw,) = receiver.letters
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert (mail["To"], mail["Subject"]) == ("nhan@unit.example", "Tiêu đề")
    body = mail.get_body(("plain",))
    assert body is not None
    assert body.get_content().strip() == "Nội dung"
    assert state() == LetterState.SENT


def test_a_server_that_is_away_for_a_day_loses_nothing(settings: Any) -> None:
    settings.SMTP_URL = "smtp+plain://127.0.0.1:9"
    write()
    for _ in range(8):
        due_now()
        assert delivery.deliver_due() == 0
    letter = Letter.objects.get()
    assert (letter.state, letter.attempts) == (LetterState.QUEUED, 8)
    assert letter.next_attempt - timezone.now() > timedelta(hours=3)
    assert "Refused" in letter.problem or "refused" in letter.problem


def test_after_a_day_without_a_server_each_letter_arrives_once(receiver: Receiver, settings: Any) -> None:
    there, settings.SMTP_URL = settings.SMTP_URL, "smtp+plain://127.0.0.1:9"
    for number in range(12):
        write(f"k{number}", f"n{number}@unit.example")
    for _ in range(8):
        due_now()
        assert delivery.deliver_due() == 0
    settings.SMTP_URL = there
    due_now()
    assert delivery.deliver_due() == 12
    due_now()
    assert delivery.deliver_due() == 0
    to = sorted(str(email.message_from_bytes(raw)["To"]) for raw in receiver.letters)
    assert to == sorted(f"n{number}@unit.example" for number in range(12))
    assert set(Letter.objects.values_list("state", flat=True)) == {LetterState.SENT}


def test_after_five_days_a_person_has_to_look(settings: Any) -> None:
    settings.SMTP_URL = "smtp+plain://127.0.0.1:9"
    write()
    Letter.objects.update(created=timezone.now() - timedelta(days=6))
    delivery.deliver_due()
    assert state() == LetterState.QUEUED, "the portal was off: nothing was tried yet"
    Letter.objects.update(attempts=delivery.FEWEST_ATTEMPTS, next_attempt=timezone.now())
    delivery.deliver_due()
    assert state() == LetterState.FAILED


@pytest.mark.parametrize(
    ("answers", "after_first", "after_second"),
    [
        ({"rcpt": ["451 later"]}, LetterState.QUEUED, LetterState.SENT),
        ({"rcpt": ["550 no such user"]}, LetterState.FAILED, LetterState.FAILED),
        ({"data": ["552 too big"]}, LetterState.FAILED, LetterState.FAILED),
        ({"data": ["451 greylisted"]}, LetterState.QUEUED, LetterState.SENT),
        ({"data": ["421 going down"]}, LetterState.QUEUED, LetterState.SENT),
    ],
)
def test_answers_of_the_server(
    answers: dict[str, list[str]], after_first: str, after_second: str, receiver: Receiver
) -> None:
    receiver.answers.update(answers)
    write()
    delivery.deliver_due()
    assert state() == after_first
    due_now()
    delivery.deliver_due()
    assert state() == after_second


def test_a_worker_that_dies_while_handing_over_leaves_it_to_a_person(
    receiver: Receiver, cast: Cast, browser: Browser
) -> None:
    write("prepared")
    write("handed")
    Letter.objects.filter(key="prepared").update(state=LetterState.CLAIMED, lease_until=LONG_AGO)
    Letter.objects.filter(key="handed").update(state=LetterState.HANDING, lease_until=LONG_AGO)
    assert delivery.deliver_due() == 1
    assert (state("prepared"), state("handed")) == (LetterState.SENT, LetterState.UNCERTAIN)
    letter = Letter.objects.get(key="handed")
    browser("administrator").post(f"/office/mail/{letter.pk}/", {"decision": "again"})
    assert delivery.deliver_due() == 1


def test_the_connection_lost_after_the_text_is_uncertain(receiver: Receiver) -> None:
    receiver.answers["data"] = ["hang up"]
    write()
    delivery.deliver_due()
    assert (state(), len(receiver.letters)) == (LetterState.UNCERTAIN, 1)
    assert delivery.deliver_due() == 0


def test_a_letter_claimed_by_another_worker_is_not_sent_twice(receiver: Receiver) -> None:
    letter = write()

    class Slow:
        def send(self, mail: Any, key: int, before: Callable[[], None]) -> None:
            Letter.objects.update(lease_until=LONG_AGO)  # the clock is set forward
            assert delivery.deliver_due() == 1
            before()
            raise AssertionError("it was handed over twice")

        def close(self) -> None:
            pass

    assert delivery.deliver_due(way=Slow()) == 0
    letter.refresh_from_db()
    assert (letter.state, letter.attempts, len(receiver.letters)) == (LetterState.SENT, 2, 1)


def test_letters_of_a_clock_that_ran_ahead_do_not_wait_for_it(receiver: Receiver) -> None:
    ahead = timezone.now() + timedelta(days=900)
    for key, due in (("ahead", ahead), ("planned", ahead + timedelta(days=2))):
        write(key)
        Letter.objects.filter(key=key).update(created=due, next_attempt=due)
    assert delivery.deliver_due() == 0
    Clock.objects.create(name="mail.seen", last=ahead)
    check_clock()
    assert delivery.deliver_due() == 1
    assert (state("ahead"), state("planned")) == (LetterState.SENT, LetterState.QUEUED)


def test_without_a_server_letters_become_files() -> None:
    letter = write()
    assert delivery.deliver_due() == 1
    file = Path(django_settings.DATA) / "outbox" / f"letter-{letter.pk}.eml"
    assert b"nhan@unit.example" in file.read_bytes()


def test_hostile_words_stay_words() -> None:
    letter = write(subject="A\r\nBcc: all@evil.example", text="<script>x</script> https://a.example/?b=<c>")
    mail = message(letter)
    assert mail["Bcc"] is None
    assert mail["Subject"] == "A"
    page = html("<script>x</script> http://a.example/?b=1&c=2", "vi")
    assert "<script>" not in page
    assert 'href="http://a.example/?b=1&amp;c=2"' in page


def test_a_letter_that_cannot_be_made_does_not_stop_the_others(receiver: Receiver) -> None:
    queue_letter("no-such-kind", to="a@unit.example", key="bad", context={})
    write("good")
    assert delivery.deliver_due() == 1
    assert (state("bad"), state("good")) == (LetterState.FAILED, LetterState.SENT)
