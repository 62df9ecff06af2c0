"""The scanner for Linux as a single file."""

from __future__ import annotations

import argparse
from pathlib import Path

from carried import with_campaign
from fetched import LINUX, SCANNER, packages
from sources import ROOT, scanner
from zips import packed, sbom, under


def linux(wanted: argparse.Namespace, name: str) -> Path:
    """The single file: a zip behind a `#!` line, made executable."""
    out: Path = wanted.out
    libraries = packages(wanted, LINUX, wanted.python_version, SCANNER)
    start = (ROOT / "packaging" / "start.py").read_text().replace("@PYTHON@", wanted.python_version)
    files = {**with_campaign(wanted, scanner()), **under("lib", libraries), "__main__.py": start.encode()}
    files["sbom.cdx.json"] = sbom(name, libraries)
    path = out / f"{name}-linux-x86_64-py{wanted.python_version}.pyz"
    path.write_bytes(f"#!/usr/bin/env python{wanted.python_version}\n".encode() + packed(files))
    path.chmod(0o755)
    (wanted.out / f"{path.name}.cdx.json").write_bytes(files["sbom.cdx.json"])
    return path
