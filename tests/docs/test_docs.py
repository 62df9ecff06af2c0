"""Completeness of the documentation: commands, options, formats, exit statuses, links."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from lamsach.catalogue_vi import VIETNAMESE
from lamsach.cli.command_line import Command
from lamsach.errors import ExitStatus
from lamsach.indicators.formats import FORMATS as LIST_FORMATS
from lamsach.logs.formats import FORMATS as LOG_FORMATS
from lamsach.portal.catalogue_vi import GROUPS
from scripts import reference
from tests.rows import each_row

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def text_of(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


COMMANDS = dict(reference.every_command())


def section(document: str, command: str) -> str:
    """Return the text under a command's heading."""
    match = re.search(rf"^#+ {re.escape(command)}$\n(.*?)(?=^#+ |\Z)", document, re.MULTILINE | re.DOTALL)
    assert match, f"docs/commands.md has no heading for {command}"
    return match[1]


@pytest.mark.parametrize(("page", "generated"), reference.PAGES.items())
def test_the_reference_is_generated_from_the_declarations(page: str, generated: Callable[[str], str]) -> None:
    text = text_of(f"docs/{page}")
    assert text == generated(text), "run: make reference"


def test_every_option_is_in_its_commands_table() -> None:
    without_tables = re.sub(r"^\|.*\n", "", text_of("docs/commands.md"), flags=re.MULTILINE)
    with pytest.raises(LookupError, match=r"for lamsach$"):
        reference.with_tables(without_tables)
    made = reference.with_tables(text_of("docs/commands.md"))
    for name, command in COMMANDS.items():
        for spelling in (spelling for option in command.options for spelling in option.names):
            assert f"`{spelling}" in section(made, name), f"{name} {spelling}"


@each_row("name", [name for name, command in COMMANDS.items() if isinstance(command, Command)])
def test_every_command_has_an_example(name: str) -> None:
    assert f"\n{name}" in section(text_of("docs/commands.md"), name)


def test_no_command_is_documented_that_does_not_exist() -> None:
    assert set(re.findall(r"^#+ (lamsach.*)$", text_of("docs/commands.md"), re.MULTILINE)) <= set(COMMANDS)


@each_row("name", [f.name for f in (*LOG_FORMATS, *LIST_FORMATS)] + ["unknown_text"])
def test_every_format_is_documented(name: str) -> None:
    assert f"\n| `{name}` |" in text_of("docs/formats.md")


def test_a_format_that_the_page_lacks_or_words_otherwise_is_noticed() -> None:
    page = text_of("docs/formats.md")
    for name, word in {"unbound": "RPZ", "ids_rules": "hosts"}.items():
        row = next(line for line in page.splitlines(keepends=True) if line.startswith(f"| `{name}` |"))
        for other in (page.replace(row, ""), page.replace(row, row.replace(word, "other"))):
            assert reference.with_formats(other) == page != other


@pytest.mark.parametrize("document", ["README.md", "README.vi.md", "docs/commands.md"])
def test_every_exit_status_is_explained(document: str) -> None:
    stated = {int(number) for number in re.findall(r"^\| (\d+) \|", text_of(document), re.MULTILINE)}
    assert stated == {status.value for status in ExitStatus}


@each_row("document", DOCUMENTS)
def test_links_lead_to_files_and_headings(document: Path) -> None:
    text = document.read_text("utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        path, _, heading = target.partition("#")
        linked = (document.parent / path) if path else document
        assert linked.exists(), target
        if heading:
            headings = re.findall(r"^#+ (.*)$", linked.read_text("utf-8"), re.MULTILINE)
            assert heading in {anchor(title) for title in headings}, target


def anchor(title: str) -> str:
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def test_the_two_readmes_have_the_same_sections_tables_and_commands() -> None:
    def shape(text: str) -> tuple[list[str], int, list[str]]:
        levels = re.findall(r"^(#+) ", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)
        fences = re.findall(r"```\w+\n(.*?)```", text, re.DOTALL)
        words = [line.split()[:2] for fence in fences for line in fence.splitlines()]
        return levels, len(re.findall(r"^\|", text, re.MULTILINE)), [" ".join(pair) for pair in words]

    assert shape(text_of("README.md")) == shape(text_of("README.vi.md"))


def test_make_targets_in_the_documents_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.MULTILINE))
    for document in DOCUMENTS:
        called = set(re.findall(r"(?:^|`)make ([a-z-]+)", document.read_text("utf-8"), re.MULTILINE))
        assert called <= targets, document.name


def test_the_changelog_has_one_line_a_change() -> None:
    entries = [line for line in text_of("CHANGELOG.md").split("\n") if line.startswith("- ")]
    assert len(entries) > 100
    assert [line for line in entries if len(line) > 400] == []
    assert [line for line in text_of("CHANGELOG.md").split("\n") if line.startswith(" ")] == []


def test_the_package_version_is_in_the_changelog() -> None:
    from lamsach import __version__

    assert f"\n## {__version__}" in text_of("CHANGELOG.md")


def test_each_page_for_officers_and_coordinators_is_there_in_both_languages() -> None:
    pages = [
        page
        for folder in ("tutorial", "how-to", "explanation")
        for page in (ROOT / "docs" / folder).rglob("*.md")
    ]
    names = {page.relative_to(ROOT / "docs").as_posix() for page in pages}
    english = {name for name in names if not name.endswith(".vi.md")}
    assert {name.removesuffix(".md") + ".vi.md" for name in english} == names - english
    for index, suffix in (("index.md", ".md"), ("index.vi.md", ".vi.md")):
        linked = set(re.findall(r"\]\(([^)#]+\.md)\)", text_of(f"docs/{index}")))
        assert {name.removesuffix(".md") + suffix for name in english} <= linked, index


def test_buttons_are_named_as_the_portal_names_them() -> None:
    """Bold text on a page about the portal is a label of the portal, except headings of steps."""
    pages = [*(ROOT / "docs/how-to").rglob("*.md"), *(ROOT / "docs/tutorial").glob("first-campaign*.md")]
    labels = VIETNAMESE | {english: vietnamese for group in GROUPS for english, vietnamese in group.items()}
    wrong = {
        f"{page.name}: {label}"
        for page in pages
        for label in re.findall(r"\*\*([^*\n]+)\*\*", page.read_text("utf-8"))
        if not re.match(r"\d\. ", label)
        and label not in (labels.values() if page.name.endswith(".vi.md") else labels)
    }
    assert wrong == set()
