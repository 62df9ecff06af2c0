"""A configurable server on loopback for sources of lists: with TLS and its own CA, or as a proxy."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

from tests.clock import CERTIFIED

Answer = tuple[int, dict[str, str], bytes]
Asked = list[tuple[str, dict[str, str]]]
HOST = "feeds.lists.example"
LIST = b"bot-c2.xyz\n45.155.37.7\n"


def certificates(folder: Path, *, strict: bool = False) -> tuple[Path, Path]:
    """Make a CA's certificate, and a key with a certificate for HOST and 127.0.0.1, in PEM files.

    `strict`: the CA's certificate states its key usage, as RFC 5280 requires.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    def building(subject: str, key: Any, is_ca: bool) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder().subject_name(named(subject)).issuer_name(named("Example CA"))
                .public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(CERTIFIED[0])
                .not_valid_after(CERTIFIED[1])
            .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        )  # fmt: skip

    authority, server = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_builder = building("Example CA", authority, True).add_extension(
        x509.SubjectKeyIdentifier.from_public_key(authority.public_key()), critical=False
    )
    if strict:
        usage = dict.fromkeys(
            ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
             "key_agreement", "encipher_only", "decipher_only"), False)  # fmt: skip
        ca_builder = ca_builder.add_extension(
            x509.KeyUsage(key_cert_sign=True, crl_sign=True, **usage), critical=True
        )
    ca = ca_builder.sign(authority, hashes.SHA256())
    names = x509.SubjectAlternativeName([x509.DNSName(HOST), x509.IPAddress(ip_address("127.0.0.1"))])
    known = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key())
    leaf = building(HOST, server, False).add_extension(names, critical=False)
    signed = leaf.add_extension(known, critical=False).sign(authority, hashes.SHA256())
    (folder / "ca.pem").write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    private = server.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "server.pem").write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return folder / "ca.pem", folder / "server.pem"


class Server(ThreadingHTTPServer):
    """A server that answers by a function of path and headers, records requests, and tunnels CONNECT."""

    daemon_threads = True

    def __init__(self, certificate: Path | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: Asked = []
        self.bodies: list[bytes] = []
        self.answer: Callable[[str, dict[str, str]], Answer] = lambda path, headers: (200, {}, LIST)
        self.goals: dict[str, tuple[str, int]] = {}
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)

    def handle_error(self, *_: Any) -> None:
        """Ignore clients that hang up, not trusting the certificate."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.requests.append((self.path, headers))
        self.server.bodies.append(self.rfile.read(int(headers.get("content-length", 0))))
        status, content, body = self.server.answer(self.path, headers)
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **content}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    do_POST = do_GET

    def do_CONNECT(self) -> None:
        self.server.requests.append((f"CONNECT {self.path}", {}))
        with socket.create_connection(self.server.goals[self.path], 10) as beyond:
            self.send_response(200)
            self.end_headers()
            back = threading.Thread(target=_pump, args=(beyond, self.connection), daemon=True)
            back.start()
            _pump(self.connection, beyond)
            back.join(10)
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


@contextmanager
def serving(certificate: Path | None = None) -> Iterator[Server]:
    made = Server(certificate)
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.shutdown()
        thread.join(30)
        made.server_close()


@contextmanager
def trusted(folder: Path, settings: Any) -> Iterator[Server]:
    """Run a TLS server with a trusted CA; loopback is allowed."""
    ca, certificate = certificates(folder)
    settings.LISTS_CA = str(ca)
    settings.OUTGOING_NETWORKS = (ip_network("127.0.0.1/32"),)
    with serving(certificate) as made:
        yield made
