"""Keys and headers of connections, locked so that a copy of the database alone reveals none."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from cryptography import x509

from lamsach.channels.xml_signature import Signer, load_certificates, load_signer
from lamsach.portal.base import locks
from lamsach.portal.edxml.models import Connection

_KEY, _HEADERS = "lamsach.edxml.key/1", "lamsach.edxml.headers/1"


def lock_key(key_file: bytes, password: str) -> tuple[str, str]:
    """Lock a key file and its password; return also the signer's name. InputError for a wrong password."""
    signer = load_signer(key_file, password)
    secret = json.dumps([base64.b64encode(key_file).decode(), password])
    return locks.lock(_KEY, secret), signer.certificates[0].subject.rfc4514_string()


def signer_of(connection: Connection) -> Signer | None:
    """Return the connection's signer, or None. InputError after a change of the portal's secret key."""
    return signer_in(connection.locked_key) if connection.locked_key else None


def signer_in(locked: str) -> Signer:
    """Load the signer locked by `lock_key`. InputError as `signer_of`."""
    content, password = json.loads(locks.unlock(_KEY, locked))
    return load_signer(base64.b64decode(content), password)


def lock_headers(headers: Mapping[str, str]) -> str:
    """Lock the headers of a service; empty for none."""
    return locks.lock(_HEADERS, json.dumps(dict(headers))) if headers else ""


def headers_of(connection: Connection) -> dict[str, str]:
    """Unlock the headers of a service. InputError as `signer_of`."""
    if not connection.locked_headers:
        return {}
    found: dict[str, str] = json.loads(locks.unlock(_HEADERS, connection.locked_headers))
    return found


def trusted(connections: list[Connection]) -> list[x509.Certificate]:
    """Return the certificates trusted by the connections."""
    texts = [connection.certificates for connection in connections if connection.certificates.strip()]
    return [found for text in texts for found in load_certificates(text.encode(), "PEM")]
