"""E-mails to the portal, and the address at which an answer finds its letter."""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.message import EmailMessage

from lamsach.portal.mail import letters
from lamsach.portal.mail.models import Letter

PATTERN = "cong+{tag}@lamsach.example"


def mail(
    text: str = "Đã nhận.",
    sender: str = "mot@unit.example",
    files: Mapping[str, bytes] | None = None,
    **headers: str,
) -> bytes:
    """Write an e-mail with files and headers (`Auto_Submitted="auto-replied"`)."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = headers.pop("to", "lamsach@lamsach.example")
    message["Subject"] = headers.pop("subject", "Trả lời")
    message["Message-ID"] = headers.pop("id", f"<{time.monotonic_ns()}@unit.example>")
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    for name, content in (files or {}).items():
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def address(letter: Letter) -> str:
    """Return the address for answers to a letter."""
    return PATTERN.replace("{tag}", letters.mark_of(letter.pk))
