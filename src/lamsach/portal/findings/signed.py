"""A bundle with a signature of the unit's token, for the way by USB stick: a line of JSON, then the bundle as it is (written by `lamsach.results.upload`)."""

from __future__ import annotations

import json
from typing import Any

from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.portal.api.models import Token
from lamsach.results.upload import SIGNED, signature

_HEAD_BYTES = 1000
_WRONG = mark("The signature of the file is not that of a unit's valid token.")
_ASK = mark("Ask the unit to sign it again with a token that is not revoked.")


def is_signed(file: Any) -> bool:
    """Return whether the file says that it is signed."""
    file.seek(0)
    head: bytes = file.read(40)
    file.seek(0)
    return SIGNED.encode() in head


def read_head(file: Any) -> tuple[Token, int]:
    """The token that signed the file, and at which byte the bundle begins. InputError for another signature or changed bytes."""
    import hashlib
    import hmac

    file.seek(0)
    line: bytes = file.readline(_HEAD_BYTES)
    try:
        head = json.loads(line)
        stated, sha256, name = head["signature"], head["sha256"], head["token"]
        if not all(isinstance(text, str) for text in (stated, sha256, name)) or len(name) != 16:
            raise ValueError("not a signed file")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(_WRONG, "", _ASK) from error
    token = Token.objects.filter(digest__startswith=name, revoked=None).select_related("unit").first()
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    right = token is not None and hmac.compare_digest(signature(token.digest, sha256), stated)
    if token is None or not right or digest.hexdigest() != sha256:
        raise InputError(_WRONG, "", _ASK)
    return token, len(line)


class Inside:
    """The bundle inside a signed file, as a file that can be read and sought."""

    def __init__(self, file: Any, begin: int) -> None:
        self._file, self._begin = file, begin

    def seek(self, offset: int, whence: int = 0) -> int:
        """As of a file."""
        place = self._file.seek(self._begin + offset) if whence == 0 else self._file.seek(offset, whence)
        return int(place) - self._begin

    def tell(self) -> int:
        """As of a file."""
        return int(self._file.tell()) - self._begin

    def read(self, size: int = -1) -> bytes:
        """As of a file."""
        data: bytes = self._file.read(size)
        return data

    def seekable(self) -> bool:
        """True."""
        return True
