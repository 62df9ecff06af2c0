"""The bundles: the same bytes each time, and permitted files only."""

from __future__ import annotations

import argparse
import ast
import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

from lamsach.errors import InputError
from lamsach.hunt.machine_code import own_platform
from lamsach.indicators.releases.seal import fingerprint, load_private_key, load_public_key, make_key
from lamsach.scanner.campaign import PREFIX, Terms, read_campaign
from tests.programs import require_program

ROOT = Path(__file__).parents[2]
OF_OTHER_COMMANDS = {"lamsach.cli.indicators.quick_check"}
"""Imports of commands that the scanner's bundle does not have."""
PORTAL = "https://portal.example/api/campaigns/3"


def load_builder() -> ModuleType:
    """Import the module that builds the bundles."""
    spec = importlib.util.spec_from_file_location("bundle_builder", ROOT / "packaging" / "release.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def builder() -> ModuleType:
    return load_builder()


def test_the_same_bytes(builder: ModuleType) -> None:
    import sources  # the builder has added their folder to the path
    import zips

    files = sources.scanner()
    assert zips.packed(files) == zips.packed(dict(reversed(files.items())))


def test_a_version_for_each_python(builder: ModuleType) -> None:
    """A package may be locked in two versions, for older and for newer Pythons."""
    import fetched

    lock = (
        "isal==1.8.0 \\\n    --hash=sha256:00\n"
        "numpy==2.4.6 ; python_full_version < '3.12' \\\n    --hash=sha256:01\n"
        "numpy==2.5.5 ; python_full_version >= '3.12' \\\n    --hash=sha256:02\n"
    )
    assert fetched.versions(lock, []) == [
        "isal==1.8.0 \\\n    --hash=sha256:00",
        "numpy==2.4.6 ; python_full_version < '3.12' \\\n    --hash=sha256:01",
        "numpy==2.5.5 ; python_full_version >= '3.12' \\\n    --hash=sha256:02",
    ]
    assert fetched.versions(lock, ["numpy==2.1.3"])[1:] == ["numpy==2.1.3"]
    lock = (ROOT / "requirements.lock").read_text()
    assert "\n".join(fetched.versions(lock, [])) in lock


def test_the_libraries_of_several_pythons_are_in_one_tree(
    builder: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fetched

    def install(command: list[str], check: bool) -> None:
        python = command[command.index("--python-version") + 1].replace(".", "")
        target = Path(command[command.index("--target") + 1])
        for name, text in files_of(python).items():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_text(text)

    def files_of(python: str) -> dict[str, str]:
        own = {f"x/y.cpython-{python}-x86_64-linux-gnu.so": python, "x-1.dist-info/WHEEL": python}
        return {"x/__init__.py": "same", "x/abi3.so": "same", **own, **other.get(python, {})}

    monkeypatch.setattr(fetched.subprocess, "run", install)
    other: dict[str, dict[str, str]] = {}
    words = (builder.arguments([]), fetched.LINUX, ("3.11", "3.12"), fetched.SCANNER)
    assert sorted(fetched.packages(*words)) == [
        "x-1.dist-info/WHEEL",
        "x/__init__.py",
        "x/abi3.so",
        "x/y.cpython-311-x86_64-linux-gnu.so",
        "x/y.cpython-312-x86_64-linux-gnu.so",
    ]
    other = {"312": {"x/__init__.py": "another"}}
    with pytest.raises(SystemExit, match=r"x/__init__\.py is another file for Python 3\.12"):
        fetched.packages(*words)


def test_the_single_file_runs_on_every_python_of_the_product(builder: ModuleType) -> None:
    import fetched

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["requires-python"] == f">={fetched.PYTHONS[0]}"
    minors = [int(version.removeprefix("3.")) for version in fetched.PYTHONS]
    assert minors == list(range(minors[0], minors[-1] + 1))
    assert sys.version_info[1] in minors


def test_the_digests_of_what_was_written_also_without_nsis(
    builder: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import bundles
    import installer

    monkeypatch.setattr(installer, "possible", lambda: False)
    files = {"Lamsach.exe": b"MZ", "sbom.cdx.json": b"{}"}
    monkeypatch.setattr(bundles, "hunt_files", lambda wanted, name: dict(files))
    monkeypatch.setattr(sys, "argv", ["release.py", "--only", "hunt", "--out", str(tmp_path)])
    builder.main()
    out = capsys.readouterr()
    assert "no installer, which needs NSIS" in out.err
    sums = (tmp_path / "SHA256SUMS").read_text()
    assert out.out == sums
    listed = dict(reversed(line.split("  ")) for line in sums.splitlines())
    written = {path.name for path in tmp_path.iterdir()} - {"SHA256SUMS"}
    assert {name.rpartition("windows-x86_64.")[2] for name in written} == {"zip", "zip.cdx.json"}
    assert listed == {name: hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in written}


def test_the_program_in_the_bundle_imports_nothing_that_is_not(builder: ModuleType) -> None:
    import sources

    files = {name.removeprefix("app/") for name in sources.scanner()}
    lines = (ROOT / "packaging" / "scanner-requirements.txt").read_text().splitlines()
    wanted = [line for line in lines if not line.startswith("#")]
    missing = set()
    shipped = {name.replace("-", "_") for name in wanted}
    shipped |= {
        module for name, module in (("python-docx", "docx"), ("libarchive-c", "libarchive")) if name in wanted
    }
    for name, data in sources.scanner().items():
        if not name.endswith(".py"):
            continue
        for node in ast.walk(ast.parse(data)):
            modules = [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for module in modules:
                if module in OF_OTHER_COMMANDS:
                    continue
                if module.startswith("lamsach."):
                    path = module.replace(".", "/")
                    assert f"{path}.py" in files or f"{path}/__init__.py" in files, f"{name}: {module}"
                elif module not in ("lamsach", "lamsach_scanner"):
                    first = module.split(".")[0]
                    if first not in sys.stdlib_module_names and first not in shipped:
                        missing.add(f"{name}: {module}")
    assert not missing, "add the package to packaging/scanner-requirements.txt"


def test_the_bill_of_materials(builder: ModuleType) -> None:
    metadata = {
        "x-1.dist-info/METADATA": b"Metadata-Version: 2.1\nName: X_y\nVersion: 1.2\nLicense: MIT\n\ntext"
    }
    import zips

    document = json.loads(zips.sbom("n", metadata))
    assert document["components"] == [
        {
            "type": "library",
            "name": "X_y",
            "version": "1.2",
            "purl": "pkg:pypi/x-y@1.2",
            "licenses": [{"license": {"name": "MIT"}}],
        }
    ]


def keys_in(folder: Path) -> tuple[str, str]:
    """Make a new key; return the paths of its private and its public half."""
    private, public = make_key()
    (folder / "key.pem").write_bytes(private)
    (folder / "key.pem.pub").write_bytes(public)
    return str(folder / "key.pem"), str(folder / "key.pem.pub")


def campaign_files(builder: ModuleType, folder: Path, *words: str) -> dict[str, bytes]:
    """Return the scanner's files built with these options, the campaign's also written below the folder."""
    import carried
    import sources

    files = carried.with_campaign(builder.arguments(list(words)), sources.scanner())
    (folder / "campaign").mkdir(exist_ok=True)
    for name, data in files.items():
        if name.startswith("campaign/"):
            (folder / name).write_bytes(data)
    return dict(files)


def built_in_key(files: dict[str, bytes]) -> str:
    """Return the key in the program."""
    found = re.search(rb'^PUBLIC_KEY = "(.*)"', files["app/lamsach_scanner.py"], re.MULTILINE)
    assert found is not None
    return found[1].decode()


CHANGES = ["", "list", "manifest", "signature", "key", "more", "less", "portal", "other key", "no manifest"]


@pytest.mark.parametrize("change", CHANGES)
def test_a_signed_list(builder: ModuleType, tmp_path: Path, change: str) -> None:
    private, _public = keys_in(tmp_path)
    (tmp_path / "list.txt").write_text("evil.example.com\n")
    words = ["--list", str(tmp_path / "list.txt"), "--signing-key", private, "--portal", f"{PORTAL}/"]
    files = campaign_files(builder, tmp_path, *words)
    folder, public = tmp_path / "campaign", built_in_key(files)
    changed = {"list": "list.txt", "manifest": "manifest.json", "signature": "manifest.sig"}.get(change)
    if changed:
        data = bytearray((folder / changed).read_bytes())
        data[3] ^= 1
        (folder / changed).write_bytes(data)
    elif change == "portal":
        text = (folder / "manifest.json").read_text()
        (folder / "manifest.json").write_text(text.replace("portal.example", "evil.example"))
    elif change == "more":
        (folder / "other.txt").write_text("192.0.2.1\n")
    elif change == "less":
        (folder / "list.txt").unlink()
    elif change == "key":
        public = "00" * 32
    elif change == "other key":  # a stranger signs a list and names the own key: the program holds another
        (tmp_path / "else").mkdir()
        other_key, _ = keys_in(tmp_path / "else")
        again = ["--list", str(tmp_path / "list.txt"), "--signing-key", other_key]
        campaign_files(builder, tmp_path, *again)
    elif change == "no manifest":
        (folder / "manifest.json").unlink()
    if change:
        with pytest.raises(InputError, match="not used"):
            read_campaign(folder, public)
    else:
        found = read_campaign(folder, public)
        assert (found.lists, found.terms) == ((str(folder / "list.txt"),), Terms(portal=PORTAL))
        assert found.signer == fingerprint(load_public_key((tmp_path / "key.pem.pub").read_bytes(), ""))


def test_the_only_key_that_a_plain_bundle_accepts(builder: ModuleType, tmp_path: Path) -> None:
    _private, public = keys_in(tmp_path)
    plain = built_in_key(campaign_files(builder, tmp_path))
    trusting = built_in_key(campaign_files(builder, tmp_path, "--trust", public))
    assert plain == ""
    assert len(bytes.fromhex(trusting)) == 32
    assert not list((tmp_path / "campaign").iterdir())


@pytest.mark.parametrize(
    "document",
    [
        {"lists": {}, "word": "a b"},
        {"lists": {}, "expires": "tomorrow"},
        {"lists": {}, "expires": "2026-01-01T00:00:00"},
        {"lists": "x"},
        [],
        {"lists": {"../list.txt": "00" * 32}},
    ],
)
def test_what_is_signed_has_to_make_sense(tmp_path: Path, document: object) -> None:
    key = load_private_key(make_key()[0], "")
    manifest = json.dumps(document).encode()
    (tmp_path / "manifest.json").write_bytes(manifest)
    (tmp_path / "manifest.sig").write_bytes(key.sign(PREFIX + manifest))
    (tmp_path / "key").write_text(key.public_key().public_bytes_raw().hex())
    with pytest.raises(InputError, match="not used"):
        read_campaign(tmp_path)


def test_the_installer_names_every_file_once(builder: ModuleType) -> None:
    import installer  # the builder put its folder on the path

    files = {"Lamsach.exe": b"", "python/python.exe": b"", "lib/a b$c/x.py": b"", "lib/tên/ä.txt": b""}
    text = installer.text("lamsach-scanner-1.2.3", "Lamsach", "1.2.3", files)
    assert text.count("\nFile ") == text.count('\nDelete "$INSTDIR') - 1 == len(files)
    assert 'File "lib/a b$$c/x.py"' in text
    assert 'Delete "$INSTDIR\\lib\\a b$$c\\x.py"' in text
    assert "RMDir /r" not in text.replace("__pycache__", "") or all(
        line.endswith('__pycache__"') for line in text.splitlines() if line.startswith("RMDir /r")
    )
    assert text.index('RMDir "$INSTDIR\\lib\\tên"') < text.index('RMDir "$INSTDIR\\lib"')


def test_the_hunt_bundle_holds_its_imports(builder: ModuleType) -> None:
    import sources

    names = sources.hunt()
    assert "app/lamsach/desk/server.py" in names
    assert not [
        name for name in names if any(part in name for part in ("/portal/", "__pycache__", "/objects/"))
    ]
    (code,) = sources.machine_code(own_platform())
    assert code.startswith(f"app/lamsach/hunt/kernel/objects/{own_platform()}-")
    for module in ("hunt", "trace", "send", "documents/report", "logs/run", "indicators/read", "desk"):
        assert f"app/lamsach/cli/{module}.py" in names


@pytest.mark.parametrize("module", ["lamsach_hunt", "lamsach_scanner"])
def test_what_a_bundle_for_windows_holds(
    builder: ModuleType, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import bundles

    python = {"python313._pth": b"python313.zip\r\n.\r\n", "python.exe": b"MZ"}
    monkeypatch.setattr(bundles, "embedded", lambda wanted: python)
    monkeypatch.setattr(bundles, "launcher", lambda wanted: b"MZ launcher ")
    files = bundles.started(builder.arguments([]), "a", {f"app/{module}.py": b""}, {"x/y.py": b""}, module)
    assert files["python/python313._pth"].split() == [b"python313.zip", b".", b"..\\lib", b"..\\app"]
    assert files["Lamsach.exe"].startswith(b"MZ launcher #!<launcher_dir>\\python\\python.exe -X utf8\r\nPK")
    assert f'python.exe" -X utf8 -m {module} %*'.encode() in files["Lamsach.cmd"]
    readme = files["README.txt"].decode("utf-8-sig")
    assert re.findall(r"^(\d)\. ", readme, re.MULTILINE) == ["1", "2", "3"] * 2  # in two languages
    assert readme.count("\n") == readme.count("\r\n")
    assert all(name in readme for name in ("Lamsach.exe", "Lamsach.cmd", "-setup.exe"))


def test_an_installer_is_made_the_same_twice(builder: ModuleType) -> None:
    require_program("makensis")
    import installer

    files = {"Lamsach.exe": b"MZ", "python/a.txt": b"text", "app/tên.txt": b"x"}
    installers = [installer.made("lamsach-scanner-1.2", "Lamsach", "1.2", files) for _ in range(2)]
    assert installers[0] == installers[1]
    assert installers[0][:2] == b"MZ"


def test_an_installer_s_script_depends_on_the_files_alone(builder: ModuleType) -> None:
    """The script does not depend on the order of a set, which differs from process to process."""
    code = """
import sys
sys.path.insert(0, sys.argv[1])
import installer
files = {f"app/{letter * 3}/{other * 2}/a.txt": b"" for letter in "abcdefgh" for other in "xyz"}
print(installer.text("lamsach-scanner-1.2", "Lamsach", "1.2", files))
"""
    command = [sys.executable, "-c", code, str(ROOT / "packaging")]
    scripts = {
        subprocess.run(
            command, capture_output=True, check=True, env={**os.environ, "PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    }
    assert len(scripts) == 1


def test_a_signed_set_up_verifies(
    builder: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("makensis", "osslsigncode", "openssl"):
        require_program(name)
    import installer

    commands = (
        (
            "req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -days 2 -subj /CN=Unit -addext "
            "extendedKeyUsage=codeSigning"
        ),
        "pkcs12 -export -inkey k.pem -in c.pem -out k.p12 -passout pass:word",
    )
    for command in commands:
        subprocess.run(["openssl", *command.split()], cwd=tmp_path, check=True, capture_output=True)
    monkeypatch.setenv("LAMSACH_SIGN_PASSWORD", "word")
    wanted = argparse.Namespace(sign=tmp_path / "k.p12", timestamp=None)
    plain = installer.made("lamsach-scanner-1.2", "Lamsach", "1.2", {"Lamsach.exe": b"MZ"})
    (tmp_path / "signed.exe").write_bytes(installer.signed(wanted, plain))
    verify = ["osslsigncode", "verify", "-CAfile", "c.pem", "-in", "signed.exe"]
    ran = subprocess.run(verify, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Signature verification: ok" in ran.stdout
