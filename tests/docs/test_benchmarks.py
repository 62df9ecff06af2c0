"""Page of benchmarks: a table per heading, with command, machine and date in its chapter; no history."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
FACTS = {
    "date": re.compile(r"\b\d{1,2} (?:January|November|December) 20\d\d\b"),
    "machine": re.compile(r"\bcores\b"),
    "command": re.compile(r"`[^`]*(?:bench|lamsach |make |pytest|python -m )[^`]*`|^uv ", re.MULTILINE),
}
STORY = re.compile(r"\b(?:before this|used to|no longer|at first we|until now|and now)\b", re.IGNORECASE)


def faults(page: str) -> list[str]:
    """List headings with two tables or without a fact in their chapter, and phrases of history."""
    result = [f"story: {match[0]}" for match in STORY.finditer(page)]
    for chapter in re.split(r"^## ", page, flags=re.MULTILINE)[1:]:
        for section in re.split(r"^### ", chapter, flags=re.MULTILINE):
            name = section.split("\n", 1)[0]
            tables = len(re.findall(r"^\|[-:| ]+\|$", section, re.MULTILINE))
            if tables > 1:
                result.append(f"{name}: {tables} tables")
            if tables:
                text = chapter[: chapter.index(section) + len(section)]
                result += [
                    f"{name}: no {fact}" for fact, pattern in FACTS.items() if not pattern.search(text)
                ]
    return result


def test_each_subject_has_one_table_with_its_facts() -> None:
    page = PAGE.read_text("utf-8")
    assert len(re.findall(r"^\|[-:| ]+\|$", page, re.MULTILINE)) > 20
    assert faults(page) == []


def test_a_second_table_a_missing_fact_and_a_story_are_found() -> None:
    table = "| a | b |\n|---|--:|\n| c | 1 |\n"
    facts = "1 December 2026, 2 cores. Command: `make bench`.\n\n"
    assert faults(f"# B\n\n## A\n\n{facts}{table}") == []
    assert faults(f"# B\n\n## A\n\n{facts}### C\n\n{table}\n### D\n\n{table}") == []
    assert faults(f"# B\n\n## A\n\n{facts}{table}\n{table}") == ["A: 2 tables"]
    assert faults(f"# B\n\n## A\n\n{table}") == ["A: no date", "A: no machine", "A: no command"]
    assert faults(f"# B\n\n## A\n\nIt used to take longer.\n\n{facts}{table}") == ["story: used to"]
