"""The wheel's build: puts the documentation and the kernel's object of one platform in, and tags the wheel
for it.

`LAMSACH_PLATFORM` names another platform than the one at hand (`windows-x86_64`), or `any`: then no object is
put in, and the extra `jit` is needed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

TAGS = {
    "linux-x86_64": "manylinux_2_17_x86_64.musllinux_1_1_x86_64",
    "linux-aarch64": "manylinux_2_17_aarch64.musllinux_1_1_aarch64",
    "windows-x86_64": "win_amd64",
}
"""The objects need no library of the system, so each runs on every version of it."""
COMPILERS = ["llvmlite>=0.44", "numba>=0.61", "ziglang>=0.13"]


class KernelHook(BuildHookInterface[Any]):
    """Builds the kernel's object; see `lamsach.hunt.kernel.build`."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Requirements of the build beside hatchling."""
        return COMPILERS

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add documentation and object to the wheel; an editable installation has the first beside it, and
        builds the other later.
        """
        sources = Path(self.root) / "src"
        sys.path.insert(0, str(sources))
        from lamsach.hunt.machine_code import object_of, own_platform

        platform = os.environ.get("LAMSACH_PLATFORM") or own_platform()
        if version == "editable":
            return
        documents = Path(self.root) / "docs"
        for path in (*documents.rglob("*.md"), *documents.rglob("*.png")):
            build_data["force_include"][str(path)] = f"lamsach/{path.relative_to(self.root).as_posix()}"
        if platform not in TAGS:
            return
        paths = os.pathsep.join(filter(None, (str(sources), os.environ.get("PYTHONPATH"))))
        command = [sys.executable, "-m", "lamsach.hunt.kernel.build", platform]
        subprocess.run(command, env={**os.environ, "PYTHONPATH": paths}, check=True)
        path = object_of(platform)
        if path is None:
            raise RuntimeError(f"no machine code was built for {platform}")
        path.chmod(0o644)  # a linker's own choice goes by the umask
        build_data["force_include"][str(path)] = path.relative_to(sources).as_posix()
        build_data["tag"] = f"py3-none-{TAGS[platform]}"
        build_data["pure_python"] = False
