"""The secrets of second factors, which lay open until now, are locked."""

from __future__ import annotations

from typing import Any

from django.db import migrations

from lamsach.portal.accounts.factors import lock_all, open_all


def _lock(apps: Any, editor: Any) -> None:
    lock_all(apps.get_model("mfa", "Authenticator").objects.using(editor.connection.alias))


def _open(apps: Any, editor: Any) -> None:
    open_all(apps.get_model("mfa", "Authenticator").objects.using(editor.connection.alias))


class Migration(migrations.Migration):
    """Data only."""

    dependencies = (("accounts", "0002_initial"), ("mfa", "0003_authenticator_type_uniq"))
    operations = (migrations.RunPython(_lock, _open),)
