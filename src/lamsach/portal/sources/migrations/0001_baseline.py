"""The schema of the first release. The migrations before it, which it replaces, were never released."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [('sources', '0001_initial')]
    initial = True

    dependencies = [
        ('campaigns', '0001_baseline'),
        ('findings', '0001_baseline'),
        ('jobs', '0001_baseline'),
        ('units', '0001_baseline'),
    ]

    operations = [
        migrations.CreateModel(
            name='Collector',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('reported', models.DateTimeField()),
                ('started', models.DateTimeField(null=True)),
                ('ended', models.BooleanField(default=False)),
                ('udp_drops', models.BigIntegerField(default=0)),
                ('sightings', models.BigIntegerField(default=0)),
                ('sightings_not_sent', models.BigIntegerField(default=0)),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='collectors', to='units.unit')),
            ],
            options={
                'ordering': ('unit__code', 'name'),
                'constraints': [models.UniqueConstraint(fields=('unit', 'name'), name='sources_one_collector')],
            },
        ),
        migrations.CreateModel(
            name='LiveSighting',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=80)),
                ('received', models.DateTimeField(auto_now_add=True)),
                ('seen', models.DateTimeField()),
                ('indicator', models.CharField(max_length=500)),
                ('indicator_type', models.CharField(max_length=10)),
                ('ip', models.CharField(blank=True, max_length=45)),
                ('name', models.CharField(blank=True, max_length=255)),
                ('mac', models.CharField(blank=True, max_length=17)),
                ('user', models.CharField(blank=True, max_length=255)),
                ('role', models.CharField(max_length=10)),
                ('observer', models.CharField(blank=True, max_length=255)),
                ('count', models.BigIntegerField(default=1)),
                ('blocked', models.BigIntegerField(default=0)),
                ('first', models.DateTimeField(null=True)),
                ('last', models.DateTimeField(null=True)),
                ('file', models.CharField(blank=True, max_length=300)),
                ('line', models.BigIntegerField(default=0)),
                ('text', models.TextField(blank=True)),
                ('collector', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='live', to='sources.collector')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='units.unit')),
            ],
            options={
                'ordering': ('-pk',),
                'indexes': [models.Index(fields=['unit', 'received'], name='sources_liv_unit_id_70e506_idx')],
                'constraints': [models.UniqueConstraint(fields=('collector', 'key'), name='sources_one_live')],
            },
        ),
        migrations.CreateModel(
            name='LogSource',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=255)),
                ('kind', models.CharField(max_length=20)),
                ('lines', models.BigIntegerField(default=0)),
                ('rate', models.FloatField(default=0)),
                ('last_seen', models.DateTimeField(null=True)),
                ('formats', models.JSONField(default=dict)),
                ('silent_since', models.DateTimeField(null=True)),
                ('told', models.BooleanField(default=False)),
                ('collector', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sources', to='sources.collector')),
            ],
            options={
                'ordering': ('name',),
                'constraints': [models.UniqueConstraint(fields=('collector', 'name'), name='sources_one_source')],
            },
        ),
        migrations.CreateModel(
            name='ArchiveRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('finished', models.DateTimeField(null=True)),
                ('windows', models.JSONField(default=dict)),
                ('problem', models.CharField(blank=True, max_length=400)),
                ('segments', models.BigIntegerField(default=0)),
                ('opened', models.BigIntegerField(default=0)),
                ('seconds', models.FloatField(default=0)),
                ('bundle', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='findings.bundle')),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='archive_runs', to='campaigns.campaign')),
                ('job', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='jobs.job')),
                ('list', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='archive_runs', to='campaigns.indicatorlist')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='archive_runs', to='units.unit')),
            ],
            options={
                'ordering': ('-pk',),
                'constraints': [models.UniqueConstraint(condition=models.Q(('list__isnull', False)), fields=('unit', 'list'), name='sources_one_run_a_list'), models.UniqueConstraint(condition=models.Q(('list__isnull', True)), fields=('unit', 'campaign', 'day'), name='sources_one_run_a_day')],
            },
        ),
    ]
