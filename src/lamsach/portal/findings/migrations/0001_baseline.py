"""The schema of the first release. The migrations before it, which it replaces, were never released."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [('findings', '0001_initial'), ('findings', '0002_searched'), ('findings', '0003_traced'), ('findings', '0004_marks'), ('findings', '0007_nat_logs'), ('findings', '0008_to_look_at')]
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('campaigns', '0001_baseline'),
        ('jobs', '0001_baseline'),
        ('units', '0001_baseline'),
    ]

    operations = [
        migrations.CreateModel(
            name='Bundle',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('hunt', 'Hunt in logs'), ('scan', 'Scan of one machine')], max_length=4)),
                ('state', models.CharField(choices=[('received', 'Being imported'), ('imported', 'Imported'), ('refused', 'Refused')], default='received', max_length=10)),
                ('way', models.CharField(choices=[('upload', 'Upload'), ('api', 'Sent by the program'), ('signed', 'Signed file'), ('browser', 'Hunt in the portal'), ('trace', 'Trace of public addresses')], max_length=10)),
                ('name', models.CharField(max_length=200)),
                ('path', models.CharField(max_length=200)),
                ('size', models.BigIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('who', models.CharField(blank=True, max_length=254)),
                ('received', models.DateTimeField(auto_now_add=True)),
                ('imported', models.DateTimeField(null=True)),
                ('problem', models.CharField(blank=True, max_length=400)),
                ('tool_version', models.CharField(blank=True, max_length=40)),
                ('list_digest', models.CharField(blank=True, max_length=64)),
                ('partial', models.BooleanField(default=False)),
                ('first_day', models.DateField(null=True)),
                ('last_day', models.DateField(null=True)),
                ('counts', models.JSONField(default=dict)),
                ('to_look_at', models.JSONField(default=list)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='bundles', to='campaigns.campaign')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='bundles', to='units.unit')),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-pk',),
                'indexes': [models.Index(fields=['campaign', 'unit', 'state'], name='findings_bu_campaig_e5a1b3_idx')],
                'constraints': [models.UniqueConstraint(fields=('unit', 'campaign', 'sha256'), name='findings_one_bundle')],
            },
        ),
        migrations.CreateModel(
            name='Composition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64)),
                ('lists', models.JSONField(default=list)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='campaigns.campaign')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('campaign', 'digest'), name='findings_one_composition')],
            },
        ),
        migrations.CreateModel(
            name='Contained',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64)),
                ('indicator', models.CharField(max_length=500)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='campaigns.campaign')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('campaign', 'digest', 'indicator'), name='findings_one_contained')],
            },
        ),
        migrations.CreateModel(
            name='CoverageDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('observer', models.CharField(max_length=255)),
                ('day', models.DateField()),
                ('lines', models.BigIntegerField()),
                ('digest', models.CharField(blank=True, max_length=64)),
                ('format', models.CharField(blank=True, max_length=60)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.campaign')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='units.unit')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('campaign', 'unit', 'observer', 'day', 'digest'), name='findings_one_coverage')],
            },
        ),
        migrations.CreateModel(
            name='Device',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=300)),
                ('mac', models.CharField(blank=True, max_length=17)),
                ('name', models.CharField(blank=True, max_length=255)),
                ('ip', models.CharField(blank=True, max_length=45)),
                ('user', models.CharField(blank=True, max_length=255)),
                ('department', models.CharField(blank=True, max_length=255)),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('into', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='findings.device')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='devices', to='units.unit')),
            ],
            options={
                'indexes': [models.Index(fields=['unit', 'mac'], name='findings_de_unit_id_ae31b4_idx'), models.Index(fields=['unit', 'name'], name='findings_de_unit_id_9d305c_idx')],
            },
        ),
        migrations.CreateModel(
            name='Appearance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(max_length=20)),
                ('record', models.JSONField(default=dict)),
                ('bundle', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='appearances', to='findings.bundle')),
                ('device', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='appearances', to='findings.device')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('bundle', 'device'), name='findings_one_appearance')],
            },
        ),
        migrations.CreateModel(
            name='AliveDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('device', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='alive_days', to='findings.device')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('device', 'day'), name='findings_one_alive_day')],
            },
        ),
        migrations.CreateModel(
            name='EvidenceLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('indicator', models.CharField(max_length=500)),
                ('time', models.CharField(blank=True, max_length=40)),
                ('file', models.CharField(max_length=300)),
                ('line', models.BigIntegerField()),
                ('text', models.TextField()),
                ('digest', models.CharField(max_length=64)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.campaign')),
                ('device', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='evidence', to='findings.device')),
            ],
            options={
                'ordering': ('time', 'pk'),
                'constraints': [models.UniqueConstraint(fields=('campaign', 'device', 'digest'), name='findings_one_line')],
            },
        ),
        migrations.CreateModel(
            name='Hunt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('keep_logs', models.BooleanField(default=False, verbose_name='Keep the logs after the hunt')),
                ('page', models.CharField(blank=True, max_length=200)),
                ('devices', models.PositiveIntegerField(default=0)),
                ('problem', models.CharField(blank=True, max_length=400)),
                ('logs_deleted', models.DateTimeField(null=True)),
                ('bundle', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='findings.bundle')),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='hunts', to='campaigns.campaign')),
                ('job', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='jobs.job')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='hunts', to='units.unit')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-pk',),
            },
        ),
        migrations.CreateModel(
            name='HuntFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=160)),
                ('size', models.BigIntegerField()),
                ('received', models.BigIntegerField(default=0)),
                ('nat', models.BooleanField(db_default=False, default=False)),
                ('hunt', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='files', to='findings.hunt')),
            ],
            options={
                'ordering': ('pk',),
                'constraints': [models.UniqueConstraint(fields=('hunt', 'name', 'size', 'nat'), name='findings_one_file_a_use')],
            },
        ),
        migrations.CreateModel(
            name='Identity',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('mac', 'MAC address'), ('inventory', 'entry of the inventory'), ('name', 'host name'), ('key', "the hunt's own key")], max_length=10)),
                ('value', models.CharField(max_length=600)),
                ('device', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='identities', to='findings.device')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='units.unit')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('unit', 'kind', 'value', 'device'), name='findings_one_identity')],
            },
        ),
        migrations.CreateModel(
            name='Mark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=16)),
                ('value', models.CharField(max_length=40)),
                ('device', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='marks', to='findings.device')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('device', 'key', 'value'), name='findings_one_mark')],
            },
        ),
        migrations.CreateModel(
            name='Merge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('mac', 'MAC address'), ('inventory', 'entry of the inventory'), ('name', 'host name'), ('key', "the hunt's own key")], max_length=10)),
                ('value', models.CharField(max_length=600)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('undone', models.DateTimeField(null=True)),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('bundle', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='merges', to='findings.bundle')),
                ('gone', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='merged', to='findings.device')),
                ('kept', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='merges', to='findings.device')),
                ('undone_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-pk',),
            },
        ),
        migrations.CreateModel(
            name='Sighting',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('indicator', models.CharField(max_length=500)),
                ('indicator_type', models.CharField(max_length=10)),
                ('threat', models.CharField(blank=True, max_length=200)),
                ('role', models.CharField(max_length=10)),
                ('source', models.CharField(blank=True, max_length=255)),
                ('day', models.DateField()),
                ('count', models.BigIntegerField(default=0)),
                ('passed', models.BigIntegerField(default=0)),
                ('last', models.DateTimeField()),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sightings', to='campaigns.campaign')),
                ('device', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sightings', to='findings.device')),
            ],
            options={
                'indexes': [models.Index(fields=['campaign', 'indicator'], name='findings_si_campaig_0ef82c_idx')],
                'constraints': [models.UniqueConstraint(fields=('campaign', 'device', 'indicator', 'role', 'source', 'day'), name='findings_one_sighting')],
            },
        ),
        migrations.CreateModel(
            name='Part',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('first', models.DateTimeField()),
                ('last', models.DateTimeField()),
                ('count', models.BigIntegerField()),
                ('passed', models.BigIntegerField()),
                ('bundle', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='findings.bundle')),
                ('sighting', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='findings.sighting')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('sighting', 'bundle'), name='findings_one_part')],
            },
        ),
        migrations.CreateModel(
            name='Transfer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sha256', models.CharField(max_length=64)),
                ('size', models.BigIntegerField()),
                ('received', models.BigIntegerField(default=0)),
                ('touched', models.DateTimeField(auto_now=True)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.campaign')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='units.unit')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('unit', 'campaign', 'sha256'), name='findings_one_transfer')],
            },
        ),
    ]
