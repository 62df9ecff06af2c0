"""Deleting an uploaded file. The same content is stored once, so it goes only when nothing names it any more."""

from __future__ import annotations

from django.apps import apps
from django.core.files.storage import default_storage
from django.db.models import CharField

PAGE = "page"
"""A column that names a file of the storage ends in `path`, or is called so."""
ERASED = "erased"
"""What stands in a column that has to name a file and whose file is gone."""


def drop(path: str) -> bool:
    """Delete the file unless another row still names it. Call it after the row that named it was changed. Whether it went."""
    if not path or path == ERASED:
        return False
    columns = [
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.fields
        if isinstance(field, CharField) and (field.name.endswith("path") or field.name == PAGE)
    ]
    if any(model._default_manager.filter(**{name: path}).exists() for model, name in columns):
        return False
    if not default_storage.exists(path):
        return False
    default_storage.delete(path)
    return True
