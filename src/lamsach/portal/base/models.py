"""Memory that all processes of a portal share."""

from __future__ import annotations

from django.db import models


class Remembered(models.Model):
    """An entry of the common cache on PostgreSQL (`shared_cache.py`): a count, or a value that is locked."""

    key = models.CharField(max_length=200, primary_key=True)
    count = models.BigIntegerField(null=True)
    value = models.TextField(blank=True)
    expires = models.DateTimeField(null=True, db_index=True)


class Agreed(models.Model):
    """Agreement of all machines on this database: the key's fingerprint, the mark of the uploads."""

    name = models.CharField(max_length=20, primary_key=True)
    value = models.CharField(max_length=64)
