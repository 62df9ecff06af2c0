"""The ministry's address for partners' files over TLS on loopback, with some answers cut."""

from __future__ import annotations

import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

from django.db import connections
from django.test import Client
from django.urls import reverse


def serve(certificate: str, cut_every: int) -> str:
    """Serve in a thread; return the address."""
    answers = count(1)

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                answer = Client(headers={"host": "127.0.0.1"}).post(
                    self.path, body, content_type="application/octet-stream"
                )
                content = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[arg-type]
            finally:
                connections.close_all()
            self.send_response(answer.status_code)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if next(answers) % cut_every == 0 else content)
            self.close_connection = True

        def log_message(self, *args: object) -> None:
            """Print nothing: the process answers on its output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"https://127.0.0.1:{server.server_port}{reverse('exchange:deliver')}"
