"""The documents in `docs/examples/` say what the portal would write today.

`python -m lamsach.portal.demo.examples docs/examples` makes them anew.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from lamsach.portal.demo.examples import make, text_content

FOLDER = Path(__file__).parents[2] / "docs" / "examples"


@pytest.mark.django_db
def test_the_examples_are_fresh() -> None:
    made = dict(make())
    kept = {path.name: path for path in FOLDER.iterdir() if path.suffix != ".md"}
    assert sorted(made) == sorted(kept)
    stale = [
        name
        for name, content in made.items()
        if text_content(name, content) != text_content(name, kept[name].read_bytes())
    ]
    assert stale == [], "make them anew: python -m lamsach.portal.demo.examples docs/examples"


def test_every_example_is_named_in_the_list() -> None:
    text = (FOLDER / "README.md").read_text("utf-8")
    assert [path.name for path in FOLDER.iterdir() if path.suffix != ".md" and path.name not in text] == []
