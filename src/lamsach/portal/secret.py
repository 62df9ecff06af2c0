"""The key that signs cookies and links: generated once, in the data folder, readable by its owner only."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path


def secret_key(data: Path) -> str:
    """The key in `data/secret-key`, created atomically, so that simultaneous starts agree on one."""
    path = data / "secret-key"
    if not path.exists():
        descriptor, part = tempfile.mkstemp(prefix=".secret-key-", dir=data)  # mode 0600
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(50))
        try:
            os.link(part, path)
        except FileExistsError:
            pass
        except OSError:  # a file system without links
            Path(part).replace(path)
        Path(part).unlink(missing_ok=True)
    return path.read_text("ascii").strip()
