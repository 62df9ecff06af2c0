"""Data shared by all processes of a portal, and what models of several apps have in common."""

from __future__ import annotations

from typing import Any, NoReturn

from django.db import models
from django.utils.translation import gettext

from lamsach.errors import LamsachError


def unique(name: str, *fields: str, **options: Any) -> models.UniqueConstraint:
    """Constraint: no two rows have equal values in these fields."""
    return models.UniqueConstraint(fields=fields, name=name, **options)


def stored_problem(problem: LamsachError) -> str:
    """A problem as stored with a row: a sentence, then a line with the place."""
    return f"{problem.what}\n{problem.where}"[:400]


class Troubled:
    """Mixin of models whose field `problem` holds a `stored_problem`."""

    problem: Any

    @property
    def shown_problem(self) -> str:
        """The problem, translated."""
        what, _line, where = self.problem.partition("\n")
        return " ".join(filter(None, (gettext(what) if what else "", where)))


class StoredRow(models.Model):
    """A stored file: name for people, path in the storage, size in bytes, digest."""

    name = models.CharField(max_length=200)
    path = models.CharField(max_length=200)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        abstract = True


class AppendOnly(models.Model):
    """Row of a history: written once, never changed or deleted."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **options: Any) -> None:
        """Insert the row; LamsachError on update."""
        if not self._state.adding:
            raise LamsachError("A history cannot be changed.")
        super().save(*args, **options)

    def delete(self, *args: Any, **options: Any) -> NoReturn:
        """Raise LamsachError."""
        raise LamsachError("A history cannot be changed.")


class Remembered(models.Model):
    """Entry of the shared cache on PostgreSQL (`shared_cache.py`): a count, or an encrypted value."""

    key = models.CharField(max_length=200, primary_key=True)
    count = models.BigIntegerField(null=True)
    value = models.TextField(blank=True)
    expires = models.DateTimeField(null=True, db_index=True)


class Agreed(models.Model):
    """Value common to all machines of the database: key fingerprint, mark of the uploads."""

    name = models.CharField(max_length=20, primary_key=True)
    value = models.CharField(max_length=64)
