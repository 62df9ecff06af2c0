"""Documentation as a site: complete, and without requests to other servers."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_site_is_whole_and_fetches_nothing(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, str(ROOT / "scripts/site/build.py"), str(tmp_path)], check=True, cwd=tmp_path
    )
    pages = {
        path.relative_to(tmp_path).as_posix(): path.read_text("utf-8") for path in tmp_path.rglob("*.html")
    }
    for page in (ROOT / "docs").rglob("*.md"):
        name = page.relative_to(ROOT / "docs").with_suffix(".html").as_posix()
        assert name.replace("README.html", "index.html") in pages, name
    for name, text in pages.items():
        fetched = re.findall(
            r"<(?:script|img|iframe)[^>]* src=\"?([^\" >]+)|<link[^>]* href=\"?([^\" >]+)", text
        )
        urls = [one or other for one, other in fetched]
        assert [url for url in urls if re.match(r"(https?:)?//", url)] == [], name
    index = pages["index.vi.html"]
    assert index.index("Lần truy tìm đầu tiên") < index.index("Chiến dịch đầu tiên")
    searched = json.loads(
        (tmp_path / "search/search_index.js").read_text("utf-8").removeprefix("var __index = ")
    )
    assert "Dời thời hạn" in {page["title"] for page in searched["docs"]}
