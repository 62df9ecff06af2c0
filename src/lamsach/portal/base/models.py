"""Data shared by all processes of a portal."""

from __future__ import annotations

from django.db import models


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
