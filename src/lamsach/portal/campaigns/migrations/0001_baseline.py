"""The schema of the first release. The migrations before it, which it replaces, were never released."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [('campaigns', '0001_initial'), ('campaigns', '0002_materials'), ('campaigns', '0002_deadlines'), ('campaigns', '0003_stated')]
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('public', '0001_baseline'),
        ('units', '0001_baseline'),
    ]

    operations = [
        migrations.CreateModel(
            name='FormDefinition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200)),
                ('version', models.PositiveIntegerField(default=1)),
                ('definition', models.JSONField()),
                ('created', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('name', 'version'), name='campaigns_form_version')],
            },
        ),
        migrations.CreateModel(
            name='Campaign',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200, verbose_name='Name of the campaign')),
                ('summary', models.TextField(blank=True, help_text='What it is about, in two or three sentences for everybody.', verbose_name='Summary')),
                ('goals', models.TextField(blank=True, verbose_name='Goals')),
                ('starts', models.DateField(verbose_name='Begins on')),
                ('ends', models.DateField(verbose_name='Ends on')),
                ('report_due', models.DateField(verbose_name='Reports due on')),
                ('state', models.CharField(choices=[('draft', 'Being prepared'), ('running', 'Running'), ('closed', 'Closed')], default='draft', max_length=10)),
                ('public', models.BooleanField(default=True, verbose_name='Show it on the public page')),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('version', models.PositiveIntegerField(default=1)),
                ('acknowledge_due', models.DateField(blank=True, help_text='Empty: by the day of deployment.', null=True, verbose_name='Acknowledge by')),
                ('deploy_due', models.DateField(blank=True, help_text='Empty: by the day of the report.', null=True, verbose_name='Deploy by')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='campaigns', to='units.unit', verbose_name='Leading unit')),
                ('tools', models.ManyToManyField(blank=True, related_name='+', to='public.tool', verbose_name='Tools')),
                ('form', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.formdefinition')),
            ],
            options={
                'ordering': ('-starts', '-pk'),
            },
        ),
        migrations.CreateModel(
            name='Dispatch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(blank=True, max_length=60, verbose_name='Number and symbol')),
                ('day', models.DateField(verbose_name='Date of the dispatch')),
                ('subject', models.CharField(max_length=300, verbose_name='Subject (trích yếu)')),
                ('body', models.TextField(blank=True, verbose_name='Text')),
                ('deadline', models.DateField(verbose_name='Deadline')),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('once', models.CharField(max_length=43, unique=True)),
                ('sent', models.DateTimeField(null=True)),
                ('version', models.PositiveIntegerField(default=1)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='dispatches', to='campaigns.campaign')),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('issuer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='dispatches', to='units.unit', verbose_name='Issuing unit')),
                ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='forwards', to='campaigns.dispatch')),
            ],
            options={
                'ordering': ('-pk',),
            },
        ),
        migrations.CreateModel(
            name='Attachment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200)),
                ('path', models.CharField(max_length=200)),
                ('size', models.BigIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('dispatch', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='attachments', to='campaigns.dispatch')),
            ],
        ),
        migrations.CreateModel(
            name='IndicatorList',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200)),
                ('path', models.CharField(max_length=200)),
                ('size', models.BigIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('count', models.PositiveIntegerField(default=0)),
                ('refused', models.PositiveIntegerField(default=0)),
                ('read', models.DateTimeField(null=True)),
                ('problem', models.CharField(blank=True, max_length=300)),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('withdrawn', models.DateTimeField(null=True)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lists', to='campaigns.campaign')),
            ],
        ),
        migrations.CreateModel(
            name='Material',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=200, verbose_name='Title')),
                ('name', models.CharField(max_length=200)),
                ('path', models.CharField(max_length=200)),
                ('size', models.BigIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('public', models.BooleanField(default=False, verbose_name='Show it on the public page')),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('withdrawn', models.DateTimeField(null=True)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='materials', to='campaigns.campaign')),
            ],
            options={
                'ordering': ('title', 'pk'),
            },
        ),
        migrations.CreateModel(
            name='Recipient',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('opened', models.DateTimeField(null=True)),
                ('acknowledged', models.DateTimeField(null=True)),
                ('deployed', models.DateTimeField(null=True)),
                ('dispatch', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='recipients', to='campaigns.dispatch')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='received', to='units.unit')),
            ],
            options={
                'indexes': [models.Index(fields=['unit', 'acknowledged'], name='campaigns_r_unit_id_f35eac_idx')],
                'constraints': [models.UniqueConstraint(fields=('dispatch', 'unit'), name='campaigns_one_recipient')],
            },
        ),
        migrations.CreateModel(
            name='AnswerLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('opened', 'Opened'), ('acknowledged', 'Acknowledged'), ('forwarded', 'Passed on'), ('deployed', 'Deployed'), ('withdrawn', 'Took the statement back'), ('wrote', 'Wrote')], max_length=20)),
                ('nonce', models.CharField(max_length=43, unique=True)),
                ('expires', models.DateTimeField()),
                ('used', models.DateTimeField(null=True)),
                ('recipient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='links', to='campaigns.recipient')),
            ],
        ),
        migrations.CreateModel(
            name='Step',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('opened', 'Opened'), ('acknowledged', 'Acknowledged'), ('forwarded', 'Passed on'), ('deployed', 'Deployed'), ('withdrawn', 'Took the statement back'), ('wrote', 'Wrote')], max_length=20)),
                ('at', models.DateTimeField()),
                ('day', models.DateField()),
                ('who', models.CharField(blank=True, max_length=254)),
                ('how', models.CharField(choices=[('portal', 'in the portal'), ('link', 'by the link in the e-mail'), ('paper', 'recorded by the coordinator'), ('api', 'by another program'), ('mail', 'by e-mail')], max_length=10)),
                ('note', models.TextField(blank=True)),
                ('evidence_name', models.CharField(blank=True, max_length=200)),
                ('evidence_path', models.CharField(blank=True, max_length=200)),
                ('evidence_sha256', models.CharField(blank=True, max_length=64)),
                ('recipient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='steps', to='campaigns.recipient')),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('pk',),
            },
        ),
        migrations.CreateModel(
            name='ListedRange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('low', models.CharField(max_length=32)),
                ('high', models.CharField(max_length=32)),
                ('list', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='ranges', to='campaigns.indicatorlist')),
            ],
            options={
                'indexes': [models.Index(fields=['low', 'high'], name='campaigns_l_low_236cf4_idx')],
            },
        ),
        migrations.CreateModel(
            name='Participation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sent_on', models.DateField(null=True)),
                ('opened_on', models.DateField(null=True)),
                ('informed_on', models.DateField(null=True)),
                ('deployed_on', models.DateField(null=True)),
                ('report_due', models.DateField(null=True)),
                ('acknowledge_due', models.DateField(null=True)),
                ('deploy_due', models.DateField(null=True)),
                ('searched_on', models.DateField(null=True)),
                ('reported_on', models.DateField(null=True)),
                ('stated', models.BooleanField(db_default=False, default=False)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='participations', to='campaigns.campaign')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='participations', to='units.unit')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('campaign', 'unit'), name='campaigns_one_participation')],
            },
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
