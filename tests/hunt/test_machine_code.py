"""Objects of the kernel: all processor levels give the same results, those of numba's own code.

A stale or damaged object is never loaded.
"""

from __future__ import annotations

import ctypes
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lamsach.errors import ExitStatus
from lamsach.hunt import machine_code
from lamsach.hunt.kernel import build
from lamsach.hunt.machine_code import PROTOTYPES, KernelError, load, object_of, own_platform
from tests.cli.command_runner import write_list
from tests.programs import require_program
from tests.runtime.absent import lamsach_without

from . import foreign
from .kernel_results import results

Functions = Mapping[str, Any]


@pytest.fixture(scope="module")
def compiled() -> Functions:
    """Return the kernel as compiled by numba here, without optimising."""
    build._unoptimised()
    from lamsach.hunt.kernel.exports import entry_points

    return {name: PROTOTYPES[name](entry.address) for name, entry in entry_points().items()}


@pytest.fixture(scope="module")
def objects() -> dict[str, Path]:
    """Return the objects of all systems; those of others take half a minute to make."""
    build.main(list(build.PLATFORMS))
    return {name: build.path_of(name) for name in build.PLATFORMS}


@pytest.fixture(scope="module")
def own() -> Path:
    """Return this system's object."""
    build.main([own_platform()])
    return build.path_of(own_platform())


@pytest.fixture(scope="module")
def expected(own: Path) -> list[str]:
    """Return the results of the lowest level."""
    return results(load(own, min(build.PLATFORMS[own_platform()].levels)))


@pytest.mark.long
def test_the_lowest_level_finds_what_numbas_code_finds(compiled: Functions, expected: list[str]) -> None:
    assert results(compiled) == expected


def test_every_level_finds_the_same(expected: list[str], own: Path) -> None:
    levels = build.PLATFORMS[own_platform()].levels
    highest = ctypes.CDLL(str(own)).level()
    passed, present = map(int, expected[-1].split())
    assert passed > 1000
    assert present > 10
    assert highest in levels
    for level in levels:
        if level <= highest:
            assert results(load(own, level)) == expected, level


@pytest.mark.long
def test_the_code_for_arm_finds_the_same(
    expected: list[str], objects: dict[str, Path], tmp_path: Path
) -> None:
    """Run on an emulated processor."""
    qemu, (level,) = require_program("qemu-aarch64"), build.PLATFORMS["linux-aarch64"].levels
    with foreign.functions(qemu, objects["linux-aarch64"], level, tmp_path) as functions:
        assert results(functions) == expected


@pytest.mark.skipif(own_platform() != "linux-x86_64", reason="reads /proc/cpuinfo")
def test_the_level_is_that_of_the_processor(own: Path) -> None:
    flags = set(Path("/proc/cpuinfo").read_text().partition("\nflags")[2].partition("\n")[0].split())
    wanted = {
        2: {"ssse3", "cx16", "sse4_1", "sse4_2", "popcnt"},
        3: {"fma", "movbe", "avx2", "bmi1", "bmi2", "f16c", "abm"},
        4: {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl", "avx512vbmi", "avx512_vbmi2"}
        | {"avx512_bitalg", "avx512_vpopcntdq"},
    }
    best = 0
    for level, needed in wanted.items():
        if not needed <= flags:
            break
        best = level
    assert ctypes.CDLL(str(own)).level() == best


@pytest.mark.long
def test_each_object_is_of_its_machine_with_every_entry_point(objects: dict[str, Path]) -> None:
    for name, path in objects.items():
        data = path.read_bytes()
        symbols = {b"level"} | {
            f"{entry}_v{level}".encode() for entry in PROTOTYPES for level in build.PLATFORMS[name].levels
        }
        assert symbols <= set(data.split(b"\0")), name
        if name.startswith("windows"):
            header = int.from_bytes(data[0x3C:0x40], "little")
            assert (data[:2], data[header : header + 6]) == (b"MZ", b"PE\0\0\x64\x86")
        else:
            machine = int.from_bytes(data[18:20], "little")
            assert (data[:5], machine) == (b"\x7fELF\x02", {"linux-x86_64": 62, "linux-aarch64": 183}[name])
        assert b"numba" not in data
        assert str(Path(__file__).parents[2]).encode() not in data


def test_code_that_needs_another_library_is_not_linked(tmp_path: Path) -> None:
    import llvmlite.binding as llvm

    platform = build.PLATFORMS["linux-x86_64"]
    text = (
        f'target triple = "{platform.triple}"\ndeclare void @open()\ndefine void @f() {{\n'
        f" call void @open()\n ret void\n}}"
    )
    machine = llvm.Target.from_triple(platform.triple).create_target_machine(reloc="pic", codemodel="small")
    (tmp_path / "open.o").write_bytes(machine.emit_object(llvm.parse_assembly(text)))
    with pytest.raises(subprocess.CalledProcessError):
        build._link("linux-x86_64", [str(tmp_path / "open.o")], tmp_path / "open.so")


def test_an_object_of_other_sources_or_a_damaged_one_is_not_loaded(own: Path, tmp_path: Path) -> None:
    name = own_platform()
    good = own.read_bytes()
    (tmp_path / f"{name}-{'0' * 16}-{'0' * 8}.so").write_bytes(good)
    assert object_of(name, tmp_path) is None
    for damaged in (b"", b"\0" * 100):
        path = tmp_path / own.name
        path.write_bytes(damaged)
        assert object_of(name, tmp_path) == path
        with pytest.raises(KernelError, match="cannot run on this computer"):
            load(path)
    with pytest.raises(KernelError):
        load(own, 99)


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation without an object, not a checkout."""
    monkeypatch.setattr(machine_code, "object_of", lambda _platform: None)
    monkeypatch.setattr(machine_code, "_SOURCES", tmp_path / "site-packages")


@pytest.mark.long
@pytest.mark.usefixtures("nowhere", "compiled")
def test_without_an_object_numba_compiles() -> None:
    data = np.frombuffer(b"a\nb\nc\n", np.uint8)
    assert machine_code.functions.__wrapped__()["count_lines"](data.ctypes.data, 0, data.size) == 3


@pytest.mark.usefixtures("nowhere")
def test_without_an_object_the_command_compiles_or_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine_code.compiles_at_start()
    monkeypatch.setattr(machine_code, "find_spec", lambda _name: None)
    assert not machine_code.compiles_at_start()
    with pytest.raises(KernelError, match=r"pip install 'lamsach\[jit\]'") as caught:
        machine_code.functions.__wrapped__()
    assert caught.value.exit_status is ExitStatus.USAGE


def test_a_checkout_builds_once_and_reports_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def write(name: str, folder: Path) -> Path:
        path = build.path_of(name, folder)
        path.write_bytes(b"object")
        return path

    monkeypatch.setattr(build, "build", write)
    for lines in (1, 0):
        build.main(["linux-x86_64"], tmp_path / "objects")
        assert len(capsys.readouterr().err.splitlines()) == lines
    with pytest.raises(SystemExit, match=r"lamsach\[jit\]"):
        build.main(["plan9-mips"], tmp_path / "objects")


@pytest.mark.usefixtures("own")
def test_a_hunt_needs_no_compiler(tmp_path: Path) -> None:
    log = tmp_path / "dns.log"
    log.write_text("2026-06-10 client 192.0.2.1 asked www.evil.example\n")
    words = ("hunt", log, "-i", write_list(tmp_path / "list.txt"))
    variables = {"LANG": "en", "LAMSACH_CACHE": str(tmp_path / "cache")}
    ran = lamsach_without({"numba", "llvmlite", "ziglang"}, *words, variables=variables)
    assert ran.status == ExitStatus.FOUND, ran.errors
    assert "1 infected machine" in ran.out


def test_a_hunt_does_not_load_the_compiler() -> None:
    code = (
        "import sys; from lamsach.hunt.machine_code import functions; functions(); print('numba' in "
        "sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
