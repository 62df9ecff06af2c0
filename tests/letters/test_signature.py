"""Signing a PDF: the signature is valid, the original unchanged, a wrong password signs nothing."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from lamsach.errors import InputError
from lamsach.letters.pdf import to_pdf
from lamsach.letters.signature import LARGEST_KEY_BYTES, sign_pdf

from .letter_samples import unit_report

pytest.importorskip("pyhanko")


def key_file(password: str = "mat khau") -> bytes:
    """Self-signed key of an invented head, as PKCS#12."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Nguyễn Văn Minh Họa")])
    now = datetime.now(UTC)
    usage = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=9))
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    lock = serialization.BestAvailableEncryption(password.encode())
    return pkcs12.serialize_key_and_certificates(b"x", key, certificate, None, lock)


def test_the_signature_is_valid_and_the_document_unchanged() -> None:
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    plain = to_pdf(unit_report())
    signed = sign_pdf(plain, key_file(), "mat khau", "Phê duyệt")
    assert signed.startswith(plain)
    (found,) = PdfFileReader(io.BytesIO(signed)).embedded_signatures
    context = ValidationContext(trust_roots=[found.signer_cert], allow_fetching=False)
    status = validate_pdf_signature(found, context)
    assert status.intact
    assert status.valid
    changed = signed.replace(b"/Type /Page", b"/Type /Pagf", 1)
    if changed != signed:
        broken = PdfFileReader(io.BytesIO(changed), strict=False).embedded_signatures[0]
        assert not validate_pdf_signature(broken, context).intact


@pytest.mark.parametrize(
    ("content", "password"), [(None, "sai"), (b"", ""), (b"MZ", "x"), (b"x" * (LARGEST_KEY_BYTES + 1), "x")]
)
def test_a_key_that_does_not_open_signs_nothing(content: bytes | None, password: str) -> None:
    with pytest.raises(InputError):
        sign_pdf(b"%PDF-1.7", key_file() if content is None else content, password)
