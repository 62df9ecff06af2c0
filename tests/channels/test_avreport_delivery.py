"""The malware report is sent until the centre has it, once."""

from __future__ import annotations

import hashlib
import json
import ssl
from pathlib import Path

import pytest

from lamsach.channels.avreport.delivery import TRIES, Outcome, check_address, outcome_of, send
from lamsach.channels.avreport.entries import gather
from lamsach.channels.avreport.report_xml import write
from lamsach.errors import OutputError, UsageError
from lamsach.runtime.web_client import WebClient

from .centre import BROKEN, SILENT, Centre
from .edxml_samples import signer
from .sample_reports import MARCH, OWN, report


def client(receiver: Centre, timeout_s: float = 10) -> WebClient:
    return WebClient(timeout_s, ssl.create_default_context(cafile=receiver.certificate), "")


def test_a_report_is_sent_until_the_centre_has_it_once(receiver: Centre, bundles: list[Path]) -> None:
    document, waited = write(report(gather(bundles, MARCH)), OWN), []
    receiver.plan = [500, 503, BROKEN, 429]
    receipt = send(document, receiver.url, client(receiver), waited.append)
    assert (receipt.status, receipt.sha256) == (200, hashlib.sha256(document).hexdigest())
    assert receipt.sha256 in receipt.answer
    assert waited == [2, 4, 8, 16]
    assert set(receiver.requests) == {document}
    assert (len(receiver.accepted), receiver.repeated) == (1, 4), (
        "an answer that was lost makes no second report"
    )


def test_a_centre_that_says_nothing_is_asked_again(receiver: Centre, bundles: list[Path]) -> None:
    receiver.plan = [SILENT]
    document = write(report(gather(bundles, MARCH)), OWN)
    assert send(document, receiver.url, client(receiver, 1.0), lambda _: None).status == 200
    assert len(receiver.accepted) == 1


def test_a_refusal_is_stored_and_not_repeated(receiver: Centre, bundles: list[Path]) -> None:
    gathered = gather(bundles, MARCH)
    for document, status in (
        (write(report(gathered), signer("Don vi B")), 401),
        (write(report(gathered)), 401),
        (write(report(gathered), OWN).replace(b"evil.example", b"good.example"), 401),
        (write(report(gathered), OWN).replace(b"Datetime", b"DateTime"), 422),
    ):
        receiver.requests.clear()
        receipt = send(document, receiver.url, client(receiver), lambda _: None)
        assert (receipt.status, len(receiver.requests)) == (status, 1)
        assert json.loads(receipt.as_json())["answer"] == receipt.answer != ""
    assert not receiver.accepted


def test_a_centre_out_of_order_ends_with_one_error(receiver: Centre) -> None:
    receiver.plan = [500] * 99
    with pytest.raises(OutputError, match="could not be reached"):
        send(b"<a/>", receiver.url, client(receiver), lambda _: None)
    assert len(receiver.requests) == TRIES
    with pytest.raises(OutputError):
        send(b"<a/>", receiver.url, WebClient(5, ssl.create_default_context(), ""), lambda _: None)


def test_addresses_and_answers() -> None:
    for wrong in ("http://centre.example/", "ftp://127.0.0.1/", "centre.example", ""):
        with pytest.raises(UsageError):
            check_address(wrong)
    check_address("http://127.0.0.1:1/")
    assert [outcome_of(status) for status in (200, 202, 0, 503, 408, 400, 302)] == [
        *[Outcome.TAKEN] * 2,
        *[Outcome.LATER] * 3,
        *[Outcome.REFUSED] * 2,
    ]
