"""Wheel and source distribution: contents, reproducibility, execution; the signed digests."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

from lamsach import __version__
from lamsach.errors import InputError
from lamsach.hunt.machine_code import object_of, own_platform
from lamsach.indicators.releases.seal import load_public_key, make_key
from tests.programs import require_program
from tests.scanner.test_bundle import ROOT, load_builder

OWN = own_platform()
NOT_OF_THE_PROJECT = {".git", ".venv", "__pycache__", "dist", "build", "bench-out", "demo-out"}


@pytest.fixture(scope="module")
def builder() -> ModuleType:
    return load_builder()


def build(
    builder: ModuleType, root: Path, out: Path, monkeypatch: pytest.MonkeyPatch, *platforms: str
) -> dict[str, Path]:
    """Build from the sources in `root`; return wheels by platform, `bill` and `sdist`."""
    import wheels

    monkeypatch.setattr(wheels, "ROOT", root)
    out.mkdir()
    options = builder.arguments(["--out", str(out), *(f"--platform={name}" for name in platforms)])
    paths = [path for kind in ("wheels", "sdist") for path in builder.MADE[kind](options)]
    return dict(zip((*platforms, "bill", "sdist"), paths, strict=True))


@pytest.fixture(scope="module")
def built(builder: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Build this checkout, for this platform and for `any` (without machine code)."""
    with pytest.MonkeyPatch.context() as patch:
        return build(builder, ROOT, tmp_path_factory.mktemp("built") / "dist", patch, OWN, "any")


def sources() -> set[str]:
    """List the files of package and documentation that every wheel contains."""
    package, documents = ROOT / "src" / "lamsach", ROOT / "docs"
    shown = (*documents.rglob("*.md"), *documents.rglob("*.png"))
    return {f"lamsach/{path.relative_to(ROOT).as_posix()}" for path in shown} | {
        path.relative_to(ROOT / "src").as_posix()
        for path in package.rglob("*")
        if path.is_file() and not {"__pycache__", "objects"} & set(path.parts)
    }


@pytest.mark.parametrize("platform", [OWN, "any"])
def test_the_wheel_holds_what_the_package_reads(built: dict[str, Path], platform: str) -> None:
    """Machine code is that of the platform alone."""
    with zipfile.ZipFile(built[platform]) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
        tags = wheel.read(f"lamsach-{__version__}.dist-info/WHEEL").decode()
    code = object_of(OWN) if platform == OWN else None
    assert names == sources() | ({code.relative_to(ROOT / "src").as_posix()} if code else set())
    assert ("Tag: py3-none-any" in tags) is (code is None)
    suffixes = {".html", ".txt", ".yar", ".j2", ".typ", ".js", ".css", ".json"}
    assert {Path(name).suffix for name in names} > suffixes


def test_the_source_distribution_holds_what_the_wheel_is_made_of(
    built: dict[str, Path], builder: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tarfile.open(built["sdist"]) as archive:
        archive.extractall(tmp_path, filter="data")
    (root,) = tmp_path.iterdir()
    assert root.name == f"lamsach-{__version__}"
    files = {path.relative_to(root / "src").as_posix() for path in root.glob("src/**/*") if path.is_file()}
    assert files == {name for name in sources() if not name.startswith("lamsach/docs/")}
    assert not NOT_OF_THE_PROJECT & {path.name for path in root.rglob("*")}
    import wheels

    monkeypatch.setattr(wheels, "ROOT", root)
    again = wheels.built(builder.arguments(["--out", str(tmp_path)]), "wheel", LAMSACH_PLATFORM="any")
    assert again.read_bytes() == built["any"].read_bytes()


def test_the_same_sources_give_the_same_bytes(
    built: dict[str, Path], builder: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Folder, file times and modes, umask, language and zone have no effect."""
    copy = tmp_path / "elsewhere"

    def left_out(folder: str, names: list[str]) -> set[str]:
        return NOT_OF_THE_PROJECT & set(names) | ({"tests", "bench"} if folder == str(ROOT) else set())

    shutil.copytree(ROOT, copy, ignore=left_out, copy_function=shutil.copyfile)
    for path in copy.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
        os.utime(path, (10**9, 10**9))
    for name, value in {"TZ": "Asia/Ho_Chi_Minh", "LC_ALL": "C", "SOURCE_DATE_EPOCH": "1"}.items():
        monkeypatch.setenv(name, value)
    before = os.umask(0o077)
    try:
        again = build(builder, copy, tmp_path / "dist", monkeypatch, OWN, "any")
    finally:
        os.umask(before)
    for kind, path in built.items():
        assert again[kind].name == path.name
        assert again[kind].read_bytes() == path.read_bytes(), path.name


def test_the_wheel_runs(built: dict[str, Path], tmp_path: Path) -> None:
    """Installed without dependencies, which are those of this environment."""
    words = ("--quiet", "--no-deps", "--no-index", "--no-compile", "--target", str(tmp_path / "there"))
    pip = [sys.executable, "-m", "pip", "install", *words, str(built[OWN])]
    subprocess.run(pip, check=True, env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"})
    (tmp_path / "dns.log").write_text(
        "Sep 26 10:00:01 fw named[1]: client 192.0.2.7#53: query: bot-c2.xyz IN A\n" * 3
    )
    (tmp_path / "list.txt").write_text("bot-c2.xyz\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "there"), "LC_ALL": "en_US.UTF-8"}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *words],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    assert run("-c", "import lamsach; print(lamsach.__file__)").stdout.startswith(str(tmp_path / "there"))
    assert run(str(tmp_path / "there/bin/lamsach"), "--version").stdout == f"lamsach {__version__}\n"
    ran = run("-m", "lamsach", "hunt", "dns.log", "-i", "list.txt", "-o", "report.html")
    assert ran.returncode == 0, ran.stderr
    assert "192.0.2.7" in (tmp_path / "report.html").read_text("utf-8")


def test_the_bill_names_every_library_that_may_be_installed(built: dict[str, Path]) -> None:
    bill = json.loads(built["bill"].read_bytes())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    names = [component["name"] for component in bill["components"]]
    assert names == sorted(names)
    assert {"numpy", "django", "psycopg-binary", "colorama", "cffi", "pyarrow", "numba"} <= set(names)
    assert not {"pytest", "mypy", "duckdb", "hatchling", "ziglang", "uv"} & set(names)
    licensed = [component for component in bill["components"] if component["licenses"]]
    assert len(licensed) > len(names) / 3


@pytest.fixture
def quick(builder: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Arguments that build a single small file."""

    def build_wheel(options: object) -> list[Path]:
        (tmp_path / "dist" / "a.whl").write_bytes(b"wheel")
        return [tmp_path / "dist" / "a.whl"]

    monkeypatch.setitem(builder.MADE, "wheels", build_wheel)
    return ["release.py", "--only", "wheels", "--out", str(tmp_path / "dist")]


def test_the_digests_are_signed(
    builder: ModuleType,
    quick: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    private, public = make_key("a word")
    key, sums, signature = (tmp_path / name for name in ("key.pem", "dist/SHA256SUMS", "dist/SHA256SUMS.sig"))
    key.write_bytes(private)
    (tmp_path / "key.pub").write_bytes(public)
    monkeypatch.setattr(sys, "argv", [*quick, "--signing-key", str(key)])
    with pytest.raises(InputError, match="password"):
        builder.main()
    assert not sums.exists()  # nothing is built for a key that cannot be used
    monkeypatch.setenv("LAMSACH_KEY_PASSWORD", "a word")
    builder.main()
    assert sums.read_text() == f"{hashlib.sha256(b'wheel').hexdigest()}  a.whl\n"
    load_public_key(public, "").verify(signature.read_bytes(), sums.read_bytes())
    program = require_program("openssl")  # as docs/installing.md says
    words = "pkeyutl -verify -pubin -inkey key.pub -rawin -in dist/SHA256SUMS -sigfile dist/SHA256SUMS.sig"
    for changed in (False, True):
        ran = subprocess.run([program, *words.split()], cwd=tmp_path, capture_output=True, check=False)
        assert (ran.returncode == 0) is not changed
        sums.write_bytes(sums.read_bytes() + b"\n")
    capsys.readouterr()
    monkeypatch.setattr(sys, "argv", quick)
    builder.main()
    assert "not signed" in capsys.readouterr().err
    assert not signature.exists()  # the one over other digests
