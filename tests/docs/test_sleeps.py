"""Fixed waits in tests, which should poll by `tests.poll` instead."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parents[1]
FREE = ("poll.py", "docs/test_sleeps.py", "chaos/", "scanner/wine", "release/test_container.py")
"""Exempt: polling itself, the examples here, mishaps at random moments, Windows and containers."""
SLEEPS = ("sleep", "wait_for_timeout")
SLOW = "# is slow"
"""Marker of a sleep that simulates long work."""


def fixed(text: str) -> Iterator[int]:
    """Yield lines that sleep. Programs in strings may poll in a loop, as they cannot import `tests.poll`."""
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if _sleeps(node) and SLOW not in lines[node.lineno - 1]:
            yield node.lineno
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and "sleep(" in node.value:
            yield from (node.lineno + line - 1 for line in _of_program(node.value))


def _of_program(text: str) -> Iterator[int]:
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return
    lines = text.splitlines()
    asking = {
        id(node)
        for loop in ast.walk(tree)
        if isinstance(loop, ast.While) and not isinstance(loop.test, ast.Constant)
        for node in ast.walk(loop)
    }
    for node in ast.walk(tree):
        if _sleeps(node) and id(node) not in asking and SLOW not in lines[node.lineno - 1]:
            yield node.lineno


def _sleeps(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    yields = bool(node.args) and isinstance(node.args[0], ast.Constant) and node.args[0].value == 0
    return name in SLEEPS and not yields


def test_no_test_waits_a_fixed_time() -> None:
    found = []
    for path in sorted(TESTS.rglob("*.py")):
        name = path.relative_to(TESTS).as_posix()
        text = path.read_text("utf-8")
        if not name.startswith(FREE) and any(word in text for word in SLEEPS):
            found += [f"{name}:{line}" for line in fixed(text)]
    assert found == []


def test_what_a_fixed_time_looks_like() -> None:
    for text, lines in {
        "import time\ntime.sleep(2)": [2],
        "page.wait_for_timeout(50)": [1],
        "while not done():\n    time.sleep(0.1)": [2],
        "await asyncio.sleep(0)": [],
        "time.sleep(0.3)  # is slow": [],
        "sleep = 3\nsleep": [],
        "P = '''\nimport time\ntime.sleep(2)\n'''": [3],
        "P = '''\nwhile not done():\n    time.sleep(0.1)\n'''": [],
        "P = '''\nwhile True:\n    time.sleep(0.1)\n'''": [3],
        "P = 'he sleep( well'": [],
    }.items():
        assert list(fixed(text)) == lines, text
