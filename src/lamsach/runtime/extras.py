"""Packages that not every installation has: which extra brings each, and the one error that names it.

A command imports what it needs when it needs it, and the command line turns a failed import into that error
(`missing`). Code whose errors are caught before they get there, as those of one unreadable file among many,
raises it itself (`require`, `missing_extra`).
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
"""The extra of `pyproject.toml` that brings each of these top-level modules."""
INSTALL = "Install it: pip install 'lamsach[{extra}]'"
"""What to do; `catalogue_vi` has it in Vietnamese for each extra."""


def installed(module: str) -> bool:
    """Return whether this top-level module can be imported. Imports nothing."""
    return find_spec(module) is not None


def require(module: str) -> None:
    """Raise MissingExtraError unless this top-level module, a row of `MODULES`, can be imported."""
    if not installed(module):
        raise missing_extra(module)


def missing(error: BaseException) -> MissingExtraError | None:
    """The error for a failed import for want of an extra, itself or its cause; None for any other."""
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
    """The error for this row of `MODULES`: which package is not installed, and what to install."""
    todo = INSTALL.format(extra=MODULES[module])
    return MissingExtraError(mark("A package that this needs is not installed."), module, todo)
