"""Signs in a file's name alone: an ending that hides another one, marks that turn the reading order, cracked
software.
"""

from __future__ import annotations

import re

from lamsach.scanner.magic import DOCUMENT_ENDINGS, ending

_PROGRAM_ENDINGS = frozenset(
    ["exe", "scr", "com", "pif", "bat", "cmd", "vbs", "vbe", "jse", "wsf", "hta", "cpl", "msi"]
)
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_CRACKS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        ("KMSpico", r"kms[ _.-]?pico"),
        ("KMSAuto", r"kms[ _.-]?auto|autokms"),
        ("HEU KMS Activator", r"heu[ _.-]?kms"),
        ("AAct", r"(?:^|[^a-z])aact(?:_x64|_network|[ _.-]?tools)?\.(?:exe|zip|rar|7z)$"),
        ("Re-Loader", r"re-?loader[ _.-]?activator"),
        ("Microsoft Toolkit", r"microsoft[ _.-]?toolkit|ez-?activator"),
        ("Windows Loader", r"windows[ _.-]?loader"),
        ("MAS", r"mas_aio|ohook_activation|hwid_activation|kms38_activation|tsforge_activation"),
        ("vlmcsd", r"vlmcsd"),
        ("keygen", r"(?:^|[ _.\-\[(])key-?gen(?:erator)?(?:[ _.\-\])]|$)"),
        ("crack", r"(?:^|[ _.\-\[(])(?:crack(?:ed|fix)?|b[eẻ]\s?kh[oó]a)(?:[ _.\-\])]|$)"),
        ("Adobe GenP", r"(?:^|[ _.-])(?:adobe[ _.-]?genp|genp[ _.-]?v?\d)"),
        ("IDM crack", r"idm[ _.-]?(?:crack|activator|patch)|iasl?\.cmd$"),
    )
)
_CRACK_ENDINGS = frozenset(
    ["exe", "msi", "bat", "cmd", "ps1", "vbs", "dll", "zip", "rar", "7z", "iso", "img"]
)


def hidden_ending(name: str) -> bool:
    """Return whether a program calls itself a document first: `invoice.pdf.exe`, `photo.jpg      .scr`, or
    with a mark that turns the order.
    """
    last = ending(name)
    if _TURNS.search(name):
        return True
    if last not in _PROGRAM_ENDINGS:
        return False
    before = name[: -len(last) - 1]
    return ending(before.rstrip()) in DOCUMENT_ENDINGS or bool(re.search(r"\s{5,}$", before))


def cracked_software(name: str) -> str | None:
    """Return which known means of getting round a licence the file is named after, or None."""
    if ending(name) not in _CRACK_ENDINGS:
        return None
    return next((crack for crack, pattern in _CRACKS if pattern.search(name)), None)
