"""Authenticode: trust in a program's signature, and the signer (WinVerifyTrust, wintrust.dll).

Both kinds are queried: a signature in the file, and one in a catalogue of the system. Nothing is fetched from
the network, so a recently revoked certificate may still count as trusted.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

ctypes: Any = import_module("ctypes")  # partly present on Windows only

_NO_MATCH = 0x80092009
_UI_NONE, _REVOKE_NONE = 2, 0
_CHOICE_FILE, _CHOICE_CATALOG = 1, 2
_STATE_VERIFY, _STATE_CLOSE = 1, 2
_CACHE_ONLY_URL_RETRIEVAL = 0x1000
_SIMPLE_DISPLAY = 4  # CERT_NAME_SIMPLE_DISPLAY_TYPE


class _Guid(ctypes.Structure):  # type: ignore[misc]
    _fields_ = (
        ("a", ctypes.c_uint32),
        ("b", ctypes.c_uint16),
        ("c", ctypes.c_uint16),
        ("d", ctypes.c_uint8 * 8),
    )


class _FileInfo(ctypes.Structure):  # type: ignore[misc]
    """WINTRUST_FILE_INFO."""

    _fields_ = (
        ("size", ctypes.c_uint32),
        ("path", ctypes.c_wchar_p),
        ("file", ctypes.c_void_p),
        ("subject", ctypes.c_void_p),
    )


class _CatalogInfo(ctypes.Structure):  # type: ignore[misc]
    """WINTRUST_CATALOG_INFO."""

    _fields_ = (
        ("size", ctypes.c_uint32),
        ("version", ctypes.c_uint32),
        ("catalog", ctypes.c_wchar_p),
        ("tag", ctypes.c_wchar_p),
        ("path", ctypes.c_wchar_p),
        ("file", ctypes.c_void_p),
        ("hash", ctypes.c_void_p),
        ("hash_size", ctypes.c_uint32),
        ("context", ctypes.c_void_p),
        ("admin", ctypes.c_void_p),
    )


class _Data(ctypes.Structure):  # type: ignore[misc]
    """WINTRUST_DATA."""

    _fields_ = (
        ("size", ctypes.c_uint32),
        ("policy", ctypes.c_void_p),
        ("sip", ctypes.c_void_p),
        ("ui", ctypes.c_uint32),
        ("revocation", ctypes.c_uint32),
        ("choice", ctypes.c_uint32),
        ("subject", ctypes.c_void_p),
        ("action", ctypes.c_uint32),
        ("state", ctypes.c_void_p),
        ("url", ctypes.c_wchar_p),
        ("flags", ctypes.c_uint32),
        ("context", ctypes.c_uint32),
        ("signature", ctypes.c_void_p),
    )


class _CatalogFile(ctypes.Structure):  # type: ignore[misc]
    """CATALOG_INFO."""

    _fields_ = (("size", ctypes.c_uint32), ("path", ctypes.c_wchar * 260))


class _Certificate(ctypes.Structure):  # type: ignore[misc]
    """The beginning of CRYPT_PROVIDER_CERT."""

    _fields_ = (("size", ctypes.c_uint32), ("context", ctypes.c_void_p))


def _generic_verify() -> _Guid:
    """WINTRUST_ACTION_GENERIC_VERIFY_V2 {00AAC56B-CD44-11D0-8CC2-00C04FC295EE}."""
    last = (ctypes.c_uint8 * 8)(0x8C, 0xC2, 0x00, 0xC0, 0x4F, 0xC2, 0x95, 0xEE)
    return _Guid(0x00AAC56B, 0xCD44, 0x11D0, last)


def embedded(path: str) -> tuple[int, str]:
    """Query WinVerifyTrust for a file's own signature; return its code, and the signer's name."""
    info = _FileInfo(ctypes.sizeof(_FileInfo), path, None, None)
    return _verify(_CHOICE_FILE, info)


def by_catalogue(path: str) -> tuple[int, str]:
    """Query it for a signature in a catalogue of the system. Raises OSError for an unreadable file."""
    trust: Any = ctypes.WinDLL("wintrust", use_last_error=True)
    handle = ctypes.c_void_p()
    algorithm = ctypes.c_wchar_p("SHA256")
    if not trust.CryptCATAdminAcquireContext2(ctypes.byref(handle), None, algorithm, None, 0):
        raise ctypes.WinError(ctypes.get_last_error())
    try:
        return _in_catalogues(trust, handle, path)
    finally:
        trust.CryptCATAdminReleaseContext(handle, 0)


def _in_catalogues(trust: Any, admin: Any, path: str) -> tuple[int, str]:
    msvcrt: Any = import_module("msvcrt")
    with open(path, "rb") as stream:  # noqa: PTH123 - no other module is needed here
        file = ctypes.c_void_p(msvcrt.get_osfhandle(stream.fileno()))
        size, digest = ctypes.c_uint32(64), (ctypes.c_uint8 * 64)()
        if not trust.CryptCATAdminCalcHashFromFileHandle2(admin, file, ctypes.byref(size), digest, 0):
            raise ctypes.WinError(ctypes.get_last_error())
        trust.CryptCATAdminEnumCatalogFromHash.restype = ctypes.c_void_p
        catalogue = ctypes.c_void_p(trust.CryptCATAdminEnumCatalogFromHash(admin, digest, size, 0, None))
        if not catalogue.value:
            return _NO_MATCH, ""
        try:
            found = _CatalogFile(ctypes.sizeof(_CatalogFile))
            if not trust.CryptCATCatalogInfoFromContext(catalogue, ctypes.byref(found), 0):
                return _NO_MATCH, ""
            info = _CatalogInfo(
                size=ctypes.sizeof(_CatalogInfo),
                catalog=found.path,
                tag=bytes(digest[: size.value]).hex().upper(),
                path=path,
                file=file,
                hash=ctypes.cast(digest, ctypes.c_void_p),
                hash_size=size,
                admin=admin,
            )
            return _verify(_CHOICE_CATALOG, info)
        finally:
            trust.CryptCATAdminReleaseCatalogContext(admin, catalogue, 0)


def _verify(choice: int, info: Any) -> tuple[int, str]:
    trust: Any = ctypes.WinDLL("wintrust", use_last_error=True)
    action = _generic_verify()
    data = _Data(
        size=ctypes.sizeof(_Data),
        ui=_UI_NONE,
        revocation=_REVOKE_NONE,
        choice=choice,
        subject=ctypes.cast(ctypes.byref(info), ctypes.c_void_p),
        action=_STATE_VERIFY,
        flags=_CACHE_ONLY_URL_RETRIEVAL,
    )
    no_window = ctypes.c_void_p(-1)
    code = trust.WinVerifyTrust(no_window, ctypes.byref(action), ctypes.byref(data)) & 0xFFFFFFFF
    try:
        return code, _signer(trust, data.state) if data.state else ""
    finally:
        data.action = _STATE_CLOSE
        trust.WinVerifyTrust(no_window, ctypes.byref(action), ctypes.byref(data))


def _signer(trust: Any, state: int) -> str:
    for name in (
        "WTHelperProvDataFromStateData",
        "WTHelperGetProvSignerFromChain",
        "WTHelperGetProvCertFromChain",
    ):
        getattr(trust, name).restype = ctypes.c_void_p
    provider = trust.WTHelperProvDataFromStateData(ctypes.c_void_p(state))
    signer = provider and trust.WTHelperGetProvSignerFromChain(ctypes.c_void_p(provider), 0, 0, 0)
    found = signer and trust.WTHelperGetProvCertFromChain(ctypes.c_void_p(signer), 0)
    if not found:
        return ""
    context = ctypes.cast(found, ctypes.POINTER(_Certificate)).contents.context
    text = ctypes.create_unicode_buffer(256)
    ctypes.WinDLL("crypt32").CertGetNameStringW(ctypes.c_void_p(context), _SIMPLE_DISPLAY, 0, None, text, 256)
    return str(text.value)


OF_WINDOWS = frozenset(
    [
        "microsoft windows",
        "microsoft windows publisher",
        "microsoft corporation",
        "microsoft windows early launch anti-malware publisher",
        "microsoft windows hardware compatibility publisher",
    ]
)
"""Signers of the operating system and of Microsoft's software shipped with it."""
_NO_SIGNATURE = frozenset({0x800B0100, 0x800B0003, 0x800B0001, 0x80092009})
"""TRUST_E_NOSIGNATURE, TRUST_E_SUBJECT_FORM_UNKNOWN, TRUST_E_PROVIDER_UNKNOWN, CRYPT_E_NO_MATCH."""
_FIRST_OF_TRUST = 0x80090000
"""Smaller codes mean that the file could not be opened (0x20 and 0x80070020: in use)."""
_NOT_READ = frozenset({0x80092003})
"""CRYPT_E_FILE_ERROR."""
UNKNOWN, UNSIGNED, DISTRUSTED, TRUSTED = "unknown", "unsigned", "distrusted", "trusted"


def signature(path: str) -> tuple[str, str]:
    """Return `trusted`, `distrusted` (damaged, expired, unknown), `unsigned` or `unknown`; the signer."""
    if os.name != "nt":
        return UNKNOWN, ""
    try:
        code, signer = embedded(path)
        if code in _NO_SIGNATURE:
            code, signer = by_catalogue(path)
    except (OSError, AttributeError):
        return UNKNOWN, ""
    return judged(code), signer


def judged(code: int) -> str:
    """Interpret a code of WinVerifyTrust."""
    if code == 0:
        return TRUSTED
    if code in _NO_SIGNATURE:
        return UNSIGNED
    return DISTRUSTED if code >= _FIRST_OF_TRUST and code not in _NOT_READ else UNKNOWN


def of_windows(path: str) -> bool:
    """Return whether the operating system's vendor signed the file, validly."""
    state, signer = signature(path)
    return state == TRUSTED and signer.strip().lower() in OF_WINDOWS
