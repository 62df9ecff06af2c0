"""The hunt for the officer's Windows laptop: the command line without the portal; a double click opens the page of `lamsach desk`."""

from __future__ import annotations

import argparse
from types import ModuleType

LEFT_OUT = ("portal/", "demo/", "cli/serve.py", "cli/manage.py", "cli/backup.py", "cli/demo.py")
RUNTIME = ("msvcp140", "vcruntime140")
NOTICE = """This folder holds Lamsach (LICENSE), CPython for Windows (python/LICENSE.txt), the packages in lib/ (each with its licence in lib/*.dist-info), and
Microsoft's Visual C++ runtime: python/msvcp140.dll and its companions come from the package msvc-runtime and are redistributed under
Microsoft's terms for redistributable code (https://visualstudio.microsoft.com/license-terms/vs2022-cruntime/).
"""


def files(bundles: ModuleType, wanted: argparse.Namespace, name: str) -> dict[str, bytes]:
    """What the zip holds. `bundles` is the program that builds the scanner's, whose parts are used."""
    requirements = bundles.ROOT / "packaging" / "hunt-requirements.txt"
    libraries = bundles.packages(wanted, bundles.WINDOWS, bundles.WINDOWS_PYTHON, requirements)
    runtime = {
        path: libraries[path] for path in libraries if path.startswith(RUNTIME) and path.endswith(".dll")
    }
    unwanted = (
        "Scripts/",
        "msvc_runtime.",
        *(path for path in libraries if path.endswith(".dll") and "/" not in path),
    )
    libraries = {path: data for path, data in libraries.items() if not path.startswith(unwanted)}
    made = bundles.started(wanted, name, program(bundles), libraries, "lamsach_hunt")
    # Beside python.exe, where Windows looks for what numba's parts need; all of one version, newer than what the embeddable Python brings.
    made |= bundles.under("python", runtime)
    made["NOTICE.txt"] = NOTICE.replace("\n", "\r\n").encode()
    return dict(made)


def program(bundles: ModuleType) -> dict[str, bytes]:
    """The program's own files."""
    found = {"app/lamsach_hunt.py": (bundles.ROOT / "packaging" / "entry_hunt.py").read_bytes()}
    for file in sorted(bundles.SOURCE.rglob("*")):
        name = file.relative_to(bundles.SOURCE).as_posix()
        if file.is_file() and "__pycache__" not in file.parts and not name.startswith(LEFT_OUT):
            found[f"app/lamsach/{name}"] = file.read_bytes()
    found["LICENSE"] = (bundles.ROOT / "LICENSE").read_bytes()
    return found
