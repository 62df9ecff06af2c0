"""A folder that mirrors what a server lists: whole files or none, and a state from which the next run goes on."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lamsach.errors import OutputError


@dataclass(frozen=True, slots=True)
class Fetched:
    """What one run brought into the mirror folder. `failed`: what the server names but did not give; the next run asks again."""

    pages: int
    objects: int
    failed: int = 0


class MirrorState:
    """The state file `name` in a folder that mirrors what `origin` names. Raises OutputError when the folder cannot be written, or mirrors something else."""

    def __init__(self, folder: Path, name: str, origin: str) -> None:
        self._path = folder / name
        self._origin = origin
        self.values: dict[str, str | None] = self._load()

    def _load(self) -> dict[str, str | None]:
        folder = self._path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
            saved = json.loads(self._path.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise OutputError(
                "The folder cannot be written.", f"{folder} ({error.strerror})", "Choose another folder."
            ) from None
        except ValueError:
            return {}
        if not isinstance(saved, dict) or saved.get("collection") != self._origin:
            raise OutputError("The folder holds another collection.", str(folder), "Choose an empty folder.")
        return {key: value for key, value in saved.items() if isinstance(value, str)}

    def save(self) -> None:
        """Write the values, so that the next run goes on from here."""
        values: Mapping[str, str | None] = {"collection": self._origin, **self.values}
        write_whole(self._path, json.dumps(values).encode())


def write_whole(path: Path, data: bytes) -> None:
    """The whole file or none: written beside its place and renamed. Raises OutputError."""
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
