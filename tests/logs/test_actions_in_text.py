"""Refusals stated in English and Vietnamese prose."""

from __future__ import annotations

import unicodedata

from lamsach.logs.mappings.actions import refusal_in
from lamsach.model import Action

REFUSED = (
    *(
        "was blocked by policy",
        "blocked: true",
        "Blocked.",
        "connection refused",
        "request denied",
        "packet dropped",
    ),
    *("action=deny", '"verdict": "drop"', "access not allowed", "deny tcp 10.0.0.5"),
    *(
        "máy 10.0.0.5 bị chặn",
        "TỪ CHỐI kết nối",
        "Truy cập bị cấm",
        "kết nối bị hủy",
        "huỷ kết nối",
        "đã chặn truy cập",
    ),
    *("không cho phép truy cập", "tu choi ket noi", "bi chan"),
)
OTHERWISE = (
    *("not blocked", "was never denied", "isn't blocked", "would have been dropped", "blocked=0",
        "blocked: false"),
    *("http://www.example/blocked/a", "blocked.example", "policy Blocked-Sites: allowed",
        "denied, then allowed", "unblocked"),
    *("không bị chặn", "bỏ chặn", "chưa bị chặn", "cho phép truy cập", "gỡ chặn", "",
        "asked for www.example"),
)  # fmt: skip


def test_refusals_in_prose():
    assert {text: refusal_in(text) for text in REFUSED} == dict.fromkeys(REFUSED, Action.BLOCKED)
    assert {text: refusal_in(text) for text in OTHERWISE} == dict.fromkeys(OTHERWISE, Action.UNKNOWN)
    decomposed = [unicodedata.normalize("NFD", text) for text in REFUSED]
    assert {refusal_in(text) for text in decomposed} == {Action.BLOCKED}
