"""Incoming e-mails from a Maildir, a folder of `.eml` files, or IMAP (RFC 9051, RFC 3501).

A message is stored first and marked as fetched afterwards; `receive` ignores one that is fetched again.
"""

from __future__ import annotations

import imaplib
import logging
import re
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.conf import settings

from lamsach.errors import UnreadableError, UsageError
from lamsach.i18n import mark
from lamsach.portal.mail.inbox import receive
from lamsach.portal.mail.parser import LARGEST_BYTES

TIMEOUT_S = 30
BATCH = 200
FETCHED = "taken"
"""Subfolder of fetched files of a plain folder."""
_SETTLED_S = 5
_MARK = "LamsachTaken"
_BROKEN = (OSError, imaplib.IMAP4.error, ValueError)
logger = logging.getLogger("lamsach.portal.mail")


def fetch() -> int:
    """Fetch from each configured source; return the count of new e-mails. Failures are logged."""
    count = 0
    if settings.MAIL_DROP:
        count += from_folder(Path(settings.MAIL_DROP))
    if settings.IMAP_URL:
        try:
            count += from_imap(settings.IMAP_URL)
        except _BROKEN as problem:
            logger.warning("the mailbox cannot be read: %s", problem)
    return count


def from_folder(folder: Path) -> int:
    """Fetch from a Maildir (`new` to `cur`) or a folder of `.eml` files; return the count of new e-mails."""
    count = 0
    inbox = folder / "new"
    maildir = inbox.is_dir()
    target = folder / ("cur" if maildir else FETCHED)
    for path in _pending(inbox if maildir else folder, maildir):
        try:
            with path.open("rb") as file:
                raw = file.read(LARGEST_BYTES + 1)
            count += receive(raw) is not None
            target.mkdir(exist_ok=True)
            path.replace(target / (f"{path.name}:2,S" if maildir else path.name))
        except OSError as problem:
            logger.warning("an incoming e-mail cannot be read: %s", problem)
    return count


def _pending(folder: Path, maildir: bool) -> list[Path]:
    """List files to fetch by name; outside a Maildir, files modified in the last seconds are skipped."""
    if not folder.is_dir():
        return []
    paths = []
    for path in sorted(folder.iterdir()):
        if path.is_symlink() or not path.is_file() or path.name.startswith("."):
            continue
        if not maildir:
            settled = abs(time.time() - path.stat().st_mtime) > _SETTLED_S
            if path.suffix.lower() != ".eml" or not settled:
                continue
        paths.append(path)
        if len(paths) >= BATCH:
            break
    return paths


@contextmanager
def _mailbox(url: str) -> Iterator[imaplib.IMAP4]:
    parts = urlsplit(url)
    if parts.scheme not in ("imap", "imaps", "imap+plain") or not parts.hostname:
        raise UsageError(
            mark("This is no address of a mailbox."),
            "LAMSACH_IMAP_URL",
            mark("Write it as imaps://user:password@host:993/INBOX."),
        )
    context = ssl.create_default_context()
    server: imaplib.IMAP4
    if parts.scheme == "imaps":
        server = imaplib.IMAP4_SSL(parts.hostname, parts.port or 993, ssl_context=context, timeout=TIMEOUT_S)
    else:
        server = imaplib.IMAP4(parts.hostname, parts.port or 143, timeout=TIMEOUT_S)
    try:
        if parts.scheme == "imap":
            server.starttls(context)
        server.login(unquote(parts.username or ""), unquote(parts.password or ""))
        folder = unquote(parts.path.strip("/")) or "INBOX"
        status, _ = server.select(f'"{folder.replace(chr(34), "")}"')
        if status != "OK":
            raise UnreadableError(mark("The mailbox has no such folder."), "LAMSACH_IMAP_URL")
        yield server
    finally:
        try:
            server.logout()
        except _BROKEN:
            server.shutdown()


def from_imap(url: str) -> int:
    """Fetch the new messages of a mailbox; return their count. OSError or IMAP4.error if unreachable.

    Fetched messages remain, with the keyword `LamsachTaken` (independent of people reading them) or marked as
    seen where the server stores no keywords.
    """
    count = 0
    with _mailbox(url) as server:
        flags = b" ".join(entry or b"" for entry in server.response("PERMANENTFLAGS")[1] or [])
        flag, search = (_MARK, f"UNKEYWORD {_MARK}") if b"\\*" in flags else ("\\Seen", "UNSEEN")
        status, answer = server.uid("SEARCH", search, "UNDELETED")
        numbers = (answer[0] or b"").split() if status == "OK" else []
        for number in numbers[:BATCH]:
            uid = number.decode("ascii", "replace")
            raw = _read(server, uid)
            if raw is None:
                continue
            count += receive(raw) is not None
            server.uid("STORE", uid, "+FLAGS.SILENT", f"({flag})")
    return count


def _read(server: imaplib.IMAP4, uid: str) -> bytes | None:
    """Fetch a message; an oversized one up to a byte over the limit, to be rejected."""
    status, answer = server.uid("FETCH", uid, "(RFC822.SIZE)")
    size = re.search(rb"RFC822\.SIZE (\d+)", b" ".join(part for part in answer if isinstance(part, bytes)))
    if status != "OK" or size is None:
        return None
    section = "" if int(size[1]) <= LARGEST_BYTES else f"<0.{LARGEST_BYTES + 1}>"
    status, answer = server.uid("FETCH", uid, f"(BODY.PEEK[]{section})")
    for part in answer:
        if status == "OK" and isinstance(part, tuple):
            return bytes(part[1])
    return None
