"""The two ways out: an SMTP server, or `.eml` files in a folder when no server is set."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from django.conf import settings

from lamsach.errors import UsageError

TIMEOUT_S = 30
WIRE = SMTP.clone(max_line_length=900)
"""Headers in one line up to RFC 5322's 998: Python's folding damages spaces of Vietnamese subjects."""


class Refused(Exception):  # noqa: N818 - told to people as a state
    """The server will never take this letter (5xx)."""


class Transport(Protocol):
    """Takes letters. `before` is called at the last moment before the letter may count as handed over."""

    def send(self, mail: EmailMessage, key: int, before: Callable[[], None]) -> None:
        """Hand over one letter; OSError or SMTPException when it should be tried again, Refused when not."""

    def close(self) -> None:
        """End the connection."""


class Outbox:
    """Letters as files `letter-NUMBER.eml`. Writing one twice gives one file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def send(self, mail: EmailMessage, key: int, before: Callable[[], None]) -> None:
        """Write the file whole, or not at all."""
        before()
        path = self._folder / f"letter-{key}.eml"
        part = path.with_suffix(".part")
        part.write_bytes(mail.as_bytes(policy=WIRE))
        part.replace(path)

    def close(self) -> None:
        """Nothing to end."""


class Smtp:
    """One connection to the server of `LAMSACH_SMTP_URL`, kept for many letters."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps", "smtp+plain") or not parts.hostname:
            raise UsageError(
                "This is no address of a mail server.",
                "LAMSACH_SMTP_URL",
                "Write it as smtp://user:password@host:587.",
            )
        self._parts = parts
        self._server: smtplib.SMTP | None = None

    def _connect(self) -> smtplib.SMTP:
        host, scheme = self._parts.hostname or "", self._parts.scheme
        context = ssl.create_default_context()
        server: smtplib.SMTP
        if scheme == "smtps":
            server = smtplib.SMTP_SSL(host, self._parts.port or 465, timeout=TIMEOUT_S, context=context)
        else:
            server = smtplib.SMTP(host, self._parts.port or 587, timeout=TIMEOUT_S)
        server.ehlo()
        if scheme == "smtp":
            server.starttls(context=context)
            server.ehlo()
        if self._parts.username:
            server.login(unquote(self._parts.username), unquote(self._parts.password or ""))
        return server

    def send(self, mail: EmailMessage, key: int, before: Callable[[], None]) -> None:
        """MAIL with the letter's own return address, RCPT, DATA; `before` is called just before the text."""
        try:
            server = self._server = self._server or self._connect()
            self._command(server.mail(str(mail["Reply-To"] or parseaddr(settings.DEFAULT_FROM_EMAIL)[1])))
            self._command(server.rcpt(str(mail["To"])))
            before()
            self._command(server.data(mail.as_bytes(policy=WIRE)))
        except (OSError, smtplib.SMTPException, Refused):
            self.close()
            raise

    @staticmethod
    def _command(answer: tuple[int, bytes]) -> None:
        code, text = answer
        if 200 <= code < 300:
            return
        words = f"{code} {text.decode('utf-8', 'replace')}"
        if code >= 500:
            raise Refused(words)
        raise smtplib.SMTPResponseException(code, text)

    def close(self) -> None:
        """Say goodbye; a server that is gone does not matter."""
        server, self._server = self._server, None
        if server is not None:
            try:
                server.quit()
            except (OSError, smtplib.SMTPException):
                server.close()


def transport() -> Transport:
    """The way out that the settings ask for."""
    return Smtp(settings.SMTP_URL) if settings.SMTP_URL else Outbox(Path(settings.DATA) / "outbox")
