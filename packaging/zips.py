"""Zip files and bills of materials that depend on nothing but what they are made of."""

from __future__ import annotations

import email.parser
import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from typing import Any

TIME = (1980, 1, 1, 0, 0, 0)
SECONDS = 315_532_800
"""The same moment, the oldest that a zip can state, as seconds since 1970."""


def under(folder: str, files: dict[str, bytes]) -> dict[str, bytes]:
    """The same files in a folder."""
    return {f"{folder}/{name}": data for name, data in files.items()}


def packed(files: dict[str, bytes]) -> bytes:
    """A zip of the files that depends on nothing but them."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            header = zipfile.ZipInfo(name, TIME)
            header.compress_type = zipfile.ZIP_DEFLATED
            header.create_system, header.external_attr = 3, 0o644 << 16
            archive.writestr(header, files[name])
    return stream.getvalue()


def sbom(name: str, libraries: dict[str, bytes]) -> bytes:
    """The bill of materials of these files of packages."""
    return bill(name, _components(libraries))


def bill(name: str, components: Iterable[dict[str, object]]) -> bytes:
    """A bill of materials after CycloneDX 1.6, without a time or a random number."""
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": name}},
        "components": sorted(components, key=lambda one: (str(one["name"]), str(one["version"]))),
    }
    return json.dumps(document, indent=1).encode() + b"\n"


def component(title: str, version: str, licence: str = "") -> dict[str, object]:
    """A library in a bill of materials."""
    return {
        "type": "library",
        "name": title,
        "version": version,
        "purl": f"pkg:pypi/{title.lower().replace('_', '-')}@{version}",
        "licenses": [{"license": {"name": licence}}] if licence else [],
    }


def _components(libraries: dict[str, bytes]) -> Iterator[dict[str, object]]:
    for path, data in libraries.items():
        if path.endswith(".dist-info/METADATA"):
            meta = email.parser.BytesParser().parsebytes(data, headersonly=True)
            yield component(str(meta["Name"]), str(meta["Version"]), licence_of(meta))


def licence_of(meta: Any) -> str:
    """The licence that a package's metadata states, in one line."""
    return next(iter(str(meta.get("License-Expression") or meta.get("License") or "").splitlines()), "")
