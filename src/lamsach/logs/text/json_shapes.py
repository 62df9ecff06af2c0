"""How JSON lines of Zeek and Suricata are told apart from other products', cheaply and without parsing."""

from __future__ import annotations

import re

from lamsach.logs.text.json_records import start_of_object

_ZEEK_KEYS = ("id.orig_h", "id_orig_h", "id.resp_h")
_ZEEK_RECORD = re.compile(
    # {"_path":"dns", ...   {"@stream":"conn", ...   "id":{"orig_h":   {"ts":1790000001.12,"uid":"CHhAvVGS1DHFjwGM9"   "fuid":"F...
    r'"_path"\s*:\s*"[a-z]|"@stream"\s*:\s*"[a-z]|"id"\s*:\s*\{\s*"(?:orig|resp)_[hp]"'
    r'|"ts"\s*:\s*(?:\d{9,10}\.\d|"\d{4}-\d\d-\d\dT)[^{}]{0,40}?,\s*"(?:uids?"\s*:\s*\[?\s*"C[A-Za-z0-9]{9}'
    r'|f?u?id"\s*:\s*"F[A-Za-z0-9]{9}|note"\s*:\s*"[A-Z]\w*::|host"\s*:\s*"[0-9a-f.:]{3,45}"\s*[,}]'
    r'|name"\s*:|peer"\s*:|ts_delta"\s*:|mac"\s*:|fingerprint"\s*:\s*"[0-9a-f]{40,64}"\s*,\s*"certificate[._])',
    re.ASCII,
)
_SURICATA_TYPE = re.compile(r'\\?"event_type\\?"\s*:\s*\\?"[a-z]', re.ASCII)
_SURICATA_KEYS = ('flow_id"', 'flow_id\\"', "src_ip", "in_iface", "community_id", '"stats"', '"suricata"')


def looks_like_zeek(line: str) -> bool:
    """Return whether the line is a JSON object with keys that only Zeek writes."""
    if start_of_object(line) < 0 or looks_like_suricata(line):
        return False
    if any(f'{key}"' in line or f'{key}\\"' in line for key in _ZEEK_KEYS):
        return True
    return _ZEEK_RECORD.search(line) is not None


def looks_like_suricata(line: str) -> bool:
    """Return whether the line is a JSON object of Suricata's EVE log, bare or within a shipper's record."""
    if start_of_object(line) < 0 or _SURICATA_TYPE.search(line) is None:
        return False
    return any(key in line for key in _SURICATA_KEYS)
