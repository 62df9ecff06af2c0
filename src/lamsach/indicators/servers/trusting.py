"""Whose certificates are believed when lists are fetched over TLS."""

from __future__ import annotations

import ssl


def trust(ca_file: str | None) -> ssl.SSLContext:
    """The context for a client: the system's certificates, or those of a file in PEM. OSError or SSLError when that cannot be read.

    From Python 3.13 on, OpenSSL is told to insist on RFC 5280 to the letter (`VERIFY_X509_STRICT`). The certificates that organisations make for themselves often
    lack a key usage or identifier that it asks for; whoever names such a file wants it believed, with every version of Python alike.
    """
    context = ssl.create_default_context(cafile=ca_file or None)
    if ca_file:
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context
