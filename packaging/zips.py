"""Zip files and bills of materials that depend on nothing but what they are made of."""

from __future__ import annotations

import email.parser
import io
import json
import zipfile
from collections.abc import Iterator

TIME = (1980, 1, 1, 0, 0, 0)


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
    """The bill of materials after CycloneDX 1.6, without a time or a random number."""
    components = sorted(_components(libraries), key=lambda component: str(component["name"]))
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": name}},
        "components": components,
    }
    return json.dumps(document, indent=1).encode() + b"\n"


def _components(libraries: dict[str, bytes]) -> Iterator[dict[str, object]]:
    for path, data in libraries.items():
        if not path.endswith(".dist-info/METADATA"):
            continue
        meta = email.parser.BytesParser().parsebytes(data, headersonly=True)
        title, version = str(meta["Name"]), str(meta["Version"])
        licence = str(meta["License-Expression"] or meta["License"] or "").splitlines()
        yield {
            "type": "library",
            "name": title,
            "version": version,
            "purl": f"pkg:pypi/{title.lower().replace('_', '-')}@{version}",
            "licenses": [{"license": {"name": licence[0]}}] if licence else [],
        }
