"""Signatures inside a PDF (ISO 32000-2, PAdES), verified offline by pyHanko with trusted certificates."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from cryptography import x509

from lamsach.channels.signature import UNSIGNED, Signature
from lamsach.channels.xml_signature import CHANGED, Certificates, trust_of
from lamsach.i18n import mark
from lamsach.runtime.extras import missing_extra

MOST_SIGNATURES = 10
LARGEST_BYTES = 60_000_000
_WORST_FIRST = ("invalid", "unchecked", "valid")
_UNREAD = mark("The signature inside the PDF cannot be read.")


def verify_pdf(content: bytes, trusted: Certificates, now: datetime | None = None) -> Signature:
    """Verify a PDF's signatures and return the worst verdict; `none` for an unsigned file."""
    if not content.startswith(b"%PDF") or b"/ByteRange" not in content:
        return UNSIGNED
    try:
        from pyhanko.pdf_utils.reader import PdfFileReader
    except ImportError:
        return Signature("unchecked", missing_extra("pyhanko").todo)
    if len(content) > LARGEST_BYTES:
        return Signature("unchecked", _UNREAD)
    with _silenced_library():
        try:
            found = PdfFileReader(io.BytesIO(content), strict=False).embedded_regular_signatures
            results = [_verify(signature, trusted, now) for signature in found[:MOST_SIGNATURES]]
        except Exception:  # noqa: BLE001 - a hostile PDF raises anything in the library
            return Signature("unchecked", _UNREAD)
    if not results:
        return Signature("unchecked", _UNREAD)
    return min(results, key=lambda signature: _WORST_FIRST.index(signature.verdict))


def _verify(embedded: Any, trusted: Certificates, now: datetime | None) -> Signature:
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko.sign.validation.status import SignatureCoverageLevel
    from pyhanko_certvalidator import ValidationContext

    context = ValidationContext(trust_roots=[], allow_fetching=False)
    status = validate_pdf_signature(embedded, signer_validation_context=context)
    chain = [_plain(embedded.signer_cert), *map(_plain, embedded.other_embedded_certs)]
    name = chain[0].subject.rfc4514_string()
    whole = status.coverage is not None and status.coverage >= SignatureCoverageLevel.ENTIRE_REVISION
    if not (status.intact and status.valid and whole and status.docmdp_ok):
        return Signature("invalid", CHANGED, name)
    return trust_of(chain, trusted, now)


def _plain(certificate: Any) -> x509.Certificate:
    return x509.load_der_x509_certificate(certificate.dump())


@contextmanager
def _silenced_library() -> Iterator[None]:
    """Suppress pyHanko's log of chains that it cannot build: trust is decided by `trust_of`."""
    logger = logging.getLogger("pyhanko")
    previous = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(previous)
