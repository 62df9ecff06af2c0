"""Files of a browser's form (multipart/form-data, RFC 7578), written to the disk as they arrive."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.runtime.file_names import safe_name

READ_BYTES = 1 << 18
HEADER_BYTES = 8192
TEXT_BYTES = 4096
FILES = 2000
_BOUNDARY = re.compile(r'multipart/form-data;.*\bboundary=(?:"([^"]{1,200})"|([^\s;]{1,200}))', re.IGNORECASE)
_NAME = re.compile(rb'(?i)\bname="([^"]{0,200})"')
_FILE = re.compile(rb'(?i)\bfilename="((?:[^"\\]|\\.){0,1000})"')


@dataclass(slots=True)
class Form:
    """Received form: the files and texts by the names of their fields."""

    files: dict[str, list[Path]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)


def receive(
    stream: BinaryIO,
    length: int,
    content_type: str,
    folder: Path,
    on_bytes: Callable[[int], None] = lambda _: None,
) -> Form:
    """Read a form of `length` bytes; files go to `folder/FIELD/NUMBER/NAME`.

    Raises InputError for an incomplete or invalid one.
    """
    found = _BOUNDARY.match(content_type)
    if found is None:
        raise _broken()
    source = _Source(stream, length, b"\r\n--" + (found[1] or found[2]).encode("latin-1"), on_bytes)
    form, number = Form(), 0
    source.skip_to_part()
    while (head := source.headers()) is not None:
        name, file = _NAME.search(head), _FILE.search(head)
        field_name = safe_name(name[1].decode("utf-8", "replace")) if name else "_"
        if file is None:
            form.texts[field_name] = source.text()
            continue
        file_name = safe_name(file[1].decode("utf-8", "replace"))
        number += 1
        if number > FILES:
            raise _broken()
        place = folder / field_name / str(number) / file_name
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("xb") as target:
            size = source.copy(target)
        if size or file[1]:
            form.files.setdefault(field_name, []).append(place)
        else:
            place.unlink()  # an empty field of the form
    return form


class _Source:
    """The body: pieces up to the next delimiter."""

    def __init__(
        self, stream: BinaryIO, length: int, delimiter: bytes, on_bytes: Callable[[int], None]
    ) -> None:
        self._stream, self._left, self._delimiter, self._on_bytes = stream, length, delimiter, on_bytes
        self._buffer = b"\r\n"  # the first delimiter has no line end before it

    def _more(self) -> None:
        data = self._stream.read(min(self._left, READ_BYTES)) if self._left > 0 else b""
        if not data:
            raise _broken()
        self._left -= len(data)
        self._buffer += data
        self._on_bytes(len(data))

    def skip_to_part(self) -> None:
        """Skip to the end of the first delimiter."""
        while self._delimiter not in self._buffer:
            if len(self._buffer) > HEADER_BYTES:
                raise _broken()
            self._more()
        self._buffer = self._buffer.partition(self._delimiter)[2]

    def headers(self) -> bytes | None:
        """Return the headers of the next part; None at the end of the form."""
        while b"\r\n\r\n" not in self._buffer:
            if self._buffer.startswith(b"--"):
                return None
            if len(self._buffer) > HEADER_BYTES:
                raise _broken()
            self._more()
        if self._buffer.startswith(b"--"):
            return None
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        return head

    def copy(self, target: BinaryIO) -> int:
        """Write the part to the target; return its size in bytes."""
        size, keep = 0, len(self._delimiter) - 1
        while (at := self._buffer.find(self._delimiter)) < 0:
            if len(self._buffer) > keep:
                size += target.write(self._buffer[:-keep])
                self._buffer = self._buffer[-keep:]
            self._more()
        size += target.write(self._buffer[:at])
        self._buffer = self._buffer[at + len(self._delimiter) :]
        return size

    def text(self) -> str:
        """Return the part as text, at most TEXT_BYTES."""
        while (at := self._buffer.find(self._delimiter)) < 0:
            if len(self._buffer) > TEXT_BYTES + len(self._delimiter):
                raise _broken()
            self._more()
        data, self._buffer = self._buffer[:at], self._buffer[at + len(self._delimiter) :]
        return data.decode("utf-8", "replace").strip()


def _broken() -> InputError:
    return InputError(
        mark("The files did not arrive whole."),
        "",
        mark("Choose them again; for large logs give their folder."),
    )
