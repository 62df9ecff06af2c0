"""The schema of the first release: what refers to other apps. The migrations before it, which it replaces, were never released."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [("accounts", "0002_initial"), ("accounts", "0003_locked_factors")]
    initial = True

    dependencies = [
        ('accounts', '0001_baseline'),
        ('units', '0001_baseline'),
    ]

    operations = [
        migrations.AddField(
            model_name='invitation',
            name='unit',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='units.unit', verbose_name='Unit'),
        ),
    ]
