"""Mailboxes that are read: a maildir, a folder, an IMAP server."""

from __future__ import annotations

import os
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lamsach.portal.mail import mailbox as boxes
from lamsach.portal.support.models import Question

from .conftest import Cast
from .mail_samples import mail

pytestmark = pytest.mark.django_db


def test_a_maildir_and_a_folder(tmp_path: Path, cast: Cast) -> None:
    box = tmp_path / "box"
    for name in ("new", "cur", "tmp"):
        (box / name).mkdir(parents=True)
    (box / "new" / "1.M1.host").write_bytes(mail("Một"))
    (box / "new" / "2.M2.host").symlink_to("/etc/passwd")
    assert (boxes.from_folder(box), boxes.from_folder(box)) == (1, 0)
    assert (box / "cur" / "1.M1.host:2,S").exists()
    flat = tmp_path / "flat"
    flat.mkdir()
    for name, age in (("a.eml", 60), ("b.eml", 0), ("c.txt", 60)):
        (flat / name).write_bytes(mail(name))
        os.utime(flat / name, (time.time() - age,) * 2)
    assert boxes.from_folder(flat) == 1
    assert sorted(path.name for path in flat.iterdir()) == ["b.eml", "c.txt", "taken"]
    assert boxes.from_folder(tmp_path / "none") == 0


class Mailbox(socketserver.ThreadingTCPServer):
    """Minimal IMAP server (RFC 3501)."""

    daemon_threads, allow_reuse_address = True, True

    def __init__(self, letters: list[bytes], keywords: bool) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.letters, self.keywords = letters, keywords
        self.flags: list[set[str]] = [set() for _ in letters]
        self.dies_at_store = False


class Conversation(socketserver.StreamRequestHandler):
    server: Mailbox

    def say(self, *lines: bytes) -> None:
        self.wfile.write(b"".join(line + b"\r\n" for line in lines))

    def handle(self) -> None:
        self.say(b"* OK hello")
        for line in self.rfile:
            tag, command, *rest = line.decode().split()
            words = " ".join(rest)
            if command.upper() == "UID":
                if not self.uid(words):
                    return
            elif command.upper() == "CAPABILITY":
                self.say(b"* CAPABILITY IMAP4rev1")
            elif command.upper() == "LOGIN" and words != 'may "mat khau"':
                self.say(f"{tag} NO wrong".encode())
                continue
            elif command.upper() == "SELECT":
                more = b" \\*" if self.server.keywords else b""
                self.say(
                    b"* %d EXISTS" % len(self.server.letters),
                    b"* OK [PERMANENTFLAGS (\\Seen" + more + b")] ok",
                )
            self.say(f"{tag} OK done".encode())

    def uid(self, words: str) -> bool:
        kind, _, rest = words.partition(" ")
        if kind == "SEARCH":
            flag = "LamsachTaken" if "LamsachTaken" in rest else "\\Seen"
            found = [str(n) for n, flags in enumerate(self.server.flags, 1) if flag not in flags]
            self.say(f"* SEARCH {' '.join(found)}".encode())
            return True
        number = int(rest.split()[0])
        if kind == "FETCH":
            raw = self.server.letters[number - 1]
            if "SIZE" in rest:
                self.say(b"* %d FETCH (UID %d RFC822.SIZE %d)" % (number, number, len(raw)))
            else:
                self.say(b"* %d FETCH (UID %d BODY[] {%d}" % (number, number, len(raw)))
                self.wfile.write(raw + b")\r\n")
        elif self.server.dies_at_store:
            return False
        else:
            self.server.flags[number - 1].add(rest[rest.index("(") + 1 : -1])
        return True


@pytest.fixture
def mailbox(request: pytest.FixtureRequest) -> Iterator[Callable[[list[bytes], bool], Mailbox]]:
    started: list[Mailbox] = []

    def start(letters: list[bytes], keywords: bool = True) -> Mailbox:
        server = Mailbox(letters, keywords)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        started.append(server)
        return server

    yield start
    for server in started:
        server.shutdown()
        server.server_close()


def url(server: Mailbox, password: str = "mat%20khau") -> str:
    return f"imap+plain://may:{password}@127.0.0.1:{server.server_address[1]}/INBOX"


@pytest.mark.parametrize(("keywords", "flag"), [(True, "LamsachTaken"), (False, "\\Seen")])
def test_a_mailbox_by_imap(keywords: bool, flag: str, cast: Cast, mailbox: Any) -> None:
    server = mailbox([mail("Một"), mail("Hai"), b"\x00nothing"], keywords)
    assert (boxes.from_imap(url(server)), boxes.from_imap(url(server))) == (3, 0)
    assert server.flags == [{flag}] * 3
    assert Question.objects.count() == 2


def test_a_crash_between_storing_and_marking_duplicates_nothing(
    cast: Cast, mailbox: Any, settings: Any
) -> None:
    server = mailbox([mail("Một")], True)
    server.dies_at_store = True
    settings.IMAP_URL, settings.MAIL_DROP = url(server), ""
    assert boxes.fetch() == 0
    assert Question.objects.count() == 1
    server.dies_at_store = False
    assert boxes.fetch() == 0
    assert (Question.objects.count(), server.flags) == (1, [{"LamsachTaken"}])


def test_a_mailbox_that_is_away_or_refuses_is_no_error(cast: Cast, mailbox: Any, settings: Any) -> None:
    settings.MAIL_DROP = ""
    for address_of in ("imap+plain://a:b@127.0.0.1:9/INBOX", url(mailbox([], True), "falsch")):
        settings.IMAP_URL = address_of
        assert boxes.fetch() == 0
