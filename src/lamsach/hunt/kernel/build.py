"""Build the kernel's shared objects: `python -m lamsach.hunt.kernel.build [PLATFORM...]`, of this platform
when none is named, of `all`.

Numba translates the kernel to LLVM's language once. LLVM optimises that for each level of a platform's
processors; a linker makes one library of the levels. It needs no other library: not C's, not Python's, not
numba's. Same compilers and sources, same bytes.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from lamsach.hunt.cache import sources_digest
from lamsach.hunt.machine_code import OBJECTS, PROTOTYPES, object_of, own_platform


@dataclass(frozen=True, slots=True)
class Platform:
    """A platform's names for LLVM and the linker; `levels`: processor and features of each."""

    triple: str
    emulation: str
    levels: dict[int, tuple[str, str]]


_WIDE = "+avx512vbmi,+avx512vbmi2,+avx512bitalg,+avx512vpopcntdq,-prefer-256-bit"
_LEVELS_OF_X86 = {2: ("x86-64-v2", ""), 3: ("x86-64-v3", ""), 4: ("x86-64-v4", _WIDE)}
"""The highest is Intel's Ice Lake and AMD's Zen 4, whose vectors of 64 bytes the sieve is written for."""
PLATFORMS = {
    "linux-x86_64": Platform("x86_64-unknown-linux-gnu", "elf_x86_64", _LEVELS_OF_X86),
    "linux-aarch64": Platform("aarch64-unknown-linux-gnu", "aarch64linux", {8: ("generic", "")}),
    "windows-x86_64": Platform("x86_64-pc-windows-msvc", "", _LEVELS_OF_X86),
}
_LEVEL_OF_ARM = "define i32 @level() {\n ret i32 8\n}\n"
_LEVEL_OF_X86 = f"""
define internal i32 @leaf(i32 %leaf, i32 %register) {{
  %all = call {{ i32, i32, i32, i32 }} asm sideeffect "cpuid",
    "={{ax}},={{bx}},={{cx}},={{dx}},0,2"(i32 %leaf, i32 0)
  %a = extractvalue {{ i32, i32, i32, i32 }} %all, 0
  %b = extractvalue {{ i32, i32, i32, i32 }} %all, 1
  %c = extractvalue {{ i32, i32, i32, i32 }} %all, 2
  %first = icmp eq i32 %register, 0
  %second = icmp eq i32 %register, 1
  %rest = select i1 %second, i32 %b, i32 %c
  %result = select i1 %first, i32 %a, i32 %rest
  ret i32 %result
}}
define internal i1 @lacks(i32 %bits, i32 %wanted) {{
  %both = and i32 %bits, %wanted
  %result = icmp ne i32 %both, %wanted
  ret i1 %result
}}
define i32 @level() {{
  %one = call i32 @leaf(i32 1, i32 2)
  %below2 = call i1 @lacks(i32 %one, i32 {sum(1 << bit for bit in (0, 9, 13, 19, 20, 23))})
  br i1 %below2, label %none, label %third
third:
  %below3 = call i1 @lacks(i32 %one, i32 {sum(1 << bit for bit in (12, 22, 27, 28, 29))})
  %last = call i32 @leaf(i32 0, i32 0)
  %short = icmp ult i32 %last, 7
  %old = or i1 %below3, %short
  br i1 %old, label %two, label %wide
wide:
  %seven = call i32 @leaf(i32 7, i32 1)
  %below3b = call i1 @lacks(i32 %seven, i32 {sum(1 << bit for bit in (3, 5, 8))})
  %extended = call i32 @leaf(i32 2147483649, i32 2)
  %below3c = call i1 @lacks(i32 %extended, i32 {1 << 5})
  %kept = call {{ i32, i32 }} asm sideeffect "xgetbv", "={{ax}},={{dx}},{{cx}}"(i32 0)
  %saved = extractvalue {{ i32, i32 }} %kept, 0
  %below3d = call i1 @lacks(i32 %saved, i32 6)
  %any = or i1 %below3b, %below3c
  %any3 = or i1 %any, %below3d
  br i1 %any3, label %two, label %fourth
fourth:
  %below4 = call i1 @lacks(i32 %seven, i32 {sum(1 << bit for bit in (16, 17, 28, 30, 31))})
  %seven_more = call i32 @leaf(i32 7, i32 2)
  %below4b = call i1 @lacks(i32 %seven_more, i32 {sum(1 << bit for bit in (1, 6, 12, 14))})
  %below4c = call i1 @lacks(i32 %saved, i32 230)
  %some4 = or i1 %below4, %below4b
  %any4 = or i1 %some4, %below4c
  %result = select i1 %any4, i32 3, i32 4
  ret i32 %result
two:
  ret i32 2
none:
  ret i32 0
}}
"""
"""The processor's level, 0 below the lowest: the psABI of x86-64, and registers that the system saves."""
_FILL = """
define hidden ptr @memset(ptr %to, i32 %value, i64 %size) nounwind "no-builtins" {
entry:
  %byte = trunc i32 %value to i8
  %nothing = icmp eq i64 %size, 0
  br i1 %nothing, label %done, label %more
more:
  %index = phi i64 [0, %entry], [%next, %more]
  %at = getelementptr i8, ptr %to, i64 %index
  store i8 %byte, ptr %at
  %next = add nuw i64 %index, 1
  %last = icmp eq i64 %next, %size
  br i1 %last, label %done, label %more
done:
  ret ptr %to
}
"""
"""LLVM makes calls of this C function out of loops."""


@cache
def _compilers() -> str:
    """A short digest of the compilers' versions; a change rebuilds the objects."""
    try:
        linker = f"ziglang {version('ziglang')}"
    except PackageNotFoundError:
        linker = "ld"
    stated = f"numba {version('numba')} llvmlite {version('llvmlite')} {linker}"
    return hashlib.sha256(stated.encode()).hexdigest()[:8]


def path_of(platform: str, folder: Path = OBJECTS) -> Path:
    """Return where the object of a platform is to be, made by the compilers at hand."""
    suffix = "dll" if platform.startswith("windows") else "so"
    return folder / f"{platform}-{sources_digest()}-{_compilers()}.{suffix}"


@cache
def _unoptimised() -> tuple[str, dict[str, str]]:
    """The kernel in LLVM's language, and the symbol of each entry point in it."""
    os.environ["NUMBA_OPT"] = "0"  # read when numba is imported
    import llvmlite.binding as llvm

    from lamsach.hunt.kernel.exports import entry_points

    entries = entry_points()
    first, *others = [llvm.parse_assembly(entry.inspect_llvm()) for entry in entries.values()]
    for module in others:
        first.link_in(module)
    # What numba keeps for exceptions, which are never raised, tells of this process and of this folder.
    text = re.sub(
        r"(?m)^(@\.const\.picklebuf\S+ = internal constant \{.*?\}) .*$", r"\1 zeroinitializer", str(first)
    )
    return text, {entry.native_name: name for name, entry in entries.items()}


def _stops(module: Any) -> str:
    """Bodies for Python's exceptions, which numba leaves open: the kernel raises none."""
    bodies = ["declare void @llvm.trap()"]
    for function in module.functions:
        if function.is_declaration and not function.name.startswith("llvm."):
            head = re.sub(r"^declare", "define", str(function).strip())
            bodies.append(f"{head} noreturn nounwind {{\n call void @llvm.trap()\n unreachable\n}}")
    return "\n".join(bodies)


def _emit(platform: Platform, level: int) -> bytes:
    """The object file of one level; the lowest one's also detects the processor's level."""
    import llvmlite.binding as llvm

    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    llvm.initialize_native_asmparser()
    cpu, features = platform.levels[level]
    machine = llvm.Target.from_triple(platform.triple).create_target_machine(
        cpu=cpu, features=features, opt=3, reloc="pic", codemodel="small"
    )
    text, symbols = _unoptimised()
    head = f'target datalayout = "{machine.target_data}"\ntarget triple = "{platform.triple}"\n'
    module = llvm.parse_assembly(head + re.sub(r"^target .*$", "", text, flags=re.MULTILINE))
    lowest = level == min(platform.levels)
    of_level = "" if not lowest else _LEVEL_OF_X86 if len(platform.levels) > 1 else _LEVEL_OF_ARM
    module.link_in(llvm.parse_assembly(head + _stops(module) + (_FILL if lowest else "") + of_level))
    for function in module.functions:
        if function.name in symbols:
            function.name = f"{symbols[function.name]}_v{level}"
        elif not function.is_declaration and function.name not in ("memset", "level"):
            function.linkage = "internal"
    for variable in module.global_variables:
        variable.linkage = "internal"
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    options.loop_vectorization = options.slp_vectorization = True
    passes = llvm.create_pass_builder(machine, options)
    passes.getModulePassManager().run(module, passes)
    if "numba.dynamic.globals" in str(module):
        raise RuntimeError("the kernel refers to memory of the process that compiled it")
    return bytes(machine.emit_object(module))


def _link(name: str, files: Sequence[str], out: Path) -> None:
    """Link object files to a library; an open symbol or code to change at load time is an error."""
    platform = PLATFORMS[name]
    zig = [sys.executable, "-m", "ziglang"]
    if not platform.emulation:
        exports = [f"/export:{symbol}_v{level}" for symbol in PROTOTYPES for level in platform.levels]
        command = [*zig, "lld-link", "/dll", "/noentry", "/nodefaultlib", "/machine:x64", "/brepro"]
        command += ["/export:level", *exports, f"/out:{out}"]
    else:
        try:
            version("ziglang")
            command = [*zig, "ld.lld", "-m", platform.emulation]
        except PackageNotFoundError:
            command = [shutil.which("ld") or "ld", "--build-id=none"]
        command += ["-shared", "-s", "-z", "text", "--no-undefined", "-o", str(out)]
    subprocess.run([*command, *files], check=True, stdout=subprocess.DEVNULL)


def build(name: str, folder: Path = OBJECTS) -> Path:
    """Build the object of a platform, in place of those of other sources or compilers. Returns its path."""
    platform = PLATFORMS[name]
    path = path_of(name, folder)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".new-") as scratch:
        files = []
        for level in platform.levels:
            files.append(f"{scratch}/{level}.o")
            Path(files[-1]).write_bytes(_emit(platform, level))
        linked = Path(scratch, path.name)
        _link(name, files, linked)
        for old in folder.glob(f"{name}-*"):
            if old != path:
                old.unlink(missing_ok=True)
        linked.replace(path)
    return path


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other builds into the folder waiting, where the system can."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as stream:
        if sys.platform != "win32":
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def main(names: Sequence[str], folder: Path = OBJECTS) -> None:
    """Build the objects of these platforms that are not there, and say so."""
    for name in names or [own_platform()]:
        if name not in PLATFORMS:
            sys.exit(
                f"There is no machine code for {name}: pip install 'lamsach[jit]' compiles at each start."
            )
        with _alone(folder):
            if not is_built(name, folder):
                sys.stderr.write(f"Building the search's machine code for {name} (some 20 s) ...\n")
                build(name, folder)


def is_built(name: str, folder: Path = OBJECTS) -> bool:
    """Return whether a platform's object exists, built by these compilers (without compilers: by any)."""
    try:
        return path_of(name, folder).is_file()
    except PackageNotFoundError:
        return object_of(name, folder) is not None


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit(own_platform() in PLATFORMS and not is_built(own_platform()))
    main(list(PLATFORMS) if sys.argv[1:] == ["all"] else sys.argv[1:])
