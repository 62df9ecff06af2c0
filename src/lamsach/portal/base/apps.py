"""App configuration; loads the texts of each language."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.utils.translation import trans_real

from lamsach.i18n import LANGUAGES, texts_at


class BaseConfig(AppConfig):
    """Configuration of the page frame."""

    name = "lamsach.portal.base"

    def ready(self) -> None:
        """Load the texts into Django's translation functions."""
        load()


def _one_form(number: int) -> int:
    """Plural form of a number: the catalogues have only one, as Vietnamese does."""
    return 0


class _Catalogue:
    """The texts in the form that Django merges: by text, and by (text, plural form)."""

    plural = staticmethod(_one_form)

    def __init__(self, texts: dict[str, str]) -> None:
        self._catalog: dict[Any, str] = {**texts, **{(text, 0): value for text, value in texts.items()}}


def load() -> None:
    """Merge the catalogues of each language, the product's and the portal's, into Django's texts."""
    for code, language in LANGUAGES.items():
        catalog: Any = trans_real.translation(code)._catalog  # type: ignore[attr-defined]
        catalog.update(_Catalogue({**texts_at(language.catalogue), **texts_at(language.portal)}))
