"""A peer with Loki's method of scanning, run by a Python with yara-python.

After Loki (https://github.com/Neo23x0/Loki, GPL-3.0): its order of steps is copied, none of its text.

    python -m venv /tmp/peer && /tmp/peer/bin/pip install yara-python
    python -m bench.scanner FOLDER --loki /tmp/peer/bin/python

One process examines file after file: the path against the file name indicators (regular expressions), the
whole file read, MD5, SHA-1 and SHA-256 against the hash indicators, and YARA with the external variables
`filename`, `filepath`, `extension`, `filetype` and `md5`. Rules unsupported by libyara are skipped and
counted. Standard library and yara only.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SUSPECT_NAMES = (
    r"\\(?:Temp|Public)\\[a-z0-9]{6}\.exe$", r"/dev/shm/\.[^/]+$", r"(?i)mimikatz", r"(?i)kms(?:pico|auto)",
    r"(?i)keygen", r"(?i)xmrig", r"(?i)c99\.php$", r"(?i)r57\.php$",
    r"(?i)\.(?:pdf|docx?|xlsx?|jpe?g)\.(?:exe|scr|com)$", r"(?i)anydesk.*\.tmp$",
)  # fmt: skip
"""As many kinds of name as our own scanner knows; Loki's file holds some thousand."""
MAGIC = (
    (b"MZ", "EXE"),
    (b"\x7fELF", "ELF"),
    (b"PK\x03\x04", "ZIP"),
    (b"%PDF", "PDF"),
    (b"\xd0\xcf\x11\xe0", "OLE"),
)
EXTERNALS = ("filename", "filepath", "extension", "filetype", "md5")


def rules_of(text: str) -> tuple[Any, int, int]:
    """Return the compiled rules, their number, and the number of rules unsupported by libyara."""
    import yara  # type: ignore[import-not-found]

    externals = dict.fromkeys(EXTERNALS, "")
    imports = "".join(re.findall(r"^import .*\n", text, re.MULTILINE))
    single = re.split(
        r"^(?=(?:private |global )*rule )",
        re.sub(r"^import .*\n", "", text, flags=re.MULTILINE),
        flags=re.MULTILINE,
    )
    accepted, skipped = imports, 0
    for rule in single:
        try:
            yara.compile(source=accepted + rule, externals=externals)
        except yara.Error:
            skipped += 1
        else:
            accepted += rule
    compiled = yara.compile(source=accepted, externals=externals)
    return compiled, sum(1 for _ in compiled), skipped


def files(folder: str) -> Iterator[str]:
    """Yield the ordinary files below the folder, links not followed."""
    for path_, _folders, names in os.walk(folder):
        for name in names:
            path = os.path.join(path_, name)
            if os.path.isfile(path) and not os.path.islink(path):
                yield path


def scan(folder: str, rules: Any, hashes: frozenset[str]) -> tuple[int, int]:
    """Count the files, and those with an indicator."""
    names = [re.compile(pattern) for pattern in SUSPECT_NAMES]
    files_seen = found = 0
    for path in files(folder):
        files_seen += 1
        hit = any(pattern.search(path) for pattern in names)
        try:
            data = Path(path).read_bytes()
        except OSError:
            continue
        sums = [
            hashlib.new(kind, data, usedforsecurity=False).hexdigest() for kind in ("md5", "sha1", "sha256")
        ]
        hit = hit or not hashes.isdisjoint(sums)
        kind = next((name for magic, name in MAGIC if data.startswith(magic)), "")
        name = os.path.basename(path)
        values = (name, path, os.path.splitext(name)[1], kind, sums[0])
        matches = rules.match(data=data, externals=dict(zip(EXTERNALS, values, strict=True))) if data else []
        found += bool(matches) or hit
    return files_seen, found


def main() -> None:
    """`FOLDER RULES`: scan, and print the figures as JSON on standard error."""
    folder, text = sys.argv[1:3]
    start = time.perf_counter()
    rules, count, skipped = rules_of(Path(text).read_text("utf-8"))
    files_seen, found = scan(folder, rules, frozenset({"0" * 32, "0" * 40, "0" * 64}))
    figures = {
        "files": files_seen,
        "found": found,
        "rules": count,
        "left_out": skipped,
        "seconds": round(time.perf_counter() - start, 2),
    }
    sys.stderr.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
