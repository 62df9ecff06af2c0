"""Signing key on a token or in a hardware module, over PKCS#11 (python-pkcs11), which it never leaves.

The key is named by an RFC 7512 URI, as other programs print it:
`pkcs11:token=ChuKySo;object=khoa?module-path=/usr/lib/softhsm/libsofthsm2.so`.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from lamsach.channels.xml_signature import Signer
from lamsach.errors import InputError, UsageError
from lamsach.i18n import mark
from lamsach.runtime.extras import missing_extra

SCHEME = "pkcs11:"
_NO_KEY = mark("The token has no RSA key with its certificate under this name, or the PIN does not open it.")
_PART = re.compile(r"[a-z-]+=[^;?&]*")


class TokenKey:
    """Private RSA key on a token. The token's session is open as long as the key is used."""

    def __init__(self, session: Any, private: Any, certificate: x509.Certificate) -> None:
        self._session, self._private, self._certificate = session, private, certificate

    def sign(self, data: bytes, padding: Any, algorithm: Any) -> bytes:
        """Sign the data by RSA with SHA-256 and PKCS #1 v1.5 padding."""
        from pkcs11 import Mechanism

        if not isinstance(padding, PKCS1v15) or not isinstance(algorithm, SHA256):
            raise ValueError("not this signature")
        return bytes(self._private.sign(data, mechanism=Mechanism.SHA256_RSA_PKCS))

    def public_key(self) -> Any:
        """Return the public key from the certificate."""
        return self._certificate.public_key()


def parts_of(address: str) -> dict[str, str]:
    """Split a URI into its attributes. UsageError for one that names no module, or contains the PIN."""
    found: dict[str, str] = {}
    for part in re.split("[;?&]", address.removeprefix(SCHEME)):
        if not _PART.fullmatch(part):
            raise _invalid(address)
        name, _, value = part.partition("=")
        found[name] = unquote(value)
    if "pin-value" in found:
        raise UsageError(
            mark("The address of the key holds its PIN."), "", mark("Take the PIN out of it and change it.")
        )
    if not address.startswith(SCHEME) or not found.get("module-path") or not found.get("token"):
        raise _invalid(address)
    return found


def _invalid(address: str) -> UsageError:
    return UsageError(
        mark("This is no address of a key on a token."),
        address[:200],
        mark("Write pkcs11:token=NAME;object=KEY?module-path=/path/to/module.so"),
    )


def token_signer(address: str, pin: str) -> Signer:
    """Open the signer whose key is on a token.

    InputError for a missing key or a wrong PIN, MissingExtraError without the library.
    """
    attributes = parts_of(address)
    try:
        import pkcs11
        from pkcs11.exceptions import PKCS11Error
    except ImportError as error:
        raise missing_extra("pkcs11") from error
    search: dict[Any, Any] = {}
    if "object" in attributes:
        search[pkcs11.Attribute.LABEL] = attributes["object"]
    if "id" in attributes:
        search[pkcs11.Attribute.ID] = attributes["id"].encode("latin-1", "replace")
    try:
        module = pkcs11.lib(attributes["module-path"])
        session = module.get_token(token_label=attributes["token"]).open(user_pin=pin)
        private = next(
            iter(
                session.get_objects(
                    {
                        **search,
                        pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY,
                        pkcs11.Attribute.KEY_TYPE: pkcs11.KeyType.RSA,
                    }
                )
            )
        )
        stored = session.get_objects({**search, pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE})
        certificates = [x509.load_der_x509_certificate(item[pkcs11.Attribute.VALUE]) for item in stored]
        return Signer(TokenKey(session, private, certificates[0]), tuple(certificates))
    except (PKCS11Error, RuntimeError, OSError, ValueError, StopIteration, IndexError) as error:
        raise InputError(
            _NO_KEY, address[:200], mark("Check the name, the PIN and the path of the module.")
        ) from error
