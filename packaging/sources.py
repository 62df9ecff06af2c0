"""The program's own files: what of `src/lamsach` a bundle carries, without tests and what only other bundles
use.
"""

from __future__ import annotations

import re
from pathlib import Path

from lamsach.hunt.kernel.build import main as build
from lamsach.hunt.machine_code import object_of

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "lamsach"
PARTS = (
    "__init__.py",
    "model",
    "errors.py",
    "runtime",
    "i18n.py",
    "py.typed",
    "catalogue_vi",
    "documents",
    "indicators",
    "scanner",
    "cli/__init__.py",
    "cli/command_line.py",
    "cli/commands.py",
    "cli/completion.py",
    "cli/console.py",
    "cli/help.py",
    "cli/options.py",
    "cli/scan",
    "results/__init__.py",
    "results/atomic.py",
    "results/output.py",
    "results/sealed",
    "results/upload.py",
)
_NOT_ASKED = re.compile(r"indicators/(?:review|writers)/|indicators/releases/(?!__init__|seal)")
"""Processing of lists before they are published."""
_NOT_IN_THE_HUNT = (
    "portal/",
    "demo/",
    "cli/portal/",
    "cli/demo.py",
)


def version() -> str:
    """The version of the sources."""
    found = re.search(r'__version__ = "(.+?)"', (SOURCE / "__init__.py").read_text())
    return found[1] if found else "0"


def scanner() -> dict[str, bytes]:
    """The scanner's files."""
    files: dict[str, bytes] = {"app/lamsach_scanner.py": (ROOT / "packaging" / "entry.py").read_bytes()}
    for part in PARTS:
        place = SOURCE / part
        for file in sorted(place.rglob("*")) if place.is_dir() else [place]:
            name = file.relative_to(SOURCE).as_posix()
            if file.is_file() and "__pycache__" not in file.parts and not _NOT_ASKED.match(name):
                files[f"app/lamsach/{name}"] = file.read_bytes()
    return {**files, "LICENSE": (ROOT / "LICENSE").read_bytes()}


def hunt() -> dict[str, bytes]:
    """The hunt's files: the command line without the portal; its machine code is `machine_code`."""
    files = {"app/lamsach_hunt.py": (ROOT / "packaging" / "entry_hunt.py").read_bytes()}
    for file in sorted(SOURCE.rglob("*")):
        name = file.relative_to(SOURCE).as_posix()
        if (
            file.is_file()
            and not {"__pycache__", "objects"} & set(file.parts)
            and not name.startswith(_NOT_IN_THE_HUNT)
        ):
            files[f"app/lamsach/{name}"] = file.read_bytes()
    return {**files, "LICENSE": (ROOT / "LICENSE").read_bytes()}


def machine_code(platform: str) -> dict[str, bytes]:
    """The search's machine code for a platform, built if it is not there yet."""
    build([platform])
    code = object_of(platform)
    assert code is not None, platform
    return {f"app/lamsach/{code.relative_to(SOURCE).as_posix()}": code.read_bytes()}
