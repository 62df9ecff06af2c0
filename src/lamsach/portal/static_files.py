"""Style sheets and scripts: our own, Bootstrap, HTMX and the libraries'; all installed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.staticfiles.finders import AppDirectoriesFinder
from whitenoise.storage import CompressedManifestStaticFilesStorage

_LEFT_OUT = ["LICENSE", "*.map", "redoc*", "htmax*", "htmx-4*", "htmx-2.js", "ext", "django-htmx.js"]


class AppFinder(AppDirectoriesFinder):
    """Files of the apps, without those no page uses (megabytes of source maps and alternatives)."""

    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, Any]]:
        """Files of all apps."""
        yield from super().list([*(ignore_patterns or ()), *_LEFT_OUT])


class Storage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Files named by their digest, compressed once; none refers to another, so none is rewritten."""

    patterns = ()
    keep_only_hashed_files = True

    def create_compressor(self, **options: Any) -> Any:
        """Compress with gzip only: brotli at its highest level would add half a minute to the first start."""
        options["use_brotli"] = False
        return super().create_compressor(**options)
