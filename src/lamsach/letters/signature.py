"""Electronic signature on a PDF with a PKCS#12 key, by pyHanko (ISO 32000-2, PAdES baseline)."""

from __future__ import annotations

import io
from typing import Any

from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509 import Certificate

from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.runtime.extras import missing_extra

LARGEST_KEY_BYTES = 100_000
FIELD = "ChuKy"


def sign_pdf(content: bytes, key_file: bytes, password: str, reason: str = "") -> bytes:
    """Append an invisible signature to a PDF; the original bytes remain unchanged.

    Raises InputError for a key file that the password does not open, and MissingExtraError when pyHanko is
    not installed.
    """
    try:
        from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
        from pyhanko.sign import signers
        from pyhanko.sign.fields import SigSeedSubFilter
    except ImportError as error:
        raise missing_extra("pyhanko") from error
    signer = _signer(key_file, password)
    details = signers.PdfSignatureMetadata(
        field_name=FIELD, reason=reason or None, subfilter=SigSeedSubFilter.PADES, md_algorithm="sha256"
    )
    signed = signers.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(content)), details, signer=signer)
    signed.seek(0)
    return bytes(signed.read())


def _signer(key_file: bytes, password: str) -> Any:
    from pyhanko.sign.signers import SimpleSigner

    load_key(key_file, password)
    return SimpleSigner.load_pkcs12_data(key_file, other_certs=[], passphrase=password.encode() or None)


def load_key(key_file: bytes, password: str) -> tuple[Any, Certificate, list[Certificate]]:
    """Load the key in a PKCS#12 file, its certificate and the others.

    Raises InputError when the password does not open it, or one of the two is missing.
    """
    try:
        if len(key_file) > LARGEST_KEY_BYTES:
            raise ValueError("too large")
        key, certificate, others = pkcs12.load_key_and_certificates(key_file, password.encode() or None)
        if key is None or certificate is None:
            raise ValueError("no key")
        return key, certificate, others
    except (ValueError, TypeError) as error:
        raise InputError(
            mark("The key file cannot be opened with this password."),
            "PKCS#12",
            mark("Check the password, and that the file is a .p12 or .pfx with a key and its certificate."),
        ) from error
