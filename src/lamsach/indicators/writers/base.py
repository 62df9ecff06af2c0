"""The writer of one program's list: a declaration, with a function that writes.

A writer is only ever given canonical values (see `is_canonical`), so that no value can leave its syntax; free
text goes through `words` or the syntax's own quoting.
"""

from __future__ import annotations

import re
import unicodedata
import zipfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_address, ip_network
from itertools import islice
from socket import AF_INET, inet_ntop, inet_pton
from typing import Any, BinaryIO, TypeVar

from lamsach.indicators.releases.rows import Spool
from lamsach.indicators.values.names import DEFAULT_PORTS, LABEL, MAX_URL_LENGTH, canonical_file_name
from lamsach.indicators.values.normalise import LOCAL_PART
from lamsach.indicators.values.refusals import Refused
from lamsach.model import Indicator, IndicatorType
from lamsach.model.indicator_types import DIGESTS, FORMS, ROWS, Held

_NAME = re.compile(rf"{LABEL}(?:\.{LABEL})+", re.ASCII)
_FORMS = {kind: re.compile(form) for kind, form in FORMS.items()}
_URL = re.compile(
    rf"(?:(?P<scheme>[a-z]{{2,5}})://)?(?P<host>{LABEL}(?:\.{LABEL})+|\[[0-9a-f:.]{{2,45}}\])"
    rf"(?::\d{{1,5}})?(?:[/?][^#]*)?",
    re.DOTALL | re.ASCII,
)
_NUMERIC = re.compile(r"[0-9a-f.:/]+")
_UNSAFE = re.compile(r"[^A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=%]")
_KEPT = frozenset(" ._-+,:/")


def is_canonical(kind: IndicatorType, value: str) -> bool:
    """Return whether a value has the canonical form of its kind, without which no writer takes it."""
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
    try:
        if kind is IndicatorType.IP:
            return _is_quad(value) or (_is_numeric(value) and str(ip_address(value)) == value)
        if kind is IndicatorType.NETWORK:
            return _is_numeric(value) and str(ip_network(value)) == value
    except ValueError:
        return False
    return _is_url(value)


def _is_numeric(value: str) -> bool:
    """Return whether a text has only letters of addresses: `ipaddress` takes any text behind a `%`."""
    return _NUMERIC.fullmatch(value) is not None


def _is_quad(value: str) -> bool:
    """Return whether a text is a dotted quad without needless zeros: what most of a list is."""
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


def wire(url: str) -> str:
    """A URL as it goes over the wire: ASCII, and what RFC 3986 allows in none of its parts percent-encoded
    (section 2.1), so no quote, backslash, space, brace, `<`, `|`, `^` or line end.
    """
    if _UNSAFE.search(url) is None:
        return url
    return _UNSAFE.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), url)


@lru_cache(maxsize=1 << 12)
def words(text: str | None, limit: int = 120) -> str:
    """Free text for a comment of any syntax: letters, digits, spaces and ` ._-+,:/`, all else as spaces."""
    if not text:
        return ""
    composed = unicodedata.normalize("NFC", text[: limit * 4])
    kept = "".join(letter if letter.isalnum() or letter in _KEPT else " " for letter in composed)
    return " ".join(kept.split())[:limit].strip()


@lru_cache(maxsize=1 << 12)
def ascii_words(text: str | None, limit: int = 100) -> str:
    """As `words`, in ASCII: Vietnamese letters lose their marks."""
    plain = words(text, limit).replace("đ", "d").replace("Đ", "D")
    decomposed = unicodedata.normalize("NFD", plain)
    kept = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(kept.encode("ascii", "replace").decode().replace("?", " ").split())


def slug(text: str) -> str:
    """A name of letters, digits, `_` and `-` for an object's identifier."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", text)


HASHES = tuple(sorted(DIGESTS))
ALL_FACTS = frozenset({"threat", "source", "valid_from", "valid_until", "confidence", "tlp"})

_T = TypeVar("_T")
_EARLIEST = (1980, 1, 1, 0, 0, 0)
ACCEPTED_SHOWN = 20
"""How many accepted values a stamp names."""

WHOLE = ""
"""The format means by a value what the list means by it."""
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

    It has the list's digest (SHA-256, as a hunt states it), the time it was made, how many values it holds,
    when the first of them ends (None: none ends), and which of them are dangerous to block and were accepted,
    for which reason.
    """

    digest: str
    made: datetime
    count: int
    expires: datetime | None = None
    tlp: str | None = None
    accepted: tuple[tuple[str, str], ...] = ()

    def text(self) -> str:
        """One line of ASCII without quotes, semicolons, braces or line ends: a comment of any syntax."""
        marked = f", tlp {self.tlp}" if self.tlp else ""
        return (
            f"lamsach list, digest sha256-{self.digest}, made {iso(self.made)}, values {self.count}, "
            f"expires {iso(self.expires) if self.expires else 'never'}{marked}{self._accepted()}"
        )

    def _accepted(self) -> str:
        if not self.accepted:
            return ""
        shown = [" - ".join(map(ascii_words, pair)) for pair in self.accepted[:ACCEPTED_SHOWN]]
        if further := len(self.accepted) - len(shown):
            shown.append(f"and {further} more")
        return f", accepted {len(self.accepted)}: {', '.join(shown)}"


def iso(moment: datetime) -> str:
    """A time as `2026-01-31T00:00:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


Items = Collection[Indicator]


def _is_held(item: Indicator) -> str | None:
    return None


def _as_they_are(items: Spool) -> Spool:
    return items


@dataclass(frozen=True, slots=True, eq=False)
class Writer:
    """Output for one program, declared: what it is, what the format holds, and what writes it.

    It is written by `line` value by value, by `pieces` as a whole, or by `files` as a zip of several.
    """

    name: str
    """What `--to` takes: lower case with underscores."""
    title: str
    """The product and what the file is there."""
    suffix: str = ".txt"
    """What the file's name ends in, with the dot."""
    line: Callable[[Indicator], str] | None = None
    """Lines of one value, with their line ends."""
    pieces: Callable[[Items, Stamp], Iterator[str]] | None = None
    """The output's text in pieces. The items may be millions on the disk: they are gone through, not kept."""
    files: Callable[[Items, Stamp], Iterator[tuple[str, Iterator[str]]]] | None = None
    """Name and text of each file of an archive."""
    comment: str | None = "# "
    """Mark of a comment, behind which the stamp is the first line; None: the pieces state it themselves."""
    head: str = ""
    """Further lines above the values."""
    facts: frozenset[str] = frozenset()
    """Which facts (fields of `Indicator`) are kept so that they can be read back."""
    reads_back: bool = True
    """Whether `lamsach indicators read` understands the output."""
    most_entries: int = 0
    """Entries of one list on the smallest usual devices, by their maker's documentation; 0: not known."""
    part_bytes: int = 0
    """Limit of bytes of one address's answer; 0: not known."""
    lost: Callable[[Indicator], str | None] = _is_held
    """Why a canonical value of a kind that is held cannot be written all the same, or None."""
    merged: Callable[[Spool], Spool] = _as_they_are
    """The values without those that others cover, where the program asks for that."""
    holds: Mapping[IndicatorType, str] = field(init=False)
    """Kinds of value that the format can hold, each with WHOLE or the sentence that says what is lost."""

    def __post_init__(self) -> None:
        held = {row.type: _LOSSES[row.exports[self.name]] for row in ROWS if self.name in row.exports}
        object.__setattr__(self, "holds", held)

    @property
    def binary(self) -> bool:
        """Return whether the output is an archive of several files."""
        return self.files is not None

    def takes(self, item: Indicator) -> tuple[int, int]:
        """Entries and bytes of a value in a list cut into parts: each line is an entry."""
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


def output(name: str, title: str, suffix: str = ".txt", **stated: Any) -> Callable[..., Writer]:
    """Declare the writer whose pieces a function makes; `stated` are further members of `Writer`."""
    return lambda pieces: Writer(name, title, suffix, pieces=pieces, **stated)


def archive(name: str, title: str, **stated: Any) -> Callable[..., Writer]:
    """Declare the writer whose files a function makes."""
    return lambda files: Writer(name, title, ".zip", files=files, **stated)


def of_types(items: Iterable[Indicator], *types: IndicatorType) -> Iterator[Indicator]:
    """The items of these types, in order."""
    if isinstance(items, Spool):
        return items.of(*types)
    return (item for item in items if item.type in types)


def framed(head: str, pieces: Iterable[str], tail: str = "") -> Iterator[str]:
    """The pieces between head and tail; nothing at all when there are none."""
    empty = True
    for piece in pieces:
        if empty:
            yield head
            empty = False
        yield piece
    if not empty:
        yield tail


def in_batches(values: Iterable[_T], size: int) -> Iterator[list[_T]]:
    """The values in lists of that many; the last may be shorter."""
    waiting = iter(values)
    while batch := list(islice(waiting, size)):
        yield batch


def save_zip(stream: BinaryIO, files: Iterable[tuple[str, Iterable[str]]]) -> None:
    """Write a zip of text files whose bytes depend on nothing but names and texts."""
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files:
            entry = zipfile.ZipInfo(name, _EARLIEST)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            with archive.open(entry, "w") as member:
                for piece in text:
                    member.write(piece.encode("utf-8"))
