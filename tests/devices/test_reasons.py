from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import lamsach.devices
from lamsach.catalogue_vi.devices import DEVICES
from lamsach.devices.reasons import REASONS
from lamsach.devices.role_rules import RULES
from lamsach.devices.states import LOGS_TO_ADD

FOLDER = Path(lamsach.devices.__file__).parent


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def texts_of_code() -> set[str]:
    """Collect the texts for people: arguments of errors, problems and refusals."""
    found: set[str] = set()
    for path in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                if re.search(r"Error$|Problem$|report|_put$|_values$|^mark$", name) and name != "ValueError":
                    words = [
                        argument.value
                        for argument in node.args
                        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
                    ]
                    found.update(text for text in words if " " in text)
    return found


def test_every_text_has_its_vietnamese() -> None:
    texts = texts_of_code()
    assert len(texts) > 20
    assert (texts | set(REASONS.values())) - set(DEVICES) == set()


def test_every_vietnamese_text_is_used_with_the_same_placeholders() -> None:
    assert set(DEVICES) - texts_of_code() - set(REASONS.values()) == set()
    for english, vietnamese in DEVICES.items():
        assert placeholders(english) == placeholders(vietnamese), english
        assert "!" not in vietnamese


def test_every_reason_in_the_code_has_words() -> None:
    codes: set[str] = set()
    for path in FOLDER.rglob("*.py"):
        codes.update(re.findall(r'Reason\("(\w+)"', path.read_text("utf-8")))
        codes.update(re.findall(r'_low\(DeviceState\.\w+, "(\w+)"', path.read_text("utf-8")))
    roles = {f"infrastructure_{role}" for role in ("dns", "proxy", "nat", "stated")}
    signs = {rule.code for rule in RULES if rule.code}
    assert codes | roles | signs | set(LOGS_TO_ADD.values()) | {"unparsed_only"} == set(REASONS)
