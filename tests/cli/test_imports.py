"""Modules that a command must not import, to start quickly."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import lamsach
from tests.rows import each_row

from .command_runner import bind_line, environment, write_list

SOURCES = str(Path(lamsach.__file__).parents[1])
"""Without the tests' clock, which has modules of its own."""
EACH = """
import contextlib, io, json, sys
from lamsach.cli import main
from lamsach.cli.command_line import Group
from lamsach.cli.commands import COMMANDS
def names(group, before=()):
    for name, found in group.commands.items():
        yield from names(found, (*before, name)) if isinstance(found, Group) else [(*before, name)]
shown = 0
for words in names(COMMANDS):
    with contextlib.redirect_stdout(io.StringIO()) as page, contextlib.suppress(SystemExit):
        main([*words, "--help"])
    shown += " ".join(words) in page.getvalue()
print(json.dumps([shown, sorted(sys.modules)]))
"""
READ = (
    "import sys, json; from lamsach.cli import main\ntry: main(sys.argv[1:])\n"
    "except SystemExit as end: print(json.dumps([end.code, sorted(sys.modules)]), file=sys.stderr)"
)
LIBRARIES = (
    "numba",
    "llvmlite",
    "pyarrow",
    "openpyxl",
    "PIL",
    "jinja2",
    "django",
    "pydantic",
    "typer",
    "click",
    "evtx",
    "pypdf",
    "lxml",
    "cryptography",
    "requests",
    "asyncio",
    "fsspec",
    "yara_x",
    "pymispwarninglists",
)
WORK = (
    *LIBRARIES,
    "numpy",
    "rich",
    "dataclasses",
    "inspect",
    "tempfile",
    "zoneinfo",
    "lamsach.model",
    "lamsach.logs",
    "lamsach.indicators",
    "lamsach.hunt",
    "lamsach.devices",
    "lamsach.results",
    "lamsach.trace",
    "lamsach.scanner",
    "lamsach.demo",
    "lamsach.portal",
    "lamsach.archive",
    "lamsach.collect",
)
OTHERS = (
    "lamsach.trace",
    "lamsach.scanner",
    "lamsach.demo",
    "lamsach.portal",
    "lamsach.archive",
    "lamsach.collect",
    "lamsach.cluster",
    "lamsach.desk",
    "lamsach.letters",
)
JUDGES = (
    "lamsach.documents.vocabulary",
    "lamsach.indicators.judge.loop",
    "lamsach.indicators.judge.rule",
    "lamsach.indicators.text",
    "lamsach.indicators.tables",
    "lamsach.indicators.values.records",
    "lamsach.indicators.values.listings",
)
"""What reads lists; a compiled one needs none of it."""
ARCHIVES = ("isal", "zstandard", "lamsach.logs.opening.zips", "lamsach.logs.opening.compression")
HUNT = (
    *LIBRARIES,
    *ARCHIVES,
    *OTHERS,
    *JUDGES,
    "lamsach.hunt.sets.builder",
    "lamsach.devices.inventory_sheets",
    "lamsach.devices.sheets",
    "lamsach.indicators.review.decisions",
    "lamsach.indicators.review.examination",
    "lamsach.indicators.releases.rows",
    "lamsach.logs.bulk",
    "lamsach.logs.binary.netflow",
    "lamsach.logs.binary.capture",
    "lamsach.logs.formats.proxies.squid",
    "lamsach.logs.formats.firewalls.fortigate.format",
    "lamsach.logs.formats.generic.csv_columns",
    "lamsach.logs.formats.flows.captures",
    "lamsach.results.html",
    "lamsach.results.xlsx",
    "lamsach.indicators.formats.documents.office",
    "lamsach.indicators.formats.documents.paged",
    "lamsach.indicators.writers",
    "rich.markdown",
    "rich._emoji_codes",
    "rich.traceback",
    "rich.progress",
)
TABLE = [
    ("--version", (*WORK, "lamsach.catalogue_vi", "difflib", "traceback")),
    ("--complete hunt --th", WORK),
    ("--complete indicators ch", WORK),
    ("completion bash", WORK),
    ("--help", WORK),
    ("hunt --help", WORK),
    ("indicators --help", WORK),
    ("trace --help", WORK),
    ("scan --help", WORK),
    ("hnut", WORK),
    ("hunt --colour", WORK),
    ("hunt LOG -i LIST", HUNT),
    ("hunt LOG -i LIST -o CSV", HUNT),
    ("logs detect LOG",
     (*LIBRARIES, *OTHERS, *ARCHIVES, "numpy", "lamsach.hunt", "lamsach.indicators", "lamsach.results.html",
      "lamsach.logs.formats.proxies.squid")),
    ("indicators read LIST",
     (*LIBRARIES, *OTHERS, "rich", "numpy", "lamsach.logs", "lamsach.hunt",
      *(f"lamsach.indicators.formats.{name}"
          for name in ("documents.paged", "documents.office", "documents.html", "feeds.stix",
              "feeds.misp")))),
    ("indicators check evil.example -i LIST",
     (*LIBRARIES, *OTHERS, *JUDGES, "numpy", "lamsach.logs", "lamsach.results",
      "lamsach.indicators.formats")),
]  # fmt: skip
"""Options of a command (LOG, LIST, CSV: files), and modules that it must not import, with submodules."""


def test_no_command_s_help_imports_what_its_work_needs() -> None:
    variables = environment({"LANG": "vi_VN.UTF-8", "PYTHONPATH": SOURCES})
    ran = subprocess.run(
        [sys.executable, "-c", EACH], capture_output=True, text=True, env=variables, check=True
    )
    count, modules = json.loads(ran.stdout)
    assert count > 40
    assert not [m for m in modules for name in WORK if m == name or m.startswith(f"{name}.")]


def test_a_command_imports_only_what_it_uses(tmp_path: Path) -> None:
    log, listed = tmp_path / "a.log", write_list(tmp_path / "list.txt")
    log.write_text("".join(bind_line(f"192.0.2.{n}") + "\n" for n in range(9)))
    paths = {"LOG": str(log), "LIST": str(listed), "CSV": str(tmp_path / "out.csv")}

    def run(words: str) -> tuple[int, set[str]]:
        typed = [paths.get(word, word) for word in words.split()]
        ran = subprocess.run(
            [sys.executable, "-c", READ, *typed], capture_output=True, text=True,
            env=environment({"LAMSACH_CACHE": str(tmp_path / "cache"), "LANG": "vi_VN.UTF-8",
                "PYTHONPATH": SOURCES}), check=False
        )  # fmt: skip
        status, modules = json.loads(ran.stderr.splitlines()[-1])
        return status, set(modules)

    run("hunt LOG -i LIST")  # the first compiles the list

    @each_row("row", TABLE, lambda row: row[0])
    def imports(row: tuple[str, tuple[str, ...]]) -> None:
        status, modules = run(row[0])
        assert status in ((2,) if row[0] in ("hnut", "hunt --colour") else (0, 3)), status
        found = sorted(m for m in modules for name in row[1] if m == name or m.startswith(f"{name}."))
        assert not found

    imports()
