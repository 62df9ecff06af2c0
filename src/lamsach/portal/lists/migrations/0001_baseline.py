"""The schema of the first release. The migrations before it, which it replaces, were never released."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [('lists', '0001_initial'), ('lists', '0002_used'), ('lists', '0003_queue_indexes'), ('lists', '0004_origin_key')]
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('findings', '0001_baseline'),
        ('units', '0001_baseline'),
    ]

    operations = [
        migrations.CreateModel(
            name='KeptList',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, verbose_name='Name')),
                ('tlp', models.CharField(choices=[('clear', 'TLP:CLEAR'), ('green', 'TLP:GREEN'), ('amber', 'TLP:AMBER'), ('amber+strict', 'TLP:AMBER+STRICT'), ('red', 'TLP:RED')], default='amber', max_length=12, verbose_name='TLP of values that state none')),
                ('days', models.PositiveIntegerField(default=180, verbose_name='Values that state no end hold so many days (0: without end)')),
                ('own', models.TextField(blank=True, verbose_name='Own networks and names, one a line')),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='kept_lists', to='units.unit', verbose_name='Unit')),
            ],
            options={
                'ordering': ('unit__code', 'name'),
                'constraints': [models.UniqueConstraint(fields=('unit', 'name'), name='lists_one_name')],
            },
        ),
        migrations.CreateModel(
            name='Doubt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('type', models.CharField(max_length=10)),
                ('value', models.CharField(max_length=2000)),
                ('key', models.CharField(max_length=64)),
                ('dangerous', models.BooleanField(default=False)),
                ('kinds', models.JSONField(default=list)),
                ('about', models.CharField(blank=True, max_length=300)),
                ('place', models.CharField(blank=True, max_length=300)),
                ('words', models.CharField(blank=True, max_length=300)),
                ('found', models.DateTimeField(auto_now_add=True)),
                ('decided', models.DateTimeField(null=True)),
                ('list', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='doubts', to='lists.keptlist')),
            ],
            options={
                'ordering': ('-dangerous', 'pk'),
                'indexes': [models.Index(fields=['list', 'decided', '-dangerous', 'id'], name='lists_queue'), models.Index(fields=['list', 'decided', 'kinds'], name='lists_queue_kinds')],
                'constraints': [models.UniqueConstraint(fields=('list', 'key'), name='lists_one_doubt')],
            },
        ),
        migrations.CreateModel(
            name='Decision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('type', models.CharField(max_length=10)),
                ('value', models.CharField(max_length=2000)),
                ('choice', models.CharField(max_length=10)),
                ('to', models.TextField(blank=True)),
                ('until', models.DateField(null=True)),
                ('reason', models.CharField(max_length=300)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('revoked', models.DateTimeField(null=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('list', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='decisions', to='lists.keptlist')),
            ],
            options={
                'ordering': ('-pk',),
                'indexes': [models.Index(fields=['list', 'revoked'], name='lists_decis_list_id_293b70_idx')],
            },
        ),
        migrations.CreateModel(
            name='Listed',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=64)),
                ('document', models.CharField(blank=True, max_length=200)),
                ('page', models.PositiveIntegerField(null=True)),
                ('row', models.PositiveIntegerField(null=True)),
                ('tlp', models.CharField(blank=True, max_length=12)),
                ('list', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='listed', to='lists.keptlist')),
            ],
            options={
                'indexes': [models.Index(fields=['key', 'list'], name='lists_liste_key_2dc440_idx')],
            },
        ),
        migrations.CreateModel(
            name='Origin',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, verbose_name='Name')),
                ('url', models.CharField(max_length=500, verbose_name='Address')),
                ('hours', models.PositiveIntegerField(default=24, verbose_name='Fetched every so many hours')),
                ('active', models.BooleanField(default=True, verbose_name='Fetched by schedule')),
                ('tried', models.DateTimeField(null=True)),
                ('fetched', models.DateTimeField(null=True)),
                ('etag', models.CharField(blank=True, max_length=200)),
                ('problem', models.CharField(blank=True, max_length=400)),
                ('locked_key', models.TextField(blank=True)),
                ('list', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='origins', to='lists.keptlist')),
            ],
            options={
                'ordering': ('name', 'pk'),
                'constraints': [models.UniqueConstraint(fields=('list', 'name'), name='lists_one_origin')],
            },
        ),
        migrations.CreateModel(
            name='Document',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200)),
                ('path', models.CharField(max_length=200)),
                ('size', models.BigIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('added', models.DateTimeField(auto_now_add=True)),
                ('read', models.DateTimeField(null=True)),
                ('count', models.PositiveIntegerField(default=0)),
                ('refused', models.PositiveIntegerField(default=0)),
                ('mentioned', models.PositiveIntegerField(default=0)),
                ('refusals', models.JSONField(default=list)),
                ('problem', models.CharField(blank=True, max_length=400)),
                ('withdrawn', models.DateTimeField(null=True)),
                ('added_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('list', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='documents', to='lists.keptlist')),
                ('origin', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='documents', to='lists.origin')),
            ],
            options={
                'ordering': ('-pk',),
            },
        ),
        migrations.CreateModel(
            name='Outlet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, verbose_name='What for')),
                ('writer', models.CharField(max_length=30, verbose_name='Format')),
                ('tlp', models.CharField(choices=[('clear', 'TLP:CLEAR'), ('green', 'TLP:GREEN'), ('amber', 'TLP:AMBER'), ('amber+strict', 'TLP:AMBER+STRICT'), ('red', 'TLP:RED')], default='amber', max_length=12, verbose_name='Highest TLP that goes out')),
                ('confidence', models.PositiveSmallIntegerField(default=0, verbose_name='Lowest confidence that goes out (0 to 100)')),
                ('part', models.PositiveIntegerField(default=131072, verbose_name='Values in one part')),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('last_used', models.DateTimeField(null=True)),
                ('revoked', models.DateTimeField(null=True)),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('list', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='outlets', to='lists.keptlist')),
            ],
            options={
                'ordering': ('pk',),
            },
        ),
        migrations.CreateModel(
            name='Version',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('made', models.DateTimeField()),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='What is new, and why')),
                ('digest', models.CharField(db_index=True, max_length=64)),
                ('fingerprint', models.CharField(max_length=60)),
                ('count', models.PositiveIntegerField()),
                ('added', models.PositiveIntegerField(default=0)),
                ('removed', models.PositiveIntegerField(default=0)),
                ('changed', models.PositiveIntegerField(default=0)),
                ('left_out', models.PositiveIntegerField(default=0)),
                ('by_type', models.JSONField(default=dict)),
                ('by_source', models.JSONField(default=dict)),
                ('documents', models.JSONField(default=list)),
                ('path', models.CharField(max_length=200)),
                ('size', models.BigIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('expires', models.DateTimeField(null=True)),
                ('list', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='lists.keptlist')),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-number',),
                'constraints': [models.UniqueConstraint(fields=('list', 'number'), name='lists_one_version')],
            },
        ),
        migrations.CreateModel(
            name='VersionUse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('bundle', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='findings.bundle')),
                ('version', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='uses', to='lists.version')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('bundle', 'version'), name='lists_one_use')],
            },
        ),
        migrations.CreateModel(
            name='Feedback',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('type', models.CharField(max_length=10)),
                ('value', models.CharField(max_length=2000)),
                ('key', models.CharField(db_index=True, max_length=64)),
                ('kind', models.CharField(choices=[('seen', 'seen here'), ('false', 'false alarm')], max_length=5)),
                ('count', models.PositiveBigIntegerField(default=1)),
                ('note', models.CharField(blank=True, max_length=300)),
                ('digest', models.CharField(blank=True, max_length=64)),
                ('who', models.CharField(blank=True, max_length=254)),
                ('at', models.DateTimeField(auto_now=True)),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='units.unit')),
            ],
            options={
                'ordering': ('-at',),
                'constraints': [models.UniqueConstraint(fields=('unit', 'key', 'kind'), name='lists_one_feedback')],
            },
        ),
    ]
