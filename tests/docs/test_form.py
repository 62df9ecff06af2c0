"""Form of the sources: names of modules and tests, sizes, docstrings, circular imports."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "lamsach"
NOT_YET = ()
"""Packages that are exempt."""
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_NO_NOUN = re.compile(r"(?:ing|^beside|^standing|^look|^words|^parts)$")
_QUESTION = re.compile(r"(?:What|Which|Whether|How|Of|Who|When|Where|Why)\b")
_DIALECT = re.compile(r"\b(?:told|whoever|whatever|stands)\b")


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


@pytest.fixture(autouse=True, scope="module")
def no_tree_remains() -> Iterator[None]:
    """Free the trees, which are some hundred megabytes."""
    yield
    tree_of.cache_clear()


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a module's or statement's own and nested statements, without their expressions."""
    pending = [node]
    while pending:
        node = pending.pop()
        yield node
        for field in ("body", "handlers", "cases", "orelse", "finalbody"):
            pending += getattr(node, field, ())


@cache
def sources(*, every: bool = False) -> tuple[Path, ...]:
    """List the modules without migrations, of the checked packages or (`every`) of all."""
    names = [path.relative_to(SOURCE) for path in sorted(SOURCE.rglob("*.py"))]
    return tuple(
        SOURCE / name
        for name in names
        if "migrations" not in name.parts and (every or not name.as_posix().startswith(NOT_YET))
    )


def place(path: Path, node: ast.AST | None = None) -> str:
    root = SOURCE if path.is_relative_to(SOURCE) else ROOT
    return f"{path.relative_to(root)}:{getattr(node, 'lineno', 1)}"


@cache
def around() -> tuple[Path, ...]:
    """List the modules of tests, benchmarks, scripts and packaging."""
    folders = ("tests", "bench", "scripts", "packaging")
    return tuple(path for name in folders for path in sorted((ROOT / name).rglob("*.py")))


def nodes(*kinds: type[ast.AST], paths: tuple[Path, ...] | None = None) -> Iterator[tuple[Path, ast.AST]]:
    for path in sources() if paths is None else paths:
        yield from ((path, node) for node in statements(tree_of(path)) if isinstance(node, kinds))


def lines_of(path: Path, function: _Function) -> int:
    """Count the lines of a function; of a CLI command (with declared options) those of its body."""
    begin = function.lineno
    if path.is_relative_to(SOURCE / "cli") and "Annotated" in ast.dump(function.args):
        begin = function.body[ast.get_docstring(function) is not None].lineno
    return (function.end_lineno or begin) - begin + 1


def test_modules_are_named_by_nouns() -> None:
    paths = (*sources(), *(ROOT / "tests").rglob("*.py"))
    assert not [place(path) for path in paths if _NO_NOUN.search(path.stem.removeprefix("test_"))]


def test_functions_have_at_most_forty_lines() -> None:
    functions = nodes(ast.FunctionDef, ast.AsyncFunctionDef)
    assert not [
        place(path, node)
        for path, node in functions
        if isinstance(node, _Function) and lines_of(path, node) > 40
    ]


def test_tests_have_at_most_sixty_lines() -> None:
    tests = (
        (path.name, node)
        for path in Path(__file__).parents[1].rglob("test_*.py")
        for node in statements(tree_of(path))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )
    lengths = {f"{name}:{node.name}": (node.end_lineno or 0) - node.lineno + 1 for name, node in tests}
    assert len(lengths) > 3000
    assert not {name: length for name, length in lengths.items() if length > 60}


def test_files_have_at_most_four_hundred_lines() -> None:
    assert not [place(path) for path in (*sources(), *around()) if path.read_text("utf-8").count("\n") > 400]


def test_folders_have_at_most_twenty_five_entries() -> None:
    entries: dict[Path, set[str]] = {}
    for path in sources(every=True):
        for folder in path.parents[: len(path.relative_to(SOURCE).parts)]:
            entries.setdefault(folder, set()).add(path.relative_to(folder).parts[0])
    clean = {path.parent for path in sources()} | {SOURCE}
    many = {
        folder: len({name for name in names if name != "__init__.py" and not name.startswith("catalogue_")})
        for folder, names in entries.items()
        if folder in clean
    }  # a catalogue per language
    many.pop(SOURCE / "portal", 0)  # a folder per app, and the modules that start and set up the site
    assert not {str(folder): count for folder, count in many.items() if count > 25}


def _first_lines(paths: tuple[Path, ...] | None = None) -> Iterator[tuple[str, str]]:
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for path, node in nodes(*documented, paths=paths):
        assert isinstance(node, documented)
        if text := ast.get_docstring(node):
            yield place(path, node), text.split("\n")[0]


def test_docstrings_begin_with_a_verb_or_a_noun() -> None:
    lines = [*_first_lines(), *_first_lines(around())]
    assert not [(where, line) for where, line in lines if _QUESTION.match(line) or _DIALECT.search(line)]


def test_tests_are_named_by_behaviour() -> None:
    """Names have at least three words after `test`: a subject and its behaviour."""
    functions = nodes(ast.FunctionDef, paths=around())
    names = [node.name for _path, node in functions if isinstance(node, ast.FunctionDef)]
    tests = [name for name in names if name.startswith("test_")]
    assert len(tests) > 3000
    assert not [name for name in tests if name.count("_") < 3]


def _imports(path: Path, name: str, modules: dict[str, Path]) -> Iterator[str]:
    """Yield the modules that a module imports, at the top or in a function, except for types."""
    tree = tree_of(path)
    checks = [
        node
        for node in statements(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
    ]
    for_types = {id(node) for check in checks for node in statements(check)}
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in statements(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                yield from (module for module in (inner if inner in modules else base,) if module in modules)


def circles(imports: dict[str, set[str]]) -> list[list[str]]:
    """Find groups of modules that import each other, by Tarjan's strongly connected components."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    components: list[list[str]] = []

    def visit(module: str) -> None:
        number[module] = low[module] = len(number)
        stack.append(module)
        for other in imports[module]:
            if other not in number:
                visit(other)
            if other in stack:
                low[module] = min(low[module], low[other])
        if low[module] == number[module]:
            index = stack.index(module)
            components.append(sorted(stack[index:]))
            del stack[index:]

    for module in imports:
        if module not in number:
            visit(module)
    return [group for group in components if len(group) > 1]


def test_circles_are_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) == [["b", "c"]]
    assert circles({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def _module(path: Path) -> str:
    return ".".join(("lamsach", *path.relative_to(SOURCE).with_suffix("").parts)).removesuffix(".__init__")


def test_no_modules_import_each_other() -> None:
    modules = {_module(path): path for path in sources(every=True)}
    imports = {name: set(_imports(path, name, modules)) - {name} for name, path in modules.items()}
    clean = set(map(_module, sources()))
    assert not [group for group in circles(imports) if clean & set(group)]


def test_there_is_much_to_check() -> None:
    assert len(sources()) > 300
    assert sum(1 for _ in _first_lines()) > 2000
    assert sum(1 for _ in _first_lines(around())) > 1500


def test_the_checks_see_what_they_are_for(tmp_path: Path, monkeypatch) -> None:
    """Each check fails for a package that breaks its rule."""
    package = tmp_path / "lamsach"
    (package / "cli").mkdir(parents=True)
    (package / "other.py").write_text("from lamsach import telling\n")
    long = "\n".join(f"    a = {number}" for number in range(41))
    (package / "telling.py").write_text(
        f'"""What is told."""\n\n\ndef f():\n{long}\n    import lamsach.other\n'
    )
    (package / "large.py").write_text("\n" * 401)
    for number in range(26):
        (package / f"m{number}.py").write_text("")
    monkeypatch.setattr(f"{__name__}.SOURCE", package)
    sources.cache_clear()
    checks: tuple[Callable[[], None], ...] = (
        test_modules_are_named_by_nouns,
        test_functions_have_at_most_forty_lines,
        test_files_have_at_most_four_hundred_lines,
        test_folders_have_at_most_twenty_five_entries,
        test_docstrings_begin_with_a_verb_or_a_noun,
        test_no_modules_import_each_other,
    )
    silent = []
    for check in checks:
        try:
            check()
        except AssertionError:
            continue
        silent.append(check.__name__)
    sources.cache_clear()
    assert silent == []
