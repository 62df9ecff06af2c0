"""Authenticode: whether Windows trusts a program's signature, and whose it is (WinVerifyTrust, wintrust.dll).

Both kinds are asked for: a signature in the file, and one in a catalogue of the system. Nothing is fetched
from the network, so a certificate that was withdrawn lately may still count as trusted.
"""

from __future__ import annotations

import os

from lamsach.scanner import trust_windows

OF_WINDOWS = frozenset(
    [
        "microsoft windows",
        "microsoft windows publisher",
        "microsoft corporation",
        "microsoft windows early launch anti-malware publisher",
        "microsoft windows hardware compatibility publisher",
    ]
)
"""Signers of the operating system and of what Microsoft ships with it."""
_NO_SIGNATURE = frozenset({0x800B0100, 0x800B0003, 0x800B0001, 0x80092009})
"""TRUST_E_NOSIGNATURE, TRUST_E_SUBJECT_FORM_UNKNOWN, TRUST_E_PROVIDER_UNKNOWN, CRYPT_E_NO_MATCH."""
_FIRST_OF_TRUST = 0x80090000
"""Smaller codes say that the file could not be looked at (0x20 and 0x80070020: in use)."""
_NOT_READ = frozenset({0x80092003})
"""CRYPT_E_FILE_ERROR."""
UNKNOWN, UNSIGNED, DISTRUSTED, TRUSTED = "unknown", "unsigned", "distrusted", "trusted"


def signature(path: str) -> tuple[str, str]:
    """`trusted`, `distrusted` (damaged, expired, of nobody known), `unsigned` or `unknown` (the system does
    not tell), and the signer's name.
    """
    if os.name != "nt":
        return UNKNOWN, ""
    try:
        code, signer = trust_windows.embedded(path)
        if code in _NO_SIGNATURE:
            code, signer = trust_windows.by_catalogue(path)
    except (OSError, AttributeError):
        return UNKNOWN, ""
    return judged(code), signer


def judged(code: int) -> str:
    """Return what an answer of WinVerifyTrust says."""
    if code == 0:
        return TRUSTED
    if code in _NO_SIGNATURE:
        return UNSIGNED
    return DISTRUSTED if code >= _FIRST_OF_TRUST and code not in _NOT_READ else UNKNOWN


def of_windows(path: str) -> bool:
    """Return whether the operating system's maker signed the file, and the signature holds."""
    state, signer = signature(path)
    return state == TRUSTED and signer.strip().lower() in OF_WINDOWS
