"""The bundles: the same bytes each time, only files that may be in it."""

from __future__ import annotations

import argparse
import ast
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from lamsach.errors import InputError
from lamsach.scanner.campaign import Carried, read_campaign

ROOT = Path(__file__).parents[2]
OF_OTHER_COMMANDS = {"lamsach.cli.checking"}
"""Imported for commands that the scanner's bundle does not have."""
PORTAL = "https://portal.example/api/campaigns/3"


def load_builder() -> ModuleType:
    """The module that builds the bundles."""
    spec = importlib.util.spec_from_file_location("bundle_builder", ROOT / "packaging" / "scanner.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def builder() -> ModuleType:
    return load_builder()


def test_the_same_bytes(builder: ModuleType) -> None:
    files = builder.app()
    assert builder.packed(files) == builder.packed(dict(reversed(files.items())))


def test_the_program_in_the_bundle_imports_nothing_that_is_not(builder: ModuleType) -> None:
    files = {name.removeprefix("app/") for name in builder.app()}
    lines = (ROOT / "packaging" / "scanner-requirements.txt").read_text().splitlines()
    wanted = [line for line in lines if not line.startswith("#")]
    missing = set()
    shipped = {name.replace("-", "_") for name in wanted}
    shipped |= {
        module for name, module in (("python-docx", "docx"), ("libarchive-c", "libarchive")) if name in wanted
    }
    for name, data in builder.app().items():
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
    made = {"x-1.dist-info/METADATA": b"Metadata-Version: 2.1\nName: X_y\nVersion: 1.2\nLicense: MIT\n\ntext"}
    document = json.loads(builder.sbom("n", made))
    assert document["components"] == [
        {
            "type": "library",
            "name": "X_y",
            "version": "1.2",
            "purl": "pkg:pypi/x-y@1.2",
            "licenses": [{"license": {"name": "MIT"}}],
        }
    ]


@pytest.mark.parametrize("change", ["", "list", "manifest", "signature", "key", "more", "less", "portal"])
def test_a_signed_list(builder: ModuleType, tmp_path: Path, change: str) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    keys = [Ed25519PrivateKey.generate() for _ in range(2)]
    pem = keys[0].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key.pem").write_bytes(pem)
    (tmp_path / "list.txt").write_text("evil.example.com\n")
    wanted = argparse.Namespace(
        list=[tmp_path / "list.txt"], signing_key=tmp_path / "key.pem", portal=f"{PORTAL}/"
    )
    folder = tmp_path / "campaign"
    folder.mkdir()
    for name, data in builder.campaign(wanted).items():
        (tmp_path / name).write_bytes(data)
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
    public = keys[change == "key"].public_key().public_bytes_raw().hex()
    if change:
        with pytest.raises(InputError, match="not used"):
            read_campaign(folder, public)
    else:
        assert read_campaign(folder, public) == Carried((str(folder / "list.txt"),), PORTAL)


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


def test_the_hunt_carries_what_it_imports(builder: ModuleType) -> None:
    import hunt_bundle

    names = hunt_bundle.program(builder)
    assert "app/lamsach/desk/server.py" in names
    assert not [name for name in names if "/portal/" in name or "__pycache__" in name]
    for module in ("hunt", "trace", "send", "report", "logs", "indicators", "desk"):
        assert f"app/lamsach/cli/{module}.py" in names


@pytest.mark.skipif(
    shutil.which("makensis") is None and not os.environ.get("CI"), reason="nsis is not installed"
)
def test_an_installer_is_made_the_same_twice(builder: ModuleType) -> None:
    import installer

    files = {"Lamsach.exe": b"MZ", "python/a.txt": b"text", "app/tên.txt": b"x"}
    made = [installer.made("lamsach-scanner-1.2", "Lamsach", "1.2", files) for _ in range(2)]
    assert made[0] == made[1]
    assert made[0][:2] == b"MZ"


@pytest.mark.skipif(
    shutil.which("osslsigncode") is None and not os.environ.get("CI"), reason="osslsigncode is not installed"
)
def test_a_signature(builder: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import installer

    commands = (
        "req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -days 2 -subj /CN=Unit -addext extendedKeyUsage=codeSigning",
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
