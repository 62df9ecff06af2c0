"""Three deadlines a unit, and their moves."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, OuterRef, Subquery


def _fill(apps, editor):
    """What one day was for stands for all three; without one, the campaign's."""
    rows = apps.get_model("campaigns", "Participation").objects
    campaigns = apps.get_model("campaigns", "Campaign").objects.filter(pk=OuterRef("campaign"))
    rows.filter(report_due=None).update(report_due=Subquery(campaigns.values("report_due")))
    rows.update(acknowledge_due=F("report_due"), deploy_due=F("report_due"))


class Migration(migrations.Migration):
    """Adds the days and the table of moves."""

    dependencies = [
        ("campaigns", "0001_baseline"),
        ("units", "0001_baseline"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RenameField("participation", "due", "report_due"),
        migrations.AddField("participation", "acknowledge_due", models.DateField(null=True)),
        migrations.AddField("participation", "deploy_due", models.DateField(null=True)),
        migrations.RunPython(_fill, migrations.RunPython.noop),
        migrations.AddField(
            model_name='campaign',
            name='acknowledge_due',
            field=models.DateField(blank=True, help_text='Empty: by the day of deployment.', null=True, verbose_name='Acknowledge by'),
        ),
        migrations.AddField(
            model_name='campaign',
            name='deploy_due',
            field=models.DateField(blank=True, help_text='Empty: by the day of the report.', null=True, verbose_name='Deploy by'),
        ),
        migrations.CreateModel(
            name='DeadlineMove',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('acknowledge', 'Acknowledge'), ('deploy', 'Deploy'), ('report', 'Report')], max_length=20)),
                ('scope', models.CharField(choices=[('all', 'every unit of the campaign'), ('subtree', 'one unit and everything under it'), ('below', 'everything under one unit'), ('one', 'one unit alone')], max_length=10)),
                ('day', models.DateField()),
                ('before', models.DateField(null=True)),
                ('reason', models.CharField(blank=True, max_length=1000)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('undone', models.DateTimeField(null=True)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deadline_moves', to='campaigns.campaign')),
                ('dispatch', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.dispatch')),
                ('ended', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='ends', to='campaigns.deadlinemove')),
                ('undone_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('unit', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='units.unit')),
            ],
            options={
                'ordering': ('-pk',),
                'indexes': [models.Index(fields=['campaign', 'undone', 'ended'], name='campaigns_d_campaig_6ecf0e_idx')],
            },
        ),
    ]
