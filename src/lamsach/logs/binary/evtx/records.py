"""The JSON that the library makes of a record, read without decoding more of it than the event needs.

Source: the library's own layout (https://github.com/omerbenamram/evtx), the event schemas that `windows_contacts` names. The system part comes first, its values in
the schema's order; a quotation mark within a value is escaped, so `"SourceIp":` is never found inside one. What is laid out otherwise is left to
`lamsach.logs.mappings.windows.json`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache

from lamsach.logs.mappings.windows.record import WindowsRecord
from lamsach.logs.text.json_records import text_of

_PROVIDER, _NUMBER, _TEXT = '"Provider":{"#attributes":{"Name":"', '"EventID":', '"#text":'
TIME, CHANNEL, _COMPUTER = '"SystemTime":"', '"Channel":"', '"Computer":"'
EVENT_DATA = '"EventData":'
_decode = json.JSONDecoder().raw_decode
_NAMES_KEPT = 4096

_CONNECTION = (
    "Initiated",
    "SourceIp",
    "SourcePort",
    "DestinationIp",
    "DestinationPort",
    "DestinationHostname",
    "User",
)
_FILTERED = ("Direction", "SourceAddress", "SourcePort", "DestAddress", "DestPort")
_IMAGE = ("Hashes", "User")
_SYSMON = {3: _CONNECTION, 6: _IMAGE, 7: _IMAGE} | dict.fromkeys(
    (2, 4, 5, 8, 9, 10, 12, 14, 16, 17, 18, 19, 20, 21, 25), ("User",)
)
_SECURITY = dict.fromkeys(range(5150, 5160), _FILTERED) | dict.fromkeys(
    (4656, 4657, 4658, 4660, 4661, 4662, 4663, 4670, 4672, 4673, 4674, 4690, 4703, 4798, 4799, 4907, 4985, 5058, 5059, 5061, 5379),
    ("SubjectUserName",),
)  # fmt: skip
# Of these events only these data say anything of a contact; of all others every one is read.
_WANTED: Mapping[str, Mapping[int, tuple[str, ...]]] = {
    "Microsoft-Windows-Sysmon": _SYSMON,
    "Microsoft-Windows-Security-Auditing": _SECURITY,
}


def quick_record(text: str) -> WindowsRecord | None:
    """The record of an event with named data, as nearly all are; None for any other.

    `{"Event":{..,"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-Sysmon",..}},"EventID":3,..,"TimeCreated":{"#attributes":{"SystemTime":
    "2026-06-10T08:00:01.123456Z"}},..,"Channel":"..","Computer":"PC-17",..},"EventData":{..}}}`
    """
    start = text.find(EVENT_DATA)
    if start < 0 or not text.startswith("{", start + len(EVENT_DATA)):
        return None
    try:
        place = text.index(_NUMBER, 0, start)
        provider = _provider(text[:place])
        number, place = _event_id(text, place + len(_NUMBER), start)
        time, place = _string(text, TIME, place, start)
        channel, computer = _channel_and_computer(text[text.index(CHANNEL, place, start) : start])
        names = wanted_data(provider, number)
        data = _all(text, start + len(EVENT_DATA)) if names is None else _some(text, start, names)
    except (ValueError, RecursionError, IndexError):
        return None
    if data is None:
        return None
    return WindowsRecord(number, provider, channel, computer or None, time, data)


def wanted_data(provider: str, number: int) -> tuple[str, ...] | None:
    """The names of the data that say anything of a contact in events of this provider and number; None when all may."""
    wanted = _WANTED.get(provider)
    return None if wanted is None else wanted.get(number)


def marks_of(beginning: str) -> tuple[str, ...] | None:
    """What stands before each datum that an event is made of, by the beginning of its record up to the time; None when every datum may tell something."""
    if EVENT_DATA in beginning:
        return None
    try:
        place = beginning.index(_NUMBER)
        number, _ = _event_id(beginning, place + len(_NUMBER), len(beginning))
        names = wanted_data(_provider(beginning[:place]), number)
    except (ValueError, IndexError):
        return None
    return None if names is None else tuple(mark for _, mark in _marks(names))


def _all(text: str, start: int) -> dict[str, str] | None:
    values, _ = _decode(text, start)
    if "Data" in values or "#attributes" in values:
        return None
    return {
        name: value if value.__class__ is str else _scalar(value)
        for name, value in zip(_lowered(tuple(values)), values.values(), strict=True)
    }


def _some(text: str, start: int, names: tuple[str, ...]) -> dict[str, str]:
    data: dict[str, str] = {}
    for name, mark in _marks(names):
        place = text.find(mark, start)
        if place < 0:
            continue
        place += len(mark)
        if text[place] == '"':
            value = text[place + 1 : text.index('"', place + 1)]
            data[name] = _decode(text, place)[0] if "\\" in value else value
        else:
            data[name] = _scalar(_decode(text, place)[0])
    return data


def _scalar(value: object) -> str:
    """What is no text, as text: `Initiated` of Sysmon's connections is a truth value."""
    if value.__class__ is bool:
        return "true" if value else "false"
    return text_of(value) or ""


@lru_cache(_NAMES_KEPT)
def _lowered(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.lower() for name in names)


@lru_cache(_NAMES_KEPT)
def _marks(names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((name.lower(), f'"{name}":') for name in names)


def _string(text: str, mark: str, begin: int, end: int) -> tuple[str, int]:
    """The string that follows the mark, and where it ends. Raises ValueError when there is none without escapes."""
    start = text.index(mark, begin, end) + len(mark)
    stop = text.index('"', start, end)
    value = text[start:stop]
    if "\\" in value:
        raise ValueError
    return value, stop


@lru_cache(_NAMES_KEPT)
def _provider(beginning: str) -> str:
    """The provider's name out of a record's beginning, of which a log has few. Raises ValueError."""
    return _string(beginning, _PROVIDER, 0, len(beginning))[0]


@lru_cache(_NAMES_KEPT)
def _channel_and_computer(ending: str) -> tuple[str, str]:
    """Both names out of the ending of a record's system part, of which a log has few. Raises ValueError."""
    channel, place = _string(ending, CHANNEL, 0, len(ending))
    return channel, _string(ending, _COMPUTER, place, len(ending))[0]


def _event_id(text: str, start: int, end: int) -> tuple[int, int]:
    if text[start] == "{":  # with its qualifiers
        start = text.index(_TEXT, start, end) + len(_TEXT)
    stop = text.index(",", start, end)
    return int(text[start:stop].strip('"}')) & 0xFFFF, stop
