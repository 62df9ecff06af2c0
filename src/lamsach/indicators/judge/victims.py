"""Rules for the machines that a report calls infected: they are traced, not hunted."""

from __future__ import annotations

from lamsach.indicators.judge.exceptions import words
from lamsach.indicators.judge.rule import ALL, CELL, MENTIONED, SAID, Rule
from lamsach.indicators.tables.fields import Field
from lamsach.indicators.values import refusals

_VICTIM = words("""
    victim|victims|victim ip|victim host|victim machine|infected host|infected machine|infected device|nan nhan|may nan nhan|ip nan nhan|dia chi nan nhan|may bi nhiem|may nhiem""")

RULES = (
    Rule("said_victim", ALL, SAID, lambda said: said.key in _VICTIM, MENTIONED, refusals.VICTIM, 50,
        taken=["ip,role\n203.0.113.58,c2"],
        refused=["ip,role\n203.0.113.58,victim", "ip,ghi chú\n203.0.113.58,máy bị nhiễm"]),
    Rule("victims_column", ALL, CELL, lambda cell: cell.field is Field.VICTIM, MENTIONED, refusals.VICTIM, 10,
        taken=["c2 ip,threat\n203.0.113.58,Mirai"],
        refused=["victim ip,threat\n203.0.113.58,Mirai", '{"victim": "203.0.113.58", "threat": "Mirai"}']),
)  # fmt: skip
