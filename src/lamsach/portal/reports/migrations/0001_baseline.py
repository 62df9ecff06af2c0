"""The schema of the first release; the database itself refuses to change a frozen report, and a step of its history."""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


_SQLITE = (
    "CREATE TRIGGER reports_frozen BEFORE UPDATE ON reports_report WHEN OLD.state = 'frozen' "
    "BEGIN SELECT RAISE(ABORT, 'a frozen report cannot be changed'); END",
    "CREATE TRIGGER reports_steps BEFORE UPDATE ON reports_step "
    "BEGIN SELECT RAISE(ABORT, 'the history of a report cannot be changed'); END",
)
_POSTGRESQL = (
    "CREATE FUNCTION reports_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'a frozen report cannot be changed'; END $$",
    "CREATE TRIGGER reports_frozen BEFORE UPDATE ON reports_report FOR EACH ROW "
    "WHEN (OLD.state = 'frozen') EXECUTE FUNCTION reports_refuse()",
    "CREATE TRIGGER reports_steps BEFORE UPDATE ON reports_step FOR EACH ROW EXECUTE FUNCTION reports_refuse()",
)


def _guard(apps: Any, editor: Any) -> None:
    for statement in _SQLITE if editor.connection.vendor == "sqlite" else _POSTGRESQL:
        editor.execute(statement)


class Migration(migrations.Migration):
    replaces = [('reports', '0001_initial'), ('reports', '0003_received'), ('reports', '0004_authority'), ('reports', '0005_measured'), ('reports', '0002_frozen'), ('reports', '0002_guards'), ('reports', '0003_due')]
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('campaigns', '0001_baseline'),
        ('units', '0001_baseline'),
    ]

    operations = [
        migrations.CreateModel(
            name='Report',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('edition', models.PositiveSmallIntegerField(default=1)),
                ('correction', models.TextField(blank=True, verbose_name='What is corrected, and why')),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('submitted', "Waits for the head's approval"), ('returned', 'Returned'), ('approved', 'Approved, not sent'), ('sent', 'Sent, not accepted yet'), ('frozen', 'Accepted and frozen')], default='draft', max_length=10)),
                ('as_of', models.DateField(verbose_name='Figures as of')),
                ('itself', models.BooleanField(default=True, verbose_name='The unit itself counts too')),
                ('texts', models.JSONField(default=dict)),
                ('measured', models.JSONField(null=True)),
                ('late_reason', models.TextField(blank=True, verbose_name='Why it is late')),
                ('number', models.PositiveIntegerField(blank=True, null=True, verbose_name='Number')),
                ('symbol', models.CharField(blank=True, help_text='Such as BC-CNTT.', max_length=40, verbose_name='Symbol')),
                ('place', models.CharField(blank=True, max_length=60, verbose_name='Place')),
                ('day', models.DateField(blank=True, null=True, verbose_name='Date of the report')),
                ('authority', models.CharField(blank=True, help_text='A line before the position, such as KT. GIÁM ĐỐC or TL. BỘ TRƯỞNG. Mostly empty.', max_length=200, null=True, verbose_name='Authority of who signs')),
                ('position', models.CharField(blank=True, max_length=200, verbose_name='Position of who signs')),
                ('signer', models.CharField(blank=True, max_length=200, verbose_name='Name of who signs')),
                ('content', models.JSONField(null=True)),
                ('digest', models.CharField(blank=True, max_length=64)),
                ('submitted', models.DateTimeField(null=True)),
                ('approved', models.DateTimeField(null=True)),
                ('sent', models.DateTimeField(null=True)),
                ('frozen', models.DateTimeField(null=True)),
                ('scan_name', models.CharField(blank=True, max_length=200)),
                ('scan_path', models.CharField(blank=True, max_length=200)),
                ('scan_sha256', models.CharField(blank=True, max_length=64)),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('version', models.PositiveIntegerField(default=1)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reports', to='campaigns.campaign')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('form', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.formdefinition')),
                ('previous', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='corrections', to='reports.report')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reports', to='units.unit')),
            ],
            options={
                'ordering': ('-pk',),
                'indexes': [models.Index(fields=['campaign', 'state'], name='reports_rep_campaig_78e0b0_idx')],
                'constraints': [models.UniqueConstraint(fields=('campaign', 'unit', 'edition'), name='reports_one_edition')],
            },
        ),
        migrations.CreateModel(
            name='Received',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=120, unique=True)),
                ('way', models.CharField(choices=[('mail', 'by e-mail'), ('stick', 'by an exchange file'), ('upload', 'as a file')], max_length=10)),
                ('state', models.CharField(choices=[('waiting', 'Waits for confirmation'), ('filed', 'Filed'), ('dismissed', 'Set aside')], default='waiting', max_length=10)),
                ('found_by', models.CharField(blank=True, max_length=10)),
                ('sender', models.CharField(blank=True, max_length=254)),
                ('name', models.CharField(max_length=200)),
                ('path', models.CharField(max_length=200)),
                ('sha256', models.CharField(max_length=64)),
                ('values', models.JSONField(default=list)),
                ('received', models.DateTimeField()),
                ('decided', models.DateTimeField(null=True)),
                ('campaign', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.campaign')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('unit', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='units.unit')),
                ('report', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='received', to='reports.report')),
            ],
            options={
                'ordering': ('-pk',),
                'indexes': [models.Index(fields=['state', 'unit'], name='reports_rec_state_0dff55_idx')],
            },
        ),
        migrations.CreateModel(
            name='Figure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=40)),
                ('computed', models.PositiveBigIntegerField(null=True)),
                ('stated', models.PositiveBigIntegerField(null=True)),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('note', models.CharField(blank=True, max_length=500)),
                ('report', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='figures', to='reports.report')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('report', 'key'), name='reports_one_figure')],
            },
        ),
        migrations.CreateModel(
            name='Step',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('action', models.CharField(max_length=10)),
                ('before', models.CharField(choices=[('draft', 'Draft'), ('submitted', "Waits for the head's approval"), ('returned', 'Returned'), ('approved', 'Approved, not sent'), ('sent', 'Sent, not accepted yet'), ('frozen', 'Accepted and frozen')], max_length=10)),
                ('after', models.CharField(choices=[('draft', 'Draft'), ('submitted', "Waits for the head's approval"), ('returned', 'Returned'), ('approved', 'Approved, not sent'), ('sent', 'Sent, not accepted yet'), ('frozen', 'Accepted and frozen')], max_length=10)),
                ('who', models.CharField(blank=True, max_length=254)),
                ('reason', models.TextField(blank=True)),
                ('digest', models.CharField(blank=True, max_length=64)),
                ('report', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='steps', to='reports.report')),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('pk',),
            },
        ),
        migrations.CreateModel(
            name='Extension',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('until', models.DateField(verbose_name='New deadline')),
                ('reason', models.CharField(max_length=1000, verbose_name='Reason')),
                ('asked', models.DateTimeField(auto_now_add=True)),
                ('granted', models.BooleanField(null=True)),
                ('decided', models.DateTimeField(null=True)),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.campaign')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='units.unit')),
            ],
            options={
                'ordering': ('-pk',),
                'indexes': [models.Index(fields=['campaign', 'unit'], name='reports_ext_campaig_0e3a9e_idx')],
            },
        ),
        migrations.RunPython(_guard, migrations.RunPython.noop),
    ]
