"""A TAXII collection kept in a folder, which is a list like any other and can be carried to a place without a network.

Every page is written whole or not at all, and the next run goes on where the last one stopped: with the next page, or with what was added since.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

from lamsach.errors import OutputError
from lamsach.indicators.taxii import Collection, Settings

_STATE = ".taxii-state.json"


@dataclass(frozen=True, slots=True)
class Fetched:
    """What one run brought into the mirror folder."""

    pages: int
    objects: int


def mirror(path: str, folder: Path, settings: Settings | None = None) -> Fetched:
    """Bring a collection's new objects into a folder, a file a page, which is a list like any other. A run that was broken off
    goes on at its last page; after a whole run only what was added since is asked for.

    Raises UnreadableError or LimitError (what came before stays in the folder), OutputError when the folder cannot be written.
    """
    settings = settings or Settings()
    collection = Collection(path, settings)
    state = _load(folder, collection.url)
    after = state.get("added_after") or settings.added_after
    pages = objects = 0
    newest = state.get("newest")
    for page in collection.pages(state.get("next"), after):
        if page.added_last and (newest is None or page.added_last > newest):
            newest = page.added_last
        if page.objects:
            number = int(state.get("pages") or 0) + 1
            _write(folder / f"page-{number:06d}.json", page.data)
            state["pages"] = str(number)
            pages += 1
            objects += page.objects
        state["next"] = page.following
        state["newest"] = newest
        if page.following is None:
            state["added_after"] = newest or after
        _write(folder / _STATE, json.dumps({"collection": collection.url, **state}).encode())
    return Fetched(pages, objects)


def _load(folder: Path, url: str) -> dict[str, str | None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        saved = json.loads((folder / _STATE).read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise OutputError(
            "The folder cannot be written.", f"{folder} ({error.strerror})", "Choose another folder."
        ) from None
    except ValueError:
        return {}
    if not isinstance(saved, dict) or saved.get("collection") != url:
        raise OutputError("The folder holds another collection.", str(folder), "Choose an empty folder.")
    return {
        key: value
        for key in ("added_after", "newest", "next", "pages")
        if isinstance(value := saved.get(key), str)
    }


def _write(path: Path, data: bytes) -> None:
    """The whole file or none: written beside its place and renamed."""
    temporary: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as stream:
            temporary = Path(stream.name)
            stream.write(data)
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise OutputError(
            "The folder cannot be written.", f"{path.parent} ({error.strerror})", "Choose another folder."
        ) from None
