"""The schema of the first release. The migrations before it, which it replaces, were never released."""

import datetime
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [('cases', '0001_initial'), ('cases', '0002_initial'), ('cases', '0003_grants'), ('cases', '0004_handling'), ('cases', '0005_reminded'), ('cases', '0006_counted'), ('cases', '0007_unfollowed')]
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('campaigns', '0001_baseline'),
        ('findings', '0001_baseline'),
        ('units', '0001_baseline'),
    ]

    operations = [
        migrations.CreateModel(
            name='Case',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('new', 'New'), ('told', 'Notified'), ('accepted', 'Taken on'), ('working', 'Being handled'), ('cleaned', 'Cleaned'), ('verified', 'Verified clean'), ('reinfected', 'Reinfected'), ('blind', 'Blind'), ('false_alarm', 'False alarm'), ('excepted', 'Exception')], default='new', max_length=12)),
                ('since', models.DateField()),
                ('severity', models.PositiveSmallIntegerField(choices=[(1, 'High'), (2, 'Medium'), (3, 'Low'), (4, 'To watch')])),
                ('threat', models.CharField(blank=True, max_length=200)),
                ('kind', models.CharField(choices=[('botnet', 'Botnet'), ('stealer', 'Password stealer'), ('miner', 'Coin miner'), ('ransom', 'Precursor of ransomware'), ('loader', 'Loader from cracked software'), ('unknown', 'Unknown kind')], default='unknown', max_length=10)),
                ('kind_chosen', models.BooleanField(default=False)),
                ('indicators', models.PositiveIntegerField(default=0)),
                ('count', models.BigIntegerField(default=0)),
                ('first_seen', models.DateField(null=True)),
                ('last_seen', models.DateField(null=True)),
                ('due', models.DateTimeField()),
                ('quiet', models.PositiveIntegerField(default=0)),
                ('alive', models.PositiveIntegerField(default=0)),
                ('missing', models.JSONField(default=list)),
                ('reminded', models.PositiveSmallIntegerField(choices=[(0, 'not yet'), (1, 'nearly due'), (2, 'overdue'), (3, 'the unit above was informed')], default=0)),
                ('person_name', models.CharField(blank=True, max_length=200, verbose_name='Who uses the machine')),
                ('person_email', models.EmailField(blank=True, max_length=254, verbose_name='E-mail of the person')),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('version', models.PositiveIntegerField(default=1)),
                ('assignee', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='campaigns.campaign')),
                ('device', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='findings.device')),
                ('superseded', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cases.case')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='units.unit')),
            ],
            options={
                'ordering': ('severity', 'due', 'pk'),
                'indexes': [models.Index(fields=['unit', 'state', 'severity', 'due'], name='cases_case_unit_id_58af92_idx'), models.Index(fields=['campaign', 'state'], name='cases_case_campaig_d306a7_idx'), models.Index(fields=['severity', 'due', 'id'], name='cases_case_severit_52de5e_idx'), models.Index(fields=['unit', 'superseded', 'state', 'due'], name='cases_case_counted')],
                'constraints': [models.UniqueConstraint(fields=('campaign', 'device'), name='cases_one_case')],
            },
        ),
        migrations.CreateModel(
            name='CaseText',
            fields=[
                ('case', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='text', serialize=False, to='cases.case')),
                ('shared', models.TextField(blank=True)),
                ('own', models.TextField(blank=True)),
            ],
        ),
        migrations.CreateModel(
            name='Clarification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('inbound', 'A listed address reached towards it'), ('unattributed', 'It is not known which machine it was')], max_length=12)),
                ('count', models.BigIntegerField(default=0)),
                ('last_seen', models.DateField(null=True)),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('answer', models.TextField(blank=True)),
                ('answered', models.DateTimeField(null=True)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='clarifications', to='campaigns.campaign')),
                ('device', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='clarifications', to='findings.device')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='clarifications', to='units.unit')),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('answered', '-pk'),
                'constraints': [models.UniqueConstraint(fields=('campaign', 'device'), name='cases_one_clarification')],
            },
        ),
        migrations.CreateModel(
            name='Exemption',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('indicator', models.CharField(max_length=500, verbose_name='Indicator')),
                ('reason', models.CharField(max_length=2000, verbose_name='Reason')),
                ('expires', models.DateField(verbose_name='Valid until before')),
                ('asked', models.DateTimeField(auto_now_add=True)),
                ('approved_on', models.DateField(null=True)),
                ('ended_on', models.DateField(null=True)),
                ('approved_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='exemptions', to='campaigns.campaign')),
                ('device', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='findings.device')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='exemptions', to='units.unit')),
            ],
            options={
                'ordering': ('-pk',),
            },
        ),
        migrations.CreateModel(
            name='Grant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('until', models.DateTimeField()),
                ('ended', models.DateTimeField(null=True)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='grants', to='cases.case')),
                ('to', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='units.unit')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-pk',),
            },
        ),
        migrations.CreateModel(
            name='Note',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('who', models.CharField(blank=True, max_length=254)),
                ('text', models.TextField(blank=True)),
                ('details', models.JSONField(default=dict)),
                ('file_name', models.CharField(blank=True, max_length=200)),
                ('file_path', models.CharField(blank=True, max_length=200)),
                ('file_size', models.BigIntegerField(default=0)),
                ('file_sha256', models.CharField(blank=True, max_length=64)),
                ('bundle', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='findings.bundle')),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notes', to='cases.case')),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('pk',),
            },
        ),
        migrations.CreateModel(
            name='Playbook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('botnet', 'Botnet'), ('stealer', 'Password stealer'), ('miner', 'Coin miner'), ('ransom', 'Precursor of ransomware'), ('loader', 'Loader from cracked software'), ('unknown', 'Unknown kind')], max_length=10)),
                ('version', models.PositiveIntegerField()),
                ('steps', models.JSONField(default=list)),
                ('made', models.DateTimeField(auto_now_add=True)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='playbooks', to='campaigns.campaign')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-version',),
                'constraints': [models.UniqueConstraint(fields=('campaign', 'kind', 'version'), name='cases_one_playbook_version')],
            },
        ),
        migrations.CreateModel(
            name='Rules',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('quiet_days', models.PositiveSmallIntegerField(default=14, verbose_name='Quiet days with logs until a machine is verified')),
                ('alive_days', models.PositiveSmallIntegerField(default=3, verbose_name='On so many of these days the machine itself has to be seen')),
                ('blind_after', models.PositiveSmallIntegerField(default=3, verbose_name='Blind after so many days without logs')),
                ('campaign', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='case_rules', to='campaigns.campaign')),
            ],
        ),
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, verbose_name='Name of the view')),
                ('query', models.CharField(max_length=500)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='saved_views', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('name',),
                'constraints': [models.UniqueConstraint(fields=('user', 'name'), name='cases_one_view_name')],
            },
        ),
        migrations.CreateModel(
            name='Span',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('new', 'New'), ('told', 'Notified'), ('accepted', 'Taken on'), ('working', 'Being handled'), ('cleaned', 'Cleaned'), ('verified', 'Verified clean'), ('reinfected', 'Reinfected'), ('blind', 'Blind'), ('false_alarm', 'False alarm'), ('excepted', 'Exception')], max_length=12)),
                ('valid_from', models.DateField()),
                ('valid_until', models.DateField(default=datetime.date(9999, 12, 31))),
                ('known_from', models.DateTimeField(default=django.utils.timezone.now)),
                ('known_until', models.DateTimeField(null=True)),
                ('cause', models.CharField(blank=True, choices=[('bundle', 'findings came in'), ('decision', 'a step was taken'), ('exception', 'an exception was approved, ended or expired'), ('rules', 'the rules of verification were changed'), ('time', 'a day passed'), ('merge', 'machines were joined or parted')], max_length=10)),
                ('cause_id', models.BigIntegerField(null=True)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='campaigns.campaign')),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='spans', to='cases.case')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='case_spans', to='units.unit')),
            ],
            options={
                'ordering': ('valid_from',),
                'indexes': [models.Index(fields=['campaign', 'unit', 'valid_from', 'valid_until'], name='cases_span_campaig_b86a17_idx'), models.Index(fields=['campaign', 'known_until', 'valid_until', 'valid_from', 'unit', 'state'], name='cases_span_counted')],
            },
        ),
        migrations.CreateModel(
            name='Step',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('day', models.DateField()),
                ('before', models.CharField(blank=True, choices=[('new', 'New'), ('told', 'Notified'), ('accepted', 'Taken on'), ('working', 'Being handled'), ('cleaned', 'Cleaned'), ('verified', 'Verified clean'), ('reinfected', 'Reinfected'), ('blind', 'Blind'), ('false_alarm', 'False alarm'), ('excepted', 'Exception')], max_length=12)),
                ('after', models.CharField(choices=[('new', 'New'), ('told', 'Notified'), ('accepted', 'Taken on'), ('working', 'Being handled'), ('cleaned', 'Cleaned'), ('verified', 'Verified clean'), ('reinfected', 'Reinfected'), ('blind', 'Blind'), ('false_alarm', 'False alarm'), ('excepted', 'Exception')], max_length=12)),
                ('who', models.CharField(blank=True, max_length=254)),
                ('why', models.CharField(blank=True, max_length=2000)),
                ('unfollowed', models.CharField(blank=True, db_default='', default='', max_length=2000)),
                ('computed', models.BooleanField(default=False)),
                ('details', models.JSONField(default=dict)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='steps', to='cases.case')),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('pk',),
            },
        ),
        migrations.CreateModel(
            name='Tick',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('botnet', 'Botnet'), ('stealer', 'Password stealer'), ('miner', 'Coin miner'), ('ransom', 'Precursor of ransomware'), ('loader', 'Loader from cracked software'), ('unknown', 'Unknown kind')], max_length=10)),
                ('version', models.PositiveIntegerField()),
                ('step', models.CharField(max_length=40)),
                ('done', models.BooleanField(default=True)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('who', models.CharField(blank=True, max_length=254)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='ticks', to='cases.case')),
                ('note', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cases.note')),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('pk',),
            },
        ),
    ]
