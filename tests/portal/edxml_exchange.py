"""Statuses of other systems about a dispatch sent by edXML; their keys and certificates."""

from __future__ import annotations

from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12

from lamsach.portal.campaigns.models import Dispatch, Recipient
from lamsach.portal.edxml.inbox import Source, accept
from lamsach.portal.edxml.models import Connection, Message, Way
from lamsach.portal.units.models import Unit
from tests.channels.edxml_samples import STATUS, signer


def status(found: Dispatch, code: str, unit: str = "G06.12.01", note: str = "", day: str = "") -> bytes:
    """Write a unit's status about a dispatch, as another system does."""
    document = f"000.00.12.G06,{found.day:%Y/%m/%d},{found.number}"
    text = STATUS.replace("000.00.00.G22,2026/08/23,1298/CATTT-NCSC", document).replace("H37.DN.001", unit)
    text = text.replace(">3<", f">{code}<").replace("Đã vào sổ", note).replace("24/08/2026 09:10:11", day)
    return text.encode()


def accepted(found: Dispatch, data: bytes, way: Way = Way.FOLDER) -> Message:
    """Accept a file about the dispatch."""
    connection = Connection.objects.get() if way == Way.FOLDER else None
    return accept(data, "a.edxml", Source(found.issuer, way, connection))[0]


def copy_of(found: Dispatch, unit: Unit) -> Recipient:
    """Return a unit's copy of the dispatch."""
    return found.recipients.get(unit=unit)


def key_file(name: str) -> bytes:
    """Return a system's key as PKCS#12."""
    made = signer(name)
    protection = BestAvailableEncryption(b"mat khau")
    return pkcs12.serialize_key_and_certificates(b"k", made.key, made.certificates[0], None, protection)  # type: ignore[arg-type]


def pem(name: str) -> str:
    """Return a system's certificate."""
    return signer(name).certificates[0].public_bytes(Encoding.PEM).decode()
