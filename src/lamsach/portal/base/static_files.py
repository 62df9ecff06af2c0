"""Style sheets and scripts: ours, Bootstrap's, HTMX and what the libraries' pages need; all from installed packages, nothing from another server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bootstrap_wrapper
from django.contrib.staticfiles.finders import AppDirectoriesFinder, BaseFinder
from django.core.files.storage import FileSystemStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage

_FILES = ("bootstrap.min.css",)
_LEFT_OUT = ["*.map", "redoc*", "htmax*", "htmx-4*", "htmx-2.js", "ext", "django-htmx.js"]


class AppFinder(AppDirectoriesFinder):
    """The apps' files without those that no page uses (megabytes of source maps and alternatives)."""

    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, Any]]:
        """The files of all apps."""
        yield from super().list([*(ignore_patterns or ()), *_LEFT_OUT])


class Storage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Files under a name with their digest, compressed once; no file of ours refers to another, so none is rewritten."""

    patterns = ()
    keep_only_hashed_files = True

    def create_compressor(self, **options: Any) -> Any:
        """gzip only: brotli at its highest level would make the first start take half a minute."""
        options["use_brotli"] = False
        return super().create_compressor(**options)


class BootstrapFinder(BaseFinder):
    """Finds `bootstrap/bootstrap.min.css`; the package's other files are not published."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._folder = Path(bootstrap_wrapper.get_bootstrap_css_dir())
        self._storage = FileSystemStorage(location=str(self._folder))
        self._storage.prefix = "bootstrap"  # type: ignore[attr-defined]

    def check(self, **options: Any) -> list[Any]:
        """Nothing that could be set up wrongly."""
        return []

    def find(self, path: str, find_all: bool = False, **options: Any) -> Any:
        """The file behind a static path, or an empty list."""
        found = [str(self._folder / name) for name in _FILES if path == f"bootstrap/{name}"]
        return found if find_all else (found[0] if found else [])

    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, FileSystemStorage]]:
        """The file."""
        for name in _FILES:
            yield name, self._storage
