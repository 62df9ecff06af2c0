"""Enveloped XML signatures (xmldsig: exclusive canonical XML, RSA-SHA256) by signxml, PKCS#12 keys."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from lamsach.channels.signature import Signature
from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.letters.signature import load_key
from lamsach.runtime.extras import missing_extra

Certificates = Sequence[x509.Certificate]
PLACE = '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Id="placeholder"></ds:Signature>'
"""Placeholder for the signature in a document; without it, the signature is the root's last child."""
_MOST_LINKS = 5
UNTRUSTED = mark("The signer's certificate is not among the trusted ones, nor issued by one of them.")
EXPIRED = mark("The signer's certificate has expired or is not valid yet.")
METHOD = mark("The signature uses a method that is not accepted.")
_NO_TRUST = mark("No trusted certificates are set, so it is not known who signed.")
CHANGED = mark("The file was changed after it was signed, or the signature is another file's.")


class Key(Protocol):
    """Private RSA key: of cryptography, or on a token."""

    def sign(self, data: bytes, padding: Any, algorithm: Any) -> bytes:
        """Sign the data."""

    def public_key(self) -> Any:
        """Return the public key, as an object of cryptography."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Key with its certificate first, followed by the issuers'."""

    key: Key
    certificates: tuple[x509.Certificate, ...]


def load_signer(key_file: bytes, password: str) -> Signer:
    """Load the signer in a PKCS#12 file (.p12, .pfx).

    Raises InputError for a file that the password does not open or without an RSA key.
    """
    key, certificate, others = load_key(key_file, password)
    if not isinstance(key, RSAPrivateKey):
        raise InputError(
            mark("The key is no RSA key."), "PKCS#12", mark("Use the key file of an RSA certificate.")
        )
    return Signer(key, (certificate, *others))


def load_certificates(data: bytes, where: str) -> list[x509.Certificate]:
    """Load the certificates in a PEM file, one or several, or in DER. Raises InputError for none."""
    try:
        if b"-----BEGIN" in data:
            return x509.load_pem_x509_certificates(data)
        return [x509.load_der_x509_certificate(data)]
    except ValueError:
        raise InputError(
            mark("The file has no certificate."),
            where,
            mark("Give certificates in PEM or DER (.pem, .crt, .cer)."),
        ) from None


def sign(document: bytes, signer: Signer) -> bytes:
    """Sign a document: UTF-8, with an enveloped signature over all of it, at `PLACE`.

    Raises MissingExtraError without signxml.
    """
    etree, signxml = _packages()
    root = etree.fromstring(document, _parser(etree))
    xml_signer = signxml.XMLSigner(
        signature_algorithm=signxml.SignatureMethod.RSA_SHA256,
        digest_algorithm=signxml.DigestAlgorithm.SHA256,
        c14n_algorithm=signxml.CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    xml_signer._parser = _parser(etree)
    signed = xml_signer.sign(root, key=signer.key, cert=list(signer.certificates))
    return bytes(etree.tostring(signed, xml_declaration=True, encoding="UTF-8"))


def verify(document: bytes, trusted: Certificates, now: datetime | None = None) -> Signature:
    """Verify a signed document's signature.

    `valid` requires a signature over the whole document and a certificate that is trusted or issued by a
    trusted one. Without trusted certificates an intact signature is `unchecked`, but a changed document still
    `invalid`.
    """
    try:
        etree, _ = _packages()
    except InputError as error:
        return Signature("unchecked", error.todo)
    try:
        root = etree.fromstring(document, _parser(etree))
    except etree.XMLSyntaxError:
        return Signature("unchecked", METHOD)
    found = root.findall(".//{http://www.w3.org/2000/09/xmldsig#}Signature")
    if len(found) != 1:
        return Signature(
            "unchecked", mark("It is not one signature of the kind xmldsig, so it was not checked.")
        )
    try:
        chain = _embedded_certificates(found[0])
    except ValueError:
        return Signature("invalid", CHANGED)
    if chain:
        return _verify_with(root, chain, trusted, now)
    if not trusted:
        return Signature("unchecked", mark("The signature carries no certificate."))
    results = (_verify_with(root, [certificate], trusted, now) for certificate in trusted)
    return next((result for result in results if result.verdict == "valid"), Signature("invalid", UNTRUSTED))


def _verify_with(root: Any, chain: Certificates, trusted: Certificates, now: datetime | None) -> Signature:
    """Verify a document's only signature with the first certificate of the chain."""
    etree, signxml = _packages()
    name = _subject(chain[0])
    config = signxml.SignatureConfiguration(location=".//", verification_time=now, expect_references=True)
    try:
        results = signxml.XMLVerifier().verify(
            root, x509_cert=chain[0], parser=_parser(etree), expect_config=config
        )
    except signxml.InvalidCertificate:
        return Signature("invalid", EXPIRED, name)
    except (signxml.InvalidSignature, InvalidSignature):
        return Signature("invalid", CHANGED, name)
    except Exception:  # noqa: BLE001 - hostile keys and certificates raise anything in the libraries
        return Signature("unchecked", METHOD, name)
    if not _covers_document(results[0].signature_xml, root):
        return Signature("unchecked", mark("The signature covers only a part of the file."), name)
    return trust_of(chain, trusted, now)


def _packages() -> tuple[Any, Any]:
    try:
        import signxml
        from lxml import etree
    except ImportError as error:
        raise missing_extra("signxml") from error
    return etree, signxml


def _parser(etree: Any) -> Any:
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True, remove_blank_text=False
    )


def _bytes_of(signature: Any, name: str) -> list[bytes]:
    """Decode the base64 of the elements of this name.

    Raises ValueError for non-canonical base64, in which a change could go unnoticed.
    """
    found = []
    for element in signature.iter(f"{{http://www.w3.org/2000/09/xmldsig#}}{name}"):
        text = "".join((element.text or "").split())
        found.append(b64decode(text, validate=True))
        if b64encode(found[-1]).decode() != text:
            raise ValueError(name)
    return found


def _embedded_certificates(signature: Any) -> list[x509.Certificate]:
    """Return the certificates in a signature, the signer's first. Raises ValueError for a damaged one."""
    _bytes_of(signature, "SignatureValue")
    found = _bytes_of(signature, "X509Certificate")[: 2 * _MOST_LINKS]
    return sorted(map(x509.load_der_x509_certificate, found), key=_is_issuer)


def _is_issuer(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False


def _subject(certificate: x509.Certificate) -> str:
    with suppress(ValueError):
        return certificate.subject.rfc4514_string()
    return ""


def _covers_document(signature: Any, root: Any) -> bool:
    """Return whether a signature refers to the whole document; XAdES also refers to its own properties."""
    info = signature.find("{http://www.w3.org/2000/09/xmldsig#}SignedInfo")
    uris = {reference.get("URI") for reference in info.iter("{http://www.w3.org/2000/09/xmldsig#}Reference")}
    return bool(uris & {"", *(f"#{root.get(name)}" for name in ("Id", "ID", "id") if root.get(name))})


def trust_of(chain: Certificates, trusted: Certificates, now: datetime | None = None) -> Signature:
    """Judge an intact signature by its signer's certificate chain and the trusted issuers."""
    name, at = _subject(chain[0]), now or datetime.now(UTC)
    if not trusted:
        return Signature("unchecked", _NO_TRUST, name)
    certificate = chain[0]
    for _link in range(_MOST_LINKS):
        if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
            return Signature("invalid", EXPIRED, name)
        if certificate in trusted:
            return Signature("valid", "", name)
        issuer = next((other for other in (*trusted, *chain) if _is_issued_by(certificate, other)), None)
        if issuer is None or issuer == certificate:
            break
        certificate = issuer
    return Signature("invalid", UNTRUSTED, name)


def _is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    if not _is_issuer(issuer):
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
