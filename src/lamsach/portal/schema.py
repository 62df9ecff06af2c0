"""Creation and migration of the database schema."""

from __future__ import annotations

from typing import cast

from lamsach.errors import UsageError


def bring_up_to_date() -> None:
    """Create an empty database from the models, ten times faster than migrating; migrate any other.

    Then install the counters' triggers, and recount where this version counts differently. UsageError for a
    development database older than the first release's schema. A failure leaves the database unchanged, as
    far as its system can.
    """
    from lamsach.portal.units.counters import install

    _bring_up_to_date()
    install()


def _bring_up_to_date() -> None:
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    if not set(connection.introspection.table_names()) - {"django_migrations"}:
        _lay_out()
        return
    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):  # most starts: saves 0.3 s
        executor.check_replacements()
        return
    if _begun_before_the_baseline():
        raise UsageError(
            "This database was made by a development version before the first release.",
            str(connection.settings_dict["NAME"]),
            "Start it once with the last version before the first release, or begin with an empty database.",
        )
    call_command("migrate", interactive=False, verbosity=0)


def _begun_before_the_baseline() -> bool:
    """Return whether some, but not all, of the migrations that a baseline replaces are applied."""
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader
    from django.db.migrations.recorder import MigrationRecorder

    applied = set(MigrationRecorder(connection).applied_migrations())
    replaced = [set(migration.replaces) for migration in MigrationLoader(None).replacements.values()]
    return any(names & applied and names - applied for names in replaced)


def _lay_out() -> None:
    """Create all tables, triggers and monthly tables in one transaction; record all migrations as applied."""
    from django.apps import apps
    from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
    from django.db import connection
    from django.db.migrations import RunPython
    from django.db.migrations.executor import MigrationExecutor
    from django.db.migrations.state import StateApps

    emit_pre_migrate_signal(0, False, connection.alias)
    with connection.schema_editor() as editor:
        for model in apps.get_models(include_auto_created=False):
            if model._meta.can_migrate(connection):
                editor.create_model(model)
        while editor.deferred_sql:  # triggers and monthly tables need the keys that these create
            editor.execute(editor.deferred_sql.pop(0))
        executor = MigrationExecutor(connection)
        leaves = executor.loader.graph.leaf_nodes()
        for migration, _ in executor.migration_plan(leaves):
            if migration.__module__.startswith("lamsach."):
                for operation in migration.operations:
                    if isinstance(operation, RunPython):
                        operation.code(cast(StateApps, apps), editor)
            executor.record_migration(migration)  # type: ignore[call-arg,arg-type]  # older stubs
        executor.check_replacements()
    emit_post_migrate_signal(0, False, connection.alias)
