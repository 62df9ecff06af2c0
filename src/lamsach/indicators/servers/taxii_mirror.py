"""A TAXII collection kept in a folder, which is a list like any other and can be carried to a place without a network.

Every page is written whole or not at all, and the next run goes on where the last one stopped: with the next page, or with what was added since.
"""

from __future__ import annotations

from pathlib import Path

from lamsach.indicators.servers.mirroring import Fetched, MirrorState, write_whole
from lamsach.indicators.servers.taxii import Collection, Settings

__all__ = ["Fetched", "mirror"]

_STATE = ".taxii-state.json"


def mirror(path: str, folder: Path, settings: Settings | None = None) -> Fetched:
    """Bring a collection's new objects into a folder, a file a page, which is a list like any other. A run that was broken off
    goes on at its last page; after a whole run only what was added since is asked for.

    Raises UnreadableError or LimitError (what came before stays in the folder), OutputError when the folder cannot be written.
    """
    settings = settings or Settings()
    collection = Collection(path, settings)
    kept = MirrorState(folder, _STATE, collection.url)
    state = kept.values
    after = state.get("added_after") or settings.added_after
    pages = objects = 0
    newest = state.get("newest")
    for page in collection.pages(state.get("next"), after):
        if page.added_last and (newest is None or page.added_last > newest):
            newest = page.added_last
        if page.objects:
            number = int(state.get("pages") or 0) + 1
            write_whole(folder / f"page-{number:06d}.json", page.data)
            state["pages"] = str(number)
            pages += 1
            objects += page.objects
        state["next"] = page.following
        state["newest"] = newest
        if page.following is None:
            state["added_after"] = newest or after
        kept.save()
    return Fetched(pages, objects)
