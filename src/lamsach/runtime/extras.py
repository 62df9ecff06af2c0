"""Optional packages: the extra that installs each, and the error that names it.

A command imports optional packages on demand, and the command line converts a failed import into that error
(`missing`). Code whose errors are caught earlier, as those of one unreadable file among many, raises it
itself (`require`, `missing_extra`).
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from lamsach.errors import MissingExtraError
from lamsach.i18n import mark

MODULES: Mapping[str, str] = {
    "allauth": "portal",
    "argon2": "portal",
    "django": "portal",
    "django_htmx": "portal",
    "granian": "portal",
    "holidays": "portal",
    "ninja": "portal",
    "qrcode": "portal",
    "whitenoise": "portal",
    "libarchive": "scanner",
    "pyzipper": "scanner",
    "yara_x": "scanner",
    "docx": "docs",
    "pydantic": "docs",
    "typst": "docs",
    "pyrage": "seal",
    "pyarrow": "tables",
    "pypdfium2": "ocr",
    "psycopg": "postgres",
    "confluent_kafka": "kafka",
    "fsspec": "s3",
    "s3fs": "s3",
    "cloudpickle": "cluster",
    "distributed": "cluster",
    "asn1crypto": "sign",
    "pyhanko": "sign",
    "pyhanko_certvalidator": "sign",
    "lxml": "sign",
    "signxml": "sign",
    "pkcs11": "token",
    "llvmlite": "jit",
    "numba": "jit",
}
"""The extra of `pyproject.toml` that installs each of these top-level modules."""
INSTALL = "Install it: pip install 'lamsach[{extra}]'"
"""Advice; `catalogue_vi` has it in Vietnamese for each extra."""


def installed(module: str) -> bool:
    """Return whether this top-level module can be imported, without importing it."""
    return find_spec(module) is not None


def require(module: str) -> None:
    """Raise MissingExtraError unless this top-level module, a row of `MODULES`, can be imported."""
    if not installed(module):
        raise missing_extra(module)


def missing(error: BaseException) -> MissingExtraError | None:
    """Return the error for an import that failed for lack of an extra, itself or as cause; else None."""
    cause: BaseException | None = error
    while cause is not None:
        module = (
            (getattr(cause, "name", None) or "").partition(".")[0] if isinstance(cause, ImportError) else ""
        )
        if module in MODULES and not installed(module):
            return missing_extra(module)
        cause = cause.__cause__ or cause.__context__
    return None


def missing_extra(module: str) -> MissingExtraError:
    """Return the error for this row of `MODULES`: the missing package, and the command to install it."""
    todo = INSTALL.format(extra=MODULES[module])
    return MissingExtraError(mark("A package that this needs is not installed."), module, todo)
