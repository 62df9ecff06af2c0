"""The schema of the first release. The migrations before it, which it replaces, were never released."""

import datetime
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [('units', '0001_initial'), ('units', '0002_unit_code'), ('units', '0002_headings'), ('units', '0003_counters')]
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Unit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=60, unique=True, verbose_name='Unit code')),
                ('name', models.CharField(max_length=300, verbose_name='Name')),
                ('contact_name', models.CharField(blank=True, max_length=200, verbose_name='Contact person')),
                ('contact_phone', models.CharField(blank=True, max_length=50, verbose_name='Phone')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='E-mail for dispatches')),
                ('valid_from', models.DateField(verbose_name='Exists since')),
                ('valid_until', models.DateField(default=datetime.date(9999, 12, 31), verbose_name='Closed on')),
                ('version', models.PositiveIntegerField(default=1)),
                ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='units.unit', verbose_name='Parent unit')),
                ('successor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='predecessors', to='units.unit', verbose_name='Successor')),
            ],
            options={
                'ordering': ('code',),
                'indexes': [models.Index(fields=['parent', 'code'], name='units_unit_parent__c59c37_idx'), models.Index(django.db.models.functions.text.Lower('email'), name='units_unit_address')],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('authority', 'Authority'), ('coordinator', 'Coordinator'), ('officer', 'Officer'), ('reader', 'Reader'), ('helper', 'Helper'), ('administrator', 'Administrator')], max_length=20, verbose_name='Role')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL)),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to='units.unit', verbose_name='Unit')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('user', 'unit', 'role'), name='units_one_membership')],
            },
        ),
        migrations.CreateModel(
            name='UnitImport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('file_name', models.CharField(max_length=200)),
                ('day', models.DateField()),
                ('changes', models.JSONField(default=list)),
                ('errors', models.JSONField(default=list)),
                ('basis', models.CharField(max_length=64)),
                ('applied', models.DateTimeField(null=True)),
                ('headings', models.JSONField(default=list)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='UnitLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('distance', models.PositiveSmallIntegerField()),
                ('valid_from', models.DateField()),
                ('valid_until', models.DateField(default=datetime.date(9999, 12, 31))),
                ('ancestor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='links_down', to='units.unit')),
                ('descendant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='links_up', to='units.unit')),
            ],
            options={
                'indexes': [models.Index(fields=['ancestor', 'valid_until', 'valid_from', 'descendant'], name='units_unitl_ancesto_db3ec8_idx'), models.Index(fields=['descendant', 'valid_until', 'distance'], name='units_unitl_descend_4360d4_idx')],
            },
        ),
        migrations.CreateModel(
            name='UnitName',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=60)),
                ('name', models.CharField(max_length=300)),
                ('valid_from', models.DateField()),
                ('valid_until', models.DateField(default=datetime.date(9999, 12, 31))),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='names', to='units.unit')),
            ],
            options={
                'ordering': ('valid_from', 'pk'),
            },
        ),
        migrations.CreateModel(
            name='Changed',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('unit', models.PositiveBigIntegerField()),
                ('campaign', models.PositiveBigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='Counter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scope', models.PositiveSmallIntegerField()),
                ('unit', models.PositiveBigIntegerField()),
                ('campaign', models.PositiveBigIntegerField()),
                ('what', models.CharField(max_length=24)),
                ('day', models.DateField()),
                ('n', models.BigIntegerField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('scope', 'unit', 'campaign', 'what', 'day'), name='units_one_counter')],
            },
        ),
    ]
