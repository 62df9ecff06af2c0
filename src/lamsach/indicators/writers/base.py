"""Declaration of a writer of one program's list.

A writer only receives canonical values (see `is_canonical`), so that no value can break its syntax; free text
goes through `safe_words` or the syntax's own quoting.
"""

from __future__ import annotations

import re
import unicodedata
import zipfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_address
from itertools import islice
from socket import AF_INET, inet_ntop, inet_pton
from typing import Any, BinaryIO, TypeVar

from lamsach.indicators.releases.rows import Spool
from lamsach.indicators.values.addresses import span
from lamsach.indicators.values.names import (
    DEFAULT_PORTS,
    LABEL,
    MAX_URL_LENGTH,
    canonical_file_name,
    split_url,
)
from lamsach.indicators.values.normalise import LOCAL_PART
from lamsach.indicators.values.records import Facts
from lamsach.indicators.values.refusals import Refused
from lamsach.model import Indicator, IndicatorType
from lamsach.model.indicator_types import DIGESTS, FORMS, ROWS, Held
from lamsach.runtime.timeless_zip import entry

_NAME = re.compile(rf"{LABEL}(?:\.{LABEL})+", re.ASCII)
_FORMS = {kind: re.compile(form) for kind, form in FORMS.items()}
_URL = re.compile(
    rf"(?:(?P<scheme>[a-z]{{2,5}})://)?(?P<host>{LABEL}(?:\.{LABEL})+|\[[0-9a-f:.]{{2,45}}\])"
    rf"(?::\d{{1,5}})?(?:[/?][^#]*)?",
    re.DOTALL | re.ASCII,
)
_UNSAFE = re.compile(r"[^A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=%]")
_ALLOWED = frozenset(" ._-+,:/")


def is_canonical(kind: IndicatorType, value: str) -> bool:
    """Return whether a value has the canonical form of its type, which every writer requires."""
    if kind is IndicatorType.DOMAIN:
        return len(value) <= 253 and _NAME.fullmatch(value) is not None
    if kind is IndicatorType.EMAIL:
        local, _, host = value.rpartition("@")
        return LOCAL_PART.fullmatch(local) is not None and is_canonical(IndicatorType.DOMAIN, host)
    if kind is IndicatorType.FILE_NAME:
        try:
            return canonical_file_name(value) == value
        except Refused:
            return False
    if kind in _FORMS:
        return _FORMS[kind].fullmatch(value) is not None
    if kind is IndicatorType.URL:
        return _is_url(value)
    if kind is IndicatorType.IP and _is_quad(value):
        return True
    try:
        found = span(value)
    except ValueError:
        return False
    return value == (found.text if kind is IndicatorType.IP else found.with_prefix)


def _is_quad(value: str) -> bool:
    """Return whether a text is a dotted quad without needless zeros: the commonest value."""
    try:
        return inet_ntop(AF_INET, inet_pton(AF_INET, value)) == value
    except (OSError, UnicodeError, ValueError):
        return False


def _is_url(value: str) -> bool:
    match = _URL.fullmatch(value) if len(value) <= MAX_URL_LENGTH else None
    if match is None or not value.isprintable() or " " in value:
        return False
    host = match["host"]
    if host.replace(".", "").isdigit() and not _is_quad(host):
        return False
    if host.startswith("["):
        try:
            ip_address(host[1:-1])
        except ValueError:
            return False
    return len(host) <= 253 and (match["scheme"] is None or match["scheme"] in DEFAULT_PORTS)


def wire_form(url: str) -> str:
    """Return a URL as sent over the wire: ASCII, unsafe characters percent-encoded (RFC 3986 section 2.1).

    The result has no quote, backslash, space, brace, `<`, `|`, `^` or line end.
    """
    if _UNSAFE.search(url) is None:
        return url
    return _UNSAFE.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), url)


def without_scheme(url: str) -> str:
    """Return host, port and rest of a URL as sent over the wire."""
    return "".join(split_url(wire_form(url))[1:])


@lru_cache(maxsize=1 << 12)
def safe_words(text: str | None, limit: int = 120) -> str:
    """Return free text for any comment: letters, digits, spaces and ` ._-+,:/`, others as spaces."""
    if not text:
        return ""
    composed = unicodedata.normalize("NFC", text[: limit * 4])
    allowed = "".join(letter if letter.isalnum() or letter in _ALLOWED else " " for letter in composed)
    return " ".join(allowed.split())[:limit].strip()


@lru_cache(maxsize=1 << 12)
def safe_ascii_words(text: str | None, limit: int = 100) -> str:
    """Return `safe_words` in ASCII: Vietnamese letters lose their marks."""
    plain = safe_words(text, limit).replace("đ", "d").replace("Đ", "D")
    decomposed = unicodedata.normalize("NFD", plain)
    allowed = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(allowed.encode("ascii", "replace").decode().replace("?", " ").split())


def slug(text: str) -> str:
    """Return a name of letters, digits, `_` and `-` for an object's identifier."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", text)


HASHES = tuple(sorted(DIGESTS))
ALL_FACTS = frozenset(Facts._fields)

_T = TypeVar("_T")
MAX_ACCEPTED_SHOWN = 20
"""Maximum number of accepted values in a stamp."""

WHOLE = ""
"""The format gives a value the list's meaning."""
NAME_ONLY = "The name is held, the names below it are not."
HOST_AND_PATH = "Host and path are held, the scheme is not."
_LOSSES = {Held.WHOLE: WHOLE, Held.NAME_ONLY: NAME_ONLY, Held.HOST_AND_PATH: HOST_AND_PATH}

NOT_HELD = "The format cannot hold values of this kind."
NOT_CANONICAL = "The value is not in canonical form."
COVERED = "Another value of the list covers this one already."
NAME_TOO_LONG = "The name is too long for the format."
VALUE_TOO_LONG = "The value is too long for the format."
WRONG_VERSION = "The format holds addresses of the other version of IP."
SYNTAX = "The syntax has no safe way to write this value."


@dataclass(frozen=True, slots=True)
class Stamp:
    """Statement of an output about itself.

    The list's digest (SHA-256, as a hunt states it), the time of creation, the number of values, the first
    expiry (None: none), and the accepted values that are dangerous to block, with reasons.
    """

    digest: str
    made: datetime
    count: int
    expires: datetime | None = None
    tlp: str | None = None
    accepted: tuple[tuple[str, str], ...] = ()

    def text(self) -> str:
        """Return a line of ASCII without quotes, semicolons, braces or line ends, for any comment."""
        tlp_text = f", tlp {self.tlp}" if self.tlp else ""
        return (
            f"lamsach list, digest sha256-{self.digest}, made {iso(self.made)}, values {self.count}, "
            f"expires {iso(self.expires) if self.expires else 'never'}{tlp_text}{self._accepted()}"
        )

    def _accepted(self) -> str:
        if not self.accepted:
            return ""
        shown = [" - ".join(map(safe_ascii_words, pair)) for pair in self.accepted[:MAX_ACCEPTED_SHOWN]]
        if further := len(self.accepted) - len(shown):
            shown.append(f"and {further} more")
        return f", accepted {len(self.accepted)}: {', '.join(shown)}"


def iso(moment: datetime) -> str:
    """Format a time as `2026-01-31T00:00:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


Items = Collection[Indicator]


@dataclass(frozen=True, slots=True, eq=False)
class Writer:
    """Declared output for one program: its identity, what the format holds, and how it is written.

    Written by `line` value by value, by `pieces` as a whole, or by `files` as a zip of several.
    """

    name: str
    """Argument of `--to`: lower case with underscores."""
    title: str
    """Product, and the file's kind there."""
    suffix: str = ".txt"
    """Extension of the file's name, with the dot."""
    line: Callable[[Indicator], str] | None = None
    """Lines of one value, with their line ends."""
    pieces: Callable[[Items, Stamp], Iterator[str]] | None = None
    """Text of the output in pieces. The items may be millions on disk and are iterated, not stored."""
    files: Callable[[Items, Stamp], Iterator[tuple[str, Iterator[str]]]] | None = None
    """Name and text of each file of an archive."""
    comment: str | None = "# "
    """Mark of a comment, which precedes the stamp on the first line; None: the pieces state the stamp."""
    head: str = ""
    """Further lines above the values."""
    facts: frozenset[str] = frozenset()
    """Facts (fields of `Indicator`) that can be read back from the output."""
    reads_back: bool = True
    """Whether `lamsach indicators read` understands the output."""
    most_entries: int = 0
    """Maximum entries of a list on the smallest usual devices, as documented; 0: unknown."""
    part_bytes: int = 0
    """Maximum bytes of one address's response; 0: unknown."""
    lost: Callable[[Indicator], str | None] = lambda item: None
    """Reason why a canonical value of a supported type cannot be written, or None."""
    merged: Callable[[Spool], Spool] = lambda items: items
    """Removal of values that others cover, where the program requires it."""
    holds: Mapping[IndicatorType, str] = field(init=False)
    """Supported types of value, each with WHOLE or the sentence that names the loss."""

    def __post_init__(self) -> None:
        held = {row.type: _LOSSES[row.exports[self.name]] for row in ROWS if self.name in row.exports}
        object.__setattr__(self, "holds", held)

    @property
    def binary(self) -> bool:
        """Return whether the output is an archive of several files."""
        return self.files is not None

    def size_of(self, item: Indicator) -> tuple[int, int]:
        """Return the entries and bytes of a value in a list cut into parts: each line is an entry."""
        text = self.line(item) if self.line is not None else "\n"
        return text.count("\n"), len(text.encode()) if self.line is not None else 0

    def write(self, items: Items, stamp: Stamp) -> Iterator[str]:
        """Yield the output's text in pieces, the same for the same arguments; an archive's file by file."""
        for _, text in self.files(items, stamp) if self.files is not None else ():
            yield from text
        if self.comment is not None and self.files is None:
            yield f"{self.comment}{stamp.text()}\n{self.head}"
        if self.line is not None:
            yield from map(self.line, items)
        elif self.pieces is not None:
            yield from self.pieces(items, stamp)

    def refusal(self, item: Indicator) -> str | None:
        """Return why a value is left out, or None."""
        if item.type not in self.holds:
            return NOT_HELD
        if not is_canonical(item.type, item.value):
            return NOT_CANONICAL
        return self.lost(item)


def output(name: str, title: str, suffix: str = ".txt", **members: Any) -> Callable[..., Writer]:
    """Declare the writer whose pieces a function yields; `members` are further members of `Writer`."""
    return lambda pieces: Writer(name, title, suffix, pieces=pieces, **members)


def archive(name: str, title: str, **members: Any) -> Callable[..., Writer]:
    """Declare the writer whose files a function yields."""
    return lambda files: Writer(name, title, ".zip", files=files, **members)


def of_types(items: Iterable[Indicator], *types: IndicatorType) -> Iterator[Indicator]:
    """Yield the items of these types, in order."""
    if isinstance(items, Spool):
        return items.of(*types)
    return (item for item in items if item.type in types)


def with_frame(head: str, pieces: Iterable[str], tail: str = "") -> Iterator[str]:
    """Yield the pieces between head and tail; nothing at all when there are none."""
    empty = True
    for piece in pieces:
        if empty:
            yield head
            empty = False
        yield piece
    if not empty:
        yield tail


def in_batches(values: Iterable[_T], size: int) -> Iterator[list[_T]]:
    """Yield the values in lists of a size; the last may be shorter."""
    remaining = iter(values)
    while batch := list(islice(remaining, size)):
        yield batch


def save_zip(stream: BinaryIO, files: Iterable[tuple[str, Iterable[str]]]) -> None:
    """Write a zip of text files; its bytes depend only on names and texts."""
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files:
            with archive.open(entry(name), "w") as member:
                for piece in text:
                    member.write(piece.encode("utf-8"))
