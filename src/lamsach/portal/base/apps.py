"""The app's entry in Django; loads the Vietnamese texts."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.utils.translation import trans_real

from lamsach.catalogue_vi import VIETNAMESE as PRODUCT
from lamsach.portal.catalogue_vi import VIETNAMESE
from lamsach.portal.catalogue_vi.libraries import ENGLISH


class BaseConfig(AppConfig):
    """The frame of all pages."""

    name = "lamsach.portal.base"

    def ready(self) -> None:
        """Put the Vietnamese texts where Django's translation functions find them."""
        load()


def _one_form(number: int) -> int:
    """Vietnamese has one form for every number."""
    return 0


class _Catalogue:
    """The texts in the shape that Django merges: by text, and by (text, plural form)."""

    plural = staticmethod(_one_form)

    def __init__(self, texts: dict[str, str]) -> None:
        self._catalog: dict[Any, str] = {**texts, **{(text, 0): value for text, value in texts.items()}}


def load() -> None:
    """Merge the product's and the portal's Vietnamese, and our English for libraries, into Django's texts."""
    for language, texts in (("vi", {**PRODUCT, **VIETNAMESE}), ("en", ENGLISH)):
        catalog: Any = trans_real.translation(language)._catalog  # type: ignore[attr-defined]
        catalog.update(_Catalogue(texts))
