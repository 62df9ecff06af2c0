"""The hunt for the officer's Windows laptop: the command line without the portal; a double click opens the page of `lamsach desk`."""

from __future__ import annotations

import argparse

from fetched import HUNT, WINDOWS, WINDOWS_PYTHON, packages
from sources import hunt
from windows_bundle import started
from zips import under

RUNTIME = ("msvcp140", "vcruntime140")
NOTICE = """This folder holds Lamsach (LICENSE), CPython for Windows (python/LICENSE.txt), the packages in lib/ (each with its licence in lib/*.dist-info), and
Microsoft's Visual C++ runtime: python/msvcp140.dll and its companions come from the package msvc-runtime and are redistributed under
Microsoft's terms for redistributable code (https://visualstudio.microsoft.com/license-terms/vs2022-cruntime/).
"""


def files(wanted: argparse.Namespace, name: str) -> dict[str, bytes]:
    """What the zip holds."""
    libraries = packages(wanted, WINDOWS, WINDOWS_PYTHON, HUNT)
    runtime = {
        path: libraries[path] for path in libraries if path.startswith(RUNTIME) and path.endswith(".dll")
    }
    unwanted = (
        "Scripts/",
        "msvc_runtime.",
        *(path for path in libraries if path.endswith(".dll") and "/" not in path),
    )
    libraries = {path: data for path, data in libraries.items() if not path.startswith(unwanted)}
    made = started(wanted, name, hunt(), libraries, "lamsach_hunt")
    # Beside python.exe, where Windows looks for what numba's parts need; all of one version, newer than what the embeddable Python brings.
    made |= under("python", runtime)
    made["NOTICE.txt"] = NOTICE.replace("\n", "\r\n").encode()
    return dict(made)
