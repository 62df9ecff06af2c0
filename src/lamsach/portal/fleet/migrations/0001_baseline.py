"""The schema of the first release. The migrations before it, which it replaces, were never released."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [('fleet', '0001_initial'), ('fleet', '0002_handouts'), ('fleet', '0003_indexes')]
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('campaigns', '0001_baseline'),
        ('units', '0001_baseline'),
    ]

    operations = [
        migrations.CreateModel(
            name='Handout',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('program', models.CharField(max_length=200)),
                ('sha256', models.CharField(max_length=64)),
                ('lists', models.JSONField(default=list)),
                ('signer', models.CharField(max_length=60)),
                ('made', models.DateTimeField()),
                ('last_used', models.DateTimeField(null=True)),
                ('revoked', models.DateTimeField(null=True)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='handouts', to='campaigns.campaign')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='handouts', to='units.unit')),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-pk',),
            },
        ),
        migrations.CreateModel(
            name='Machine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=300)),
                ('name', models.CharField(blank=True, max_length=255)),
                ('department', models.CharField(blank=True, max_length=255)),
                ('listed', models.BooleanField(default=False)),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='fleet', to='units.unit')),
            ],
            options={
                'ordering': ('name', 'pk'),
                'indexes': [models.Index(condition=models.Q(('listed', True)), fields=['unit'], name='fleet_listed_machines')],
                'constraints': [models.UniqueConstraint(fields=('unit', 'key'), name='fleet_one_machine')],
            },
        ),
        migrations.CreateModel(
            name='Look',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('found', 'malware found'), ('cleaned', 'found and removed'), ('doubtful', 'suspicious'), ('quiet', 'nothing found')], default='quiet', max_length=10)),
                ('ever_found', models.BooleanField(default=False)),
                ('whole', models.BooleanField(default=True)),
                ('first', models.DateTimeField()),
                ('received', models.DateTimeField()),
                ('finished', models.DateTimeField()),
                ('looks', models.PositiveIntegerField(default=1)),
                ('mode', models.CharField(blank=True, max_length=10)),
                ('found_by', models.CharField(blank=True, max_length=10)),
                ('malicious', models.PositiveIntegerField(default=0)),
                ('suspicious', models.PositiveIntegerField(default=0)),
                ('risk', models.PositiveIntegerField(default=0)),
                ('left', models.PositiveIntegerField(default=0)),
                ('skipped', models.PositiveBigIntegerField(default=0)),
                ('version', models.CharField(blank=True, max_length=40)),
                ('list_digest', models.CharField(blank=True, max_length=64)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='looks', to='campaigns.campaign')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='looks', to='units.unit')),
                ('machine', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='looks', to='fleet.machine')),
            ],
            options={
                'indexes': [models.Index(fields=['campaign', 'unit', 'state', 'whole', 'ever_found', 'received', 'machine'], name='fleet_counted')],
                'constraints': [models.UniqueConstraint(fields=('campaign', 'machine'), name='fleet_one_look')],
            },
        ),
        migrations.CreateModel(
            name='Size',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('machines', models.PositiveIntegerField()),
                ('stated', models.DateTimeField(auto_now=True)),
                ('unit', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='fleet_size', to='units.unit')),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
    ]
