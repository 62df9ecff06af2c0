import django.db.models.deletion
import lamsach.portal.base.plain_json
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0002_materials'),
        ('findings', '0003_traced'),
        ('traces', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='trace',
            name='bundle',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='findings.bundle'),
        ),
        migrations.AddField(
            model_name='trace',
            name='campaign',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='traces', to='campaigns.campaign'),
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
