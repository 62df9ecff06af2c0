"""Copies of all rows, to open a page with few and with many units, cases, reports and letters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from django.apps import apps
from django.db import IntegrityError, models, transaction

from lamsach.portal.units.models import Unit, UnitLink, UnitName

APPS = "lamsach.portal."
Made = dict[tuple[type[models.Model], Any], Any]
ALONE = {"User", "Campaign", "FormDefinition", "UnitImport", "Counter", "Changed"}
"""Models not copied, shared by the copies: people, campaigns, and those counted by the database itself."""


def _models() -> list[type[models.Model]]:
    """The portal's models, each after those that it refers to."""
    ours = [model for model in apps.get_models() if model.__module__.startswith(APPS)]
    ordered: list[type[models.Model]] = []

    def add(model: type[models.Model], path: tuple[type[models.Model], ...]) -> None:
        if model in ordered or model in path or model not in ours:
            return
        for field in _references(model):
            add(field.related_model, (*path, model))
        ordered.append(model)

    for model in ours:
        add(model, ())
    return [model for model in ordered if model._meta.managed and model.__name__ not in ALONE]


def _references(model: type[models.Model]) -> Iterator[Any]:
    return (field for field in model._meta.concrete_fields if field.is_relation)


class Grower:
    """Copies all current rows: into the copies of a unit, into the unit itself, and as siblings."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._rows = {model: list(model._base_manager.all()) for model in _models()}
        self._rows[Unit] = [unit]
        for model in (UnitLink, UnitName):
            self._rows[model] = [row for row in self._rows[model] if self._is_of_unit(row)]
        self.refused: set[str] = set()

    def _is_of_unit(self, row: Any) -> bool:
        return self._unit.pk in (getattr(row, "descendant_id", None), getattr(row, "unit_id", None))

    def grow(self, copies: int) -> None:
        """Create further copies of each kind."""
        self._copy(copies, units=True, parents=True)
        self._copy(copies, units=False, parents=True)
        self._copy(copies, units=False, parents=False)

    def _copy(self, copies: int, *, units: bool, parents: bool) -> None:
        made: list[Made] = [{} for _ in range(copies)]
        for model, rows in self._rows.items():
            if model in (Unit, UnitLink, UnitName) and not units:
                continue
            for row in rows:
                try:
                    with transaction.atomic():
                        many = model._base_manager.bulk_create(_copied(row, known) for known in made)
                except IntegrityError:
                    if parents:
                        self.refused.add(model.__name__)
                    continue
                if parents:
                    for known, copy in zip(made, many, strict=True):
                        known[model, row.pk] = copy.pk


def _copied(row: Any, made: Made) -> Any:
    copy = type(row)()
    for field in row._meta.concrete_fields:
        value = getattr(row, field.attname)
        if field.is_relation:
            value = made.get((field.related_model, value), value)
        elif field.primary_key:
            value = uuid4().hex if isinstance(field, models.CharField) else None
        elif value and isinstance(field, models.CharField) and not field.choices and _alone(row, field):
            value = uuid4().hex[: field.max_length] if len(value) > 16 else f"{value}{uuid4().hex[:6]}"
        setattr(copy, field.attname, value)
    return copy


def _alone(row: Any, field: models.Field[Any, Any]) -> bool:
    """Return whether the field is unique, by itself or together with fields that are not references."""
    alone = [one for one in row._meta.constraints if isinstance(one, models.UniqueConstraint)]
    return field.unique or any(field.name in one.fields for one in alone)
