"""Collector of the user-visible texts of the source, for tests of their translations."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, nodes

SOURCE = Path(__file__).parents[2] / "src" / "lamsach"
TRANSLATING = {"_", "translate", "mark"}
COUNTING = {"counted"}
THREE_PARTS = {"UsageError", "InputError", "UnreadableError", "LimitError", "OutputError"}


def texts_of(part: str) -> Iterator[tuple[str, str]]:
    """Yield (file, text) of every text in the Python files and templates of a folder of the package."""
    for path in sorted((SOURCE / part).rglob("*.py")):
        for text in python_texts(path.read_text(encoding="utf-8")):
            yield str(path.relative_to(SOURCE)), text
    for path in sorted((SOURCE / part).rglob("*.j2")):
        for text in template_texts(path.read_text(encoding="utf-8")):
            yield str(path.relative_to(SOURCE)), text


def python_texts(source: str) -> Iterator[str]:
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call):
            continue
        made = call.func.func if isinstance(call.func, ast.Call) else None  # translator(language)("...")
        name = (
            "_"
            if getattr(made, "id", "") == "translator"
            else getattr(call.func, "attr", getattr(call.func, "id", ""))
        )
        if name in TRANSLATING and call.args:
            yield from _constants(call.args[:1])
        elif name in COUNTING:
            yield from _constants(call.args[1:3])
        elif name in THREE_PARTS:
            yield from _constants(
                [
                    *call.args[:1],
                    *call.args[2:3],
                    *(k.value for k in call.keywords if k.arg in ("what", "todo")),
                ]
            )
        elif name == "Problem":
            yield from _constants(
                [*call.args[1:3], *(k.value for k in call.keywords if k.arg in ("what", "todo"))]
            )
        elif name == "Refusal":
            yield from _constants([*call.args[2:3], *(k.value for k in call.keywords if k.arg == "reason")])
        elif name == "Refused":
            yield from _constants(call.args[:1])


def _constants(expressions: list[ast.expr]) -> Iterator[str]:
    for expression in expressions:
        for node in (
            (expression.body, expression.orelse) if isinstance(expression, ast.IfExp) else (expression,)
        ):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and any(map(str.isalpha, node.value))
            ):
                yield node.value


def template_texts(source: str) -> Iterator[str]:
    for call in Environment().parse(source).find_all(nodes.Call):
        name = call.node.attr if isinstance(call.node, nodes.Getattr) else getattr(call.node, "name", "")
        wanted = call.args[:1] if name in TRANSLATING else call.args[1:3] if name in COUNTING else []
        for node in wanted:
            for leaf in (node.expr1, node.expr2) if isinstance(node, nodes.CondExpr) else (node,):
                if isinstance(leaf, nodes.Const) and isinstance(leaf.value, str):
                    yield leaf.value
