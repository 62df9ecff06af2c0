"""Parsing of incoming mail: addresses, HTML, quotes, size, hostile bytes."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from lamsach.portal.mail import delivery, parser
from lamsach.portal.mail.inbox import receive
from lamsach.portal.mail.models import IncomingKind, Letter, LetterState
from lamsach.portal.mail.parser import from_html, one_address, parse, without_quotes

from .conftest import Browser, Cast
from .mail_samples import mail

pytestmark = pytest.mark.django_db
HOSTILE = [
    b"",
    b"\x00" * 100,
    b"From: a@b.example\r\nSubject: =?utf-8?B?" + b"A" * 5000 + b"?=\r\n\r\nx",
    b'From: a@b.example\r\nSubject: x\r\nContent-Type: text/plain; charset="no-such"\r\n\r\n\xff\xfe\x00',
    (
        b'From: "<script>alert(1)</script>" <a@b.example>\r\nSubject: <img src=x onerror=alert(1)>\r\n\r\n'
        b"<b>x</b>"
    ),
    b'From: a@b.example\r\nSubject: x\r\nContent-Type: multipart/mixed; boundary="\r\n\r\n--\r\n',
    b"From: a@b.example, c@d.example\r\nFrom: e@f.example\r\nSubject: a\r\n b\r\nSubject: c\r\n\r\nx",
    b"From: a@b.example\r\nTo: " + b"(" * 3000 + b"\r\nSubject: x\r\n\r\nx",
    b"From: a@b.example\r\nSubject: x\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!",
    b"From: a@b.example\r\nContent-Disposition: attachment; filename*=utf-8''%00%0d%0a..%2f\r\n\r\nx",
    b"From: a@b.example\r\nContent-Type: message/delivery-status\r\n\r\nAction: failed",
    (
        b"From: a@b.example\r\nContent-Type: multipart/report; boundary=x; report-type=delivery-status\r\n"
        b"\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\n\xff\r\n--x--"
    ),
    b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (number, number)
        for number in range(3000)
    ),
    b"From: " + b"(" * 3000 + b"\r\nSubject: x\r\n\r\nx",
    b"From: a@b.example\r\nContent-Transfer-Encoding: " + b"(" * 3000 + b"\r\n\r\nx",
]


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_hostile_mail_is_stored_and_inert(number: int, cast: Cast, browser: Browser) -> None:
    got = receive(HOSTILE[number])
    assert got is not None
    page = browser("administrator").get(f"/office/mail/in/{got.pk}/").content.decode()
    assert "<script>alert" not in page
    assert "<img" not in page
    delivery.deliver_due()
    assert set(Letter.objects.values_list("state", flat=True)) <= {LetterState.SENT}


@hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=400), st.sampled_from(HOSTILE[2:12]))
def test_no_bytes_break_the_reader(tail: bytes, head: bytes) -> None:
    parsed = parse(head[: len(head) // 2] + tail + head[len(head) // 2 :])
    assert "\x00" not in parsed.subject + parsed.text + parsed.sender + parsed.name
    assert "\n" not in parsed.subject + parsed.sender + parsed.name
    parsed.text.encode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A <a@b.example>", ("A", "a@b.example")),
        ("a@b.example", ("", "a@b.example")),
        ('"A, B" <a@b.example>', ("A, B", "a@b.example")),
        ("Nguyễn Văn A <a@b.example>", ("Nguyễn Văn A", "a@b.example")),
        ("a@b.example, c@d.example", ("", "")),
        ("a@b.example]<c@d.example>", ("", "")),
        ("a@b.example)c@d.example", ("", "")),
        ("a@b.example<c@d.example>", ("", "")),
        ("", ("", "")),
        ("(" * 1000, ("", "")),
    ],
)
def test_an_address_that_several_could_be_is_none(text: str, expected: tuple[str, str]) -> None:
    assert one_address(text) == expected


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Một</p><p>Hai &amp; ba</p>", "Một\nHai & ba"),
        ("<style>p{}</style><script>alert(1)</script>Còn<br>lại", "Còn\nlại"),
        ("<img src='http://tracker.example/x'>", ""),
        ("<p>Một</p><![ x ><p>Hai</p>", "Một\nHai"),
        ("<p>Một</p><b title='x>Hai<p>Ba</p>", "Một<b title='x>Hai\nBa"),
    ],
)
def test_html_is_converted_to_text(html: str, text: str) -> None:
    assert without_quotes(from_html(html)) == text


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Vâng\n\nOn Mon, 1 Aug 2022 at 08:00, A <a@b.example> wrote:\n> x", "Vâng"),
        ("Vâng\n-----Original Message-----\nFrom: a", "Vâng"),
        ("Vâng\n> hỏi\n> nữa", "Vâng"),
        ("> chỉ trích dẫn", "> chỉ trích dẫn"),
    ],
)
def test_quotes_are_cut(text: str, own: str) -> None:
    assert without_quotes(text) == own


def test_a_letter_that_is_too_large_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parser, "LARGEST_BYTES", 100)
    got = receive(mail("x" * 200))
    assert (got is not None and got.kind) == IncomingKind.REFUSED
