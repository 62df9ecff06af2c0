"""Keys and headers of connections, locked so that a copy of the database alone opens none."""

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
    """Lock the key file with its password; with the signer's name. InputError for a wrong password."""
    signer = load_signer(key_file, password)
    word = json.dumps([base64.b64encode(key_file).decode(), password])
    return locks.lock(_KEY, word), signer.certificates[0].subject.rfc4514_string()


def signer_of(connection: Connection) -> Signer | None:
    """The signer of the connection. InputError after a change of the portal's secret key."""
    return signer_in(connection.locked_key) if connection.locked_key else None


def signer_in(locked: str) -> Signer:
    """The signer of a key file that `lock_key` locked. InputError as `signer_of`."""
    content, password = json.loads(locks.unlock(_KEY, locked))
    return load_signer(base64.b64decode(content), password)


def lock_headers(headers: Mapping[str, str]) -> str:
    """The headers of a service, locked; empty for none."""
    return locks.lock(_HEADERS, json.dumps(dict(headers))) if headers else ""


def headers_of(connection: Connection) -> dict[str, str]:
    """The headers of a service again. InputError as `signer_of`."""
    if not connection.locked_headers:
        return {}
    found: dict[str, str] = json.loads(locks.unlock(_HEADERS, connection.locked_headers))
    return found


def trusted(connections: list[Connection]) -> list[x509.Certificate]:
    """The certificates that the connections trust."""
    texts = [one.certificates for one in connections if one.certificates.strip()]
    return [found for text in texts for found in load_certificates(text.encode(), "PEM")]
