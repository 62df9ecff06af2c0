"""The schema of the first release. The migrations before it, which it replaces, were never released."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [('public', '0001_initial')]
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name='Tool',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200, verbose_name='Name')),
                ('publisher', models.CharField(max_length=200, verbose_name='Publisher')),
                ('licence', models.CharField(max_length=200, verbose_name='Licence')),
                ('systems', models.CharField(help_text='Such as Windows 10, Windows 11.', max_length=200, verbose_name='Systems')),
                ('purpose', models.TextField(blank=True, verbose_name='What it does')),
                ('link', models.URLField(blank=True, verbose_name="Publisher's address")),
                ('file_name', models.CharField(blank=True, max_length=200)),
                ('path', models.CharField(blank=True, max_length=200)),
                ('size', models.BigIntegerField(default=0, verbose_name='Size in bytes')),
                ('sha256', models.CharField(blank=True, max_length=64, verbose_name='SHA-256')),
                ('hidden', models.BooleanField(default=False, verbose_name='Not shown')),
                ('version', models.PositiveIntegerField(default=1)),
            ],
            options={
                'ordering': ('name',),
            },
        ),
        migrations.CreateModel(
            name='Download',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('count', models.PositiveIntegerField(default=0)),
                ('tool', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='downloads', to='public.tool')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('tool', 'day'), name='public_one_count_a_day')],
            },
        ),
    ]
