"""Build the documentation as a site that works from a file, in `OUT`: `make docs`.

The order of the pages is that of the links in `docs/index.md` and `docs/index.vi.md`, so it is stated once.
Every page is the file that the repository shows; nothing is fetched, by the build or by the site.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SEARCH = Path(__file__).with_name("iframe-worker.js")
"""Allows a page opened as a file to search (MIT, by its licence next to it)."""


def contents(index: Path) -> list[dict[str, object]]:
    """Return the headings of a table of contents with the pages under each, by their titles there."""
    nav: list[dict[str, object]] = []
    for part in index.read_text("utf-8").split("\n## ")[1:]:
        title, _, body = part.partition("\n")
        links = re.findall(r"\[([^]]+)\]\(([^)#]+\.md)\)", body)
        nav.append({title.strip(): [{name: page} for name, page in links]})
    return nav


def settings(docs: Path, out: Path) -> dict[str, object]:
    """Return the configuration of mkdocs."""
    return {
        "site_name": "Lamsach",
        "docs_dir": str(docs),
        "site_dir": str(out),
        "use_directory_urls": False,
        "theme": {"name": "material", "language": "vi", "font": False, "features": ["navigation.footer"]},
        "plugins": ["search", "offline"],
        "extra": {"polyfills": [SEARCH.name], "generator": False},
        "markdown_extensions": ["tables", "toc"],
        "validation": {"omitted_files": "ignore", "unrecognized_links": "ignore", "not_found": "ignore"},
        "nav": [
            {"Tiếng Việt": ["index.vi.md", *contents(docs / "index.vi.md")]},
            {"English": ["index.md", *contents(docs / "index.md")]},
        ],
    }


def build(out: Path) -> None:
    """Write the site. Raises CalledProcessError where mkdocs refuses."""
    with tempfile.TemporaryDirectory() as folder:
        docs, config = Path(folder) / "docs", Path(folder) / "mkdocs.yml"
        shutil.copytree(DOCS, docs)
        shutil.copy(SEARCH, docs / SEARCH.name)
        config.write_text(yaml.safe_dump(settings(docs, out.resolve()), allow_unicode=True), "utf-8")
        program = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--config-file", str(config)]
        subprocess.run(program, check=True, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"})


if __name__ == "__main__":
    build(Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "site"))
