"""Documents in `docs/examples/` equal those that the portal writes.

`python -m lamsach.portal.demo.examples docs/examples` rewrites them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from lamsach.portal.demo.examples import make, text_content

FOLDER = Path(__file__).parents[2] / "docs" / "examples"


@pytest.mark.django_db
def test_the_examples_are_fresh() -> None:
    documents = dict(make())
    files = {path.name: path for path in FOLDER.iterdir() if path.suffix != ".md"}
    assert sorted(documents) == sorted(files)
    stale = [
        name
        for name, content in documents.items()
        if text_content(name, content) != text_content(name, files[name].read_bytes())
    ]
    assert stale == [], "make them anew: python -m lamsach.portal.demo.examples docs/examples"


def test_every_example_is_named_in_the_list() -> None:
    text = (FOLDER / "README.md").read_text("utf-8")
    assert [path.name for path in FOLDER.iterdir() if path.suffix != ".md" and path.name not in text] == []
