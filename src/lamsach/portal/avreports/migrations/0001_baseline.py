"""The schema of the first release. The migrations before it, which it replaces, were never released."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [("avreports", "0001_initial")]
    initial = True

    dependencies = [
        ('units', '0001_baseline'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Plan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('active', models.BooleanField(default=False, verbose_name='Report by itself')),
                ('naming', models.CharField(choices=[('counts', 'not at all: counts only'), ('pseudonyms', 'by pseudonyms that only the unit can resolve'), ('names', 'by address and name')], default='counts', max_length=10, verbose_name='Machines are named')),
                ('every', models.PositiveSmallIntegerField(choices=[(1, 'every hour'), (6, 'every six hours'), (24, 'every day'), (168, 'every week')], default=24, verbose_name='Frequency')),
                ('organ_id', models.CharField(blank=True, max_length=60, verbose_name='Identifier at the national centre')),
                ('url', models.URLField(blank=True, max_length=500, verbose_name='Address of the centre')),
                ('key', models.TextField(blank=True)),
                ('signer', models.CharField(blank=True, max_length=300)),
                ('until', models.DateTimeField(null=True)),
                ('problem', models.CharField(blank=True, max_length=300)),
                ('changed', models.DateTimeField(auto_now=True)),
                ('changed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('unit', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='avreport_plan', to='units.unit')),
            ],
        ),
        migrations.CreateModel(
            name='AvReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('since', models.DateTimeField()),
                ('until', models.DateTimeField()),
                ('naming', models.CharField(choices=[('counts', 'not at all: counts only'), ('pseudonyms', 'by pseudonyms that only the unit can resolve'), ('names', 'by address and name')], max_length=10)),
                ('path', models.CharField(max_length=200)),
                ('size', models.BigIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('signer', models.CharField(blank=True, max_length=300)),
                ('machines', models.PositiveIntegerField(default=0)),
                ('unattributed', models.PositiveIntegerField(default=0)),
                ('absent', models.JSONField(default=list)),
                ('warnings', models.JSONField(default=list)),
                ('planned', models.BooleanField(default=False)),
                ('made', models.DateTimeField(auto_now_add=True)),
                ('url', models.URLField(blank=True, max_length=500)),
                ('state', models.CharField(choices=[('draft', 'Preview'), ('waiting', 'Being sent'), ('sent', 'The centre has it'), ('written', 'Written to the folder'), ('refused', 'Refused by the centre'), ('given_up', 'Given up')], default='draft', max_length=10)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('next_attempt', models.DateTimeField(default=django.utils.timezone.now)),
                ('status', models.PositiveSmallIntegerField(default=0)),
                ('answer', models.TextField(blank=True)),
                ('answered', models.DateTimeField(null=True)),
                ('problem', models.CharField(blank=True, max_length=300)),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='avreports', to='units.unit')),
            ],
            options={
                'ordering': ('-pk',),
                'indexes': [models.Index(fields=['state', 'next_attempt'], name='avreports_waiting')],
                'constraints': [models.UniqueConstraint(fields=('unit', 'sha256'), name='avreports_one_report')],
            },
        ),
    ]
