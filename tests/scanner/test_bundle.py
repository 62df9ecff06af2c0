"""The bundles: the same bytes each time, only files that may be in it."""

from __future__ import annotations

import argparse
import ast
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from lamsach.errors import InputError
from lamsach.scanner.campaign import campaign_lists

ROOT = Path(__file__).parents[2]


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
    shipped = {name.replace("-", "_") for name in wanted} | {"docx" if "python-docx" in wanted else ""}
    for name, data in builder.app().items():
        if not name.endswith(".py"):
            continue
        for node in ast.walk(ast.parse(data)):
            modules = [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for module in modules:
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


@pytest.mark.parametrize("change", ["", "list", "manifest", "signature", "key", "more", "less"])
def test_a_signed_list(builder: ModuleType, tmp_path: Path, change: str) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    keys = [Ed25519PrivateKey.generate() for _ in range(2)]
    pem = keys[0].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key.pem").write_bytes(pem)
    (tmp_path / "list.txt").write_text("evil.example.com\n")
    wanted = argparse.Namespace(list=[tmp_path / "list.txt"], signing_key=tmp_path / "key.pem")
    folder = tmp_path / "campaign"
    folder.mkdir()
    for name, data in builder.campaign(wanted).items():
        (tmp_path / name).write_bytes(data)
    changed = {"list": "list.txt", "manifest": "manifest.json", "signature": "manifest.sig"}.get(change)
    if changed:
        data = bytearray((folder / changed).read_bytes())
        data[3] ^= 1
        (folder / changed).write_bytes(data)
    elif change == "more":
        (folder / "other.txt").write_text("192.0.2.1\n")
    elif change == "less":
        (folder / "list.txt").unlink()
    public = keys[change == "key"].public_key().public_bytes_raw().hex()
    if change:
        with pytest.raises(InputError, match="not used"):
            campaign_lists(folder, public)
    else:
        assert campaign_lists(folder, public) == [str(folder / "list.txt")]
