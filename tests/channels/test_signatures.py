"""A signature is valid only over the whole file and by a trusted certificate.

A changed byte is detected.
"""

from __future__ import annotations

import datetime
import io
import random

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12

from lamsach.channels.edxml.model import Message, Organ
from lamsach.channels.edxml.reader import read
from lamsach.channels.edxml.writer import write
from lamsach.channels.pdf_signature import verify_pdf
from lamsach.channels.xml_signature import PLACE, load_certificates, load_signer, sign, verify
from lamsach.errors import InputError
from lamsach.letters.signature import sign_pdf
from tests.indicators.document_samples import pdf

from .edxml_samples import dispatch, signer

OWN = signer("Don vi A")
OTHER = signer("Don vi B")
LEAF = signer("Don vi C", "CA cap 2")
LONG_AGO = datetime.datetime(2019, 1, 1, tzinfo=datetime.UTC)
SENT = Message(kind="new", number="7", notation="ABC", sender=Organ("H1", "Bộ"), subject="Hỏi & đáp < 5")


def keys_of(name: str = "Don vi A") -> bytes:
    made = signer(name)
    return pkcs12.serialize_key_and_certificates(
        b"k",
        made.key,  # type: ignore[arg-type]
        made.certificates[0],
        None,
        BestAvailableEncryption(b"secret"),
    )


def test_who_is_trusted_decides() -> None:
    signed = write(SENT, OWN)
    own, other = OWN.certificates, OTHER.certificates
    for trusted, verdict in (((), "unchecked"), (own, "valid"), (other, "invalid"), (other + own, "valid")):
        assert read(signed, "a", trusted).signature.verdict == verdict
    assert read(write(SENT), "a", own).signature.verdict == "none"
    assert read(signed, "a", own).signature.signer == "CN=Don vi A"


def test_an_issuer_is_trusted_for_its_certificates_only() -> None:
    signer("CA cap 2", "")
    signed = write(SENT, LEAF)
    assert read(signed, "a", LEAF.certificates[1:]).signature.verdict == "valid"
    assert read(signed, "a", signer("CA other").certificates).signature.verdict == "invalid"
    # a certificate that is no issuer's vouches for nobody
    below = signer("Don vi D", "Don vi A")
    assert read(write(SENT, below), "a", OWN.certificates).signature.verdict == "invalid"


def test_each_changed_byte_is_noticed() -> None:
    signed = write(SENT, OWN)
    chance = random.Random(7)
    for place in chance.sample(range(len(signed)), 400):
        changed = signed[:place] + bytes([signed[place] ^ chance.choice((1, 2, 32))]) + signed[place + 1 :]
        try:
            found = read(changed, "a", OWN.certificates)
        except InputError:
            continue
        assert found.signature.verdict != "valid", signed[place - 20 : place + 20]


def test_a_part_a_second_signature_and_another_time_are_not_valid() -> None:
    part = dispatch().replace("<edXML:edXMLHeader>", f'<edXML:edXMLHeader Id="h">{PLACE}')
    from lxml import etree
    from signxml import CanonicalizationMethod, XMLSigner

    partly_signed = XMLSigner(c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0).sign(
        etree.fromstring(part), key=OWN.key, cert=list(OWN.certificates), reference_uri="#h"
    )
    found = verify(etree.tostring(partly_signed), OWN.certificates)
    assert (found.verdict, found.reason) == ("unchecked", "The signature covers only a part of the file.")
    whole = sign(dispatch().encode(), OWN)
    assert verify(whole, OWN.certificates).verdict == "valid"
    assert verify(whole, OWN.certificates, LONG_AGO).verdict == "invalid"
    assert verify(sign(whole, OTHER), OWN.certificates).verdict != "valid"
    assert read(dispatch()
        .replace("<edXML:edXMLBody>", "<edXML:DigitalSignature>abc</edXML:DigitalSignature><edXML:edXMLBody>")
            .encode(), "a").signature.verdict == "unchecked"  # fmt: skip


def test_a_signature_with_properties_of_its_own_is_checked_too() -> None:
    """XAdES, as the government's signing programs write it.

    With a second reference, to the signature's own properties.
    """
    from lxml import etree
    from signxml.xades import XAdESSigner

    made = XAdESSigner().sign(etree.fromstring(dispatch()), key=OWN.key, cert=list(OWN.certificates))
    signed = etree.tostring(made)
    assert verify(signed, OWN.certificates).verdict == "valid"
    assert verify(signed.replace(b"1298", b"1299", 1), OWN.certificates).verdict == "invalid"


def test_a_large_file_comes_back_unchanged() -> None:
    from lamsach.channels.edxml.model import Attachment

    large = Attachment("a.bin", bytes(11_000_000))
    found = read(write(Message(kind="update", attachments=(large,)), OWN), "a", OWN.certificates)
    assert (found.signature.verdict, found.kind) == ("valid", "update")
    assert found.attachments[0].sha256 == large.sha256


def test_the_signature_inside_a_pdf_is_verified() -> None:
    plain = pdf([["1. c.evil.example"]])
    signed = sign_pdf(plain, keys_of(), "secret")
    own = OWN.certificates
    assert verify_pdf(plain, own).verdict == "none"
    assert verify_pdf(signed, ()).verdict == "unchecked"
    assert verify_pdf(signed, own).verdict == "valid"
    assert verify_pdf(signed, OTHER.certificates).verdict == "invalid"
    changed = bytearray(signed)
    changed[changed.index(b"%PDF") + 6] ^= 1
    assert verify_pdf(bytes(changed), own).verdict != "valid"
    assert verify_pdf(signed[:-200], own).verdict != "valid"
    assert verify_pdf(signed + _appended(signed), own).verdict == "invalid"


def _appended(signed: bytes) -> bytes:
    """Append a revision that replaces the signed page."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(io.BytesIO(signed))
    writer.root["/Pages"].get_object()["/Kids"][0].get_object()["/Rotate"] = __import__(
        "pyhanko.pdf_utils.generic", fromlist=["NumberObject"]
    ).NumberObject(90)
    writer.update_container(writer.root["/Pages"].get_object()["/Kids"][0].get_object())
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()[len(signed) :]


def test_keys_and_certificates_are_loaded_or_refused() -> None:
    loaded = load_signer(keys_of(), "secret")
    assert loaded.certificates == OWN.certificates
    with pytest.raises(InputError):
        load_signer(keys_of(), "wrong")
    pem = b"".join(item.public_bytes(Encoding.PEM) for item in (*OWN.certificates, *OTHER.certificates))
    assert load_certificates(pem, "a") == [*OWN.certificates, *OTHER.certificates]
    assert load_certificates(OWN.certificates[0].public_bytes(Encoding.DER), "a") == [*OWN.certificates]
    for wrong in (b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        with pytest.raises(InputError):
            load_certificates(wrong, "a")
