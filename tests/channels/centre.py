"""Stand-in for the national centre.

HTTPS on this machine, which validates signature and schema, and recognizes a repeated report.
"""

from __future__ import annotations

import datetime
import hashlib
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from lxml import etree

import lamsach.channels.avreport
from lamsach.channels.xml_signature import Signer, verify

SCHEMA = etree.XMLSchema(
    etree.parse(Path(lamsach.channels.avreport.__file__).with_name("avreport.xsd"))  # type: ignore[arg-type]
)
BROKEN, SILENT = 0, -1
"""Failures instead of an answer: accept the report and end the connection; accept it and stay silent."""


def fits(document: bytes) -> bool:
    """Validate a document against the schema."""
    return bool(SCHEMA.validate(etree.fromstring(document)))


class Centre:
    """Receiver. `plan`: its reactions to the next requests, else it judges them.

    `accepted` has each report once, `requests` every request.
    """

    def __init__(self, folder: Path, trusted: Signer) -> None:
        self.plan: list[int] = []
        self.accepted: dict[str, bytes] = {}
        self.requests: list[bytes] = []
        self.repeated = 0
        self.certificate = folder / "centre.pem"
        self.released = threading.Event()
        self._trusted = trusted
        self.url = ""

    def judge(self, headers: Any, document: bytes) -> tuple[int, str]:
        """Return status and answer to a report."""
        if headers["Content-Type"] != "text/xml; charset=utf-8":
            return 415, "not XML"
        digest = hashlib.sha256(document).hexdigest()
        if headers["Idempotency-Key"] != digest:
            return 400, "another digest"
        if not fits(document):
            return 422, str(SCHEMA.error_log.last_error)
        if verify(document, self._trusted.certificates).verdict != "valid":
            return 401, "Chữ ký không hợp lệ"
        if digest in self.accepted:
            self.repeated += 1
        self.accepted[digest] = document
        return 200, f"<receipt>{digest}</receipt>"


@contextmanager
def centre(folder: Path, trusted: Signer) -> Iterator[Centre]:
    """Run the receiver."""
    made = Centre(folder, trusted)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            document = self.rfile.read(int(self.headers["Content-Length"]))
            made.requests.append(document)
            judged = made.judge(self.headers, document)
            planned = made.plan.pop(0) if made.plan else None
            if planned == SILENT:
                made.released.wait(20)
            if planned in (BROKEN, SILENT):
                self.close_connection = True
                return
            status, answer = judged if planned is None else (planned, "Đang bảo trì")
            self.send_response(status)
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, *_: Any) -> None:
            """Suppress the log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate(made.certificate))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    made.url = f"https://127.0.0.1:{server.server_address[1]}/avreport"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _certificate(path: Path) -> Path:
    """Write the server's certificate and key to one file, which clients may trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "centre.example")])
    start = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "crl_sign",
         "encipher_only", "decipher_only"), False)  # fmt: skip
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=365 * 60))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(digital_signature=True, key_cert_sign=True, **usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + made.public_bytes(Encoding.PEM))
    return path
