"""Records of a JSON document of any size: in a list, in a list under a usual key, or without a list."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO, NamedTuple

from lamsach.logs.text.json_records import DEEPEST, whole_part

_WRAPPERS = (
    "hits|Records|records|value|values|data|events|Events|results|result|items|logs|Logs|entries"
    "|rows|alerts|Alerts|messages|response|detections|resources|queries"
)
_WRAPPER_NAMES = frozenset(_WRAPPERS.split("|"))
# {"took":3,...,"hits":{"total":{"value":1},"hits":[{     {"Records": [ {     [ {     {"value":[{
# ... also {"header":{..},"flows":[{"IPV4_SRC_ADDR": of NetFlow collectors, not Azure's {"flows":[{"rule":
LIST = re.compile(
    rf'"(?:(?:{_WRAPPERS})"\s{{0,200}}:\s{{0,200}}\[\s{{0,200}}(?=\{{)|flows"\s{{0,200}}:'
    rf'\s{{0,200}}\[\s{{0,200}}(?=\{{\s{{0,200}}"[A-Z0-9_]{{3,40}}"))'
)
_OF_FLOW = re.compile(r"[A-Z0-9_]{3,40}")
BARE_LIST = re.compile(r"\s{0,200}\[\s{0,200}(?=\{)")
_STEP_BYTES = 1 << 16
_LONGEST_RECORD = 4 << 20
_OBJECTS = json.JSONDecoder(parse_int=lambda digits: int(digits) if len(digits) <= 30 else digits)

Object = dict[str, object]


class Found(NamedTuple):
    """A record (or the beginning of an unreadable one), and the fields next to its list.

    Those fields apply to each record of the list."""

    record: Object | str
    context: Mapping[str, object]


_NOTHING: Mapping[str, object] = {}


def is_lines(lines: Sequence[str]) -> bool:
    """Return whether a text with these first non-empty lines is JSON lines: an object per line."""
    return len(lines) > 1 and lines[1].lstrip()[:1] == "{" and _object_at(lines[0].strip()) is not None


def _object_at(text: str) -> tuple[Object, int] | None:
    """Parse the object at the start of a text; return it and its end."""
    if text[:1] != "{":
        return None
    try:
        value, end = _OBJECTS.raw_decode(text)
    except (ValueError, RecursionError):
        return None
    return (value, end) if isinstance(value, dict) else None


def is_azure_flow(text: str) -> bool:
    """Return whether the beginning of a JSON document or record is Azure's flow log."""
    return '"flowTuples"' in text or '"NetworkSecurityGroupFlowEvent' in text or '"FlowLogFlowEvent"' in text


def first_record(text: str) -> str:
    """Return the first record of a document with this beginning, or its available part."""
    start = BARE_LIST.match(text) or LIST.search(text)
    rest = text[start.end() if start else 0 :].lstrip()
    found = _object_at(rest)
    return rest[: found[1]] if found else rest


def records(stream: BinaryIO) -> Iterator[Found]:
    """Yield the objects of every list in the document, else consecutive objects.

    Of an unreadable object, its beginning."""
    text = _Text(stream)
    start = BARE_LIST.match(text.text)
    if start is None and (first := text.text.find("{")) >= 0:
        text.position = first
        yield from _objects(text)
        start = LIST.search(text.text, text.position)
    if start is not None:
        parts = whole_part(text.text[text.position : start.start()]) if start.start() > text.position else []
        context = next((found[0] for part in parts if (found := _object_at(part)) is not None), _NOTHING)
        text.position = start.end()
        yield from _listed(text, _without_lists(context))


class _Text:
    """A document's characters from `position` on, read on demand."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self.text, self.position, self.ended = "", 0, False
        self.more()

    def more(self, size: int = _STEP_BYTES) -> None:
        """Read more; drop what precedes `position`."""
        data = self._stream.read(size)
        self.ended = not data
        self.text = self.text[self.position :] + self._decoder.decode(data, final=not data)
        self.position = 0

    def skip(self) -> None:
        """Skip blanks and commas."""
        while self.position < len(self.text) and self.text[self.position] in ", \r\n\t":
            self.position += 1

    def object(self) -> Object | None:
        """Parse the object at `position` and move past it; None without one of at most _LONGEST_RECORD."""
        size = _STEP_BYTES
        while True:
            try:
                value, self.position = _OBJECTS.raw_decode(self.text, self.position)
                return value if isinstance(value, dict) else None
            except (ValueError, RecursionError):
                if self.ended or len(self.text) - self.position > _LONGEST_RECORD:
                    return None
            self.more(size)
            size *= 2


def _objects(text: _Text) -> Iterator[Found]:
    """Yield the records of consecutive objects, and stop before one that is too large or broken."""
    while True:
        text.skip()
        if text.position == len(text.text) and not text.ended:
            text.more()
            continue
        if text.text[text.position : text.position + 1] != "{":
            return
        value = text.object()
        if value is None:
            if LIST.search(text.text, text.position) is None:
                yield Found(text.text[text.position : text.position + 500], _NOTHING)
            return
        lists = list(_lists(value, {}, 0))
        yield from lists or [Found(value, _NOTHING)]


def _lists(value: Mapping[str, object], context: Mapping[str, object], depth: int) -> Iterator[Found]:
    """Yield the objects in an object's lists under the usual keys, with the fields next to them."""
    fields = {**context, **_without_lists(value)}
    for key, part in value.items():
        if isinstance(part, list) and _is_list(key, part):
            yield from (Found(item, fields) for item in part if isinstance(item, dict))
        elif isinstance(part, dict) and depth < DEEPEST:
            yield from _lists(part, {name: field for name, field in fields.items() if name != key}, depth + 1)


def _is_list(key: str, part: object) -> bool:
    if not isinstance(part, list):
        return False
    first = next((item for item in part[:50] if isinstance(item, dict)), None)
    return first is not None and (
        key in _WRAPPER_NAMES or (key == "flows" and any(_OF_FLOW.fullmatch(name) for name in first))
    )


def _without_lists(value: Mapping[str, object]) -> Mapping[str, object]:
    return {key: part for key, part in value.items() if not _is_list(key, part)}


def _listed(text: _Text, context: Mapping[str, object]) -> Iterator[Found]:
    """Yield the objects of the current list and of those that follow."""
    while True:
        text.skip()
        if text.text[text.position : text.position + 1] == "{":
            value = text.object()
            if value is not None:
                yield Found(value, context)
                continue
            rest = text.text[text.position :].strip("]}, \r\n\t")
            yield Found(rest[:500], _NOTHING)
            return
        if text.position < len(text.text):  # the list has ended, another may follow
            following = LIST.search(text.text, text.position)
            if following:
                text.position = following.end()
                continue
            text.position = max(text.position, len(text.text) - 300)
        if text.ended:
            return
        text.more()
