"""The schema of the first release. The migrations before it, which it replaces, were never released."""

import django.db.models.deletion
import lamsach.portal.base.plain_json
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [("traces", "0001_initial"), ("traces", "0002_rows")]
    initial = True

    dependencies = [
        ('campaigns', '0001_baseline'),
        ('findings', '0001_baseline'),
        ('jobs', '0001_baseline'),
        ('units', '0001_baseline'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Trace',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('answers', models.CharField(blank=True, max_length=300)),
                ('addressee', models.CharField(blank=True, max_length=200)),
                ('number', models.CharField(blank=True, max_length=60)),
                ('listed', models.PositiveIntegerField(null=True)),
                ('explained', models.PositiveIntegerField(default=0)),
                ('machines', models.PositiveIntegerField(default=0)),
                ('problem', models.CharField(blank=True, max_length=400)),
                ('unread', models.JSONField(default=list)),
                ('files_deleted', models.DateTimeField(null=True)),
                ('result_deleted', models.DateTimeField(null=True)),
                ('bundle', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='findings.bundle')),
                ('campaign', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='traces', to='campaigns.campaign')),
                ('job', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='jobs.job')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='traces', to='units.unit')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-pk',),
            },
        ),
        migrations.CreateModel(
            name='TraceFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('list', 'List of the authority'), ('log', 'Log file'), ('inventory', 'Inventory')], max_length=10)),
                ('name', models.CharField(max_length=160)),
                ('size', models.BigIntegerField()),
                ('received', models.BigIntegerField(default=0)),
                ('trace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='files', to='traces.trace')),
            ],
            options={
                'ordering': ('pk',),
                'constraints': [models.UniqueConstraint(fields=('trace', 'kind', 'name', 'size'), name='traces_one_file')],
            },
        ),
        migrations.CreateModel(
            name='TraceRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.PositiveIntegerField()),
                ('digest', models.CharField(max_length=64)),
                ('ip', models.CharField(blank=True, max_length=45)),
                ('port', models.PositiveIntegerField(null=True)),
                ('time_text', models.CharField(blank=True, max_length=100)),
                ('threat', models.CharField(blank=True, max_length=200)),
                ('indicator', models.CharField(blank=True, max_length=500)),
                ('day', models.DateField(null=True)),
                ('document', models.CharField(blank=True, max_length=300)),
                ('line', models.PositiveIntegerField(null=True)),
                ('why', models.CharField(blank=True, max_length=20)),
                ('certainty', models.CharField(blank=True, max_length=10)),
                ('named', models.JSONField(default=list, encoder=lamsach.portal.base.plain_json.PlainEncoder)),
                ('device', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='trace_rows', to='findings.device')),
                ('elsewhere', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='traces.tracerow')),
                ('trace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rows', to='traces.trace')),
            ],
            options={
                'ordering': ('at',),
                'indexes': [models.Index(fields=['digest'], name='traces_row_digest')],
                'constraints': [models.UniqueConstraint(fields=('trace', 'at'), name='traces_one_row')],
            },
        ),
    ]
