"""The schema of the first release. The migrations before it, which it replaces, were never released."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [('awareness', '0001_initial'), ('awareness', '0002_waves'), ('awareness', '0003_consent')]
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('campaigns', '0001_baseline'),
        ('units', '0001_baseline'),
    ]

    operations = [
        migrations.CreateModel(
            name='Person',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200, verbose_name='Full name')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='E-mail')),
                ('department', models.CharField(blank=True, max_length=200, verbose_name='Department')),
                ('unsubscribed', models.DateTimeField(null=True)),
                ('consent', models.CharField(choices=[('told', 'was informed by the unit'), ('given', 'agreed'), ('withdrawn', 'withdrew consent')], default='told', max_length=10)),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='staff', to='units.unit')),
            ],
            options={
                'ordering': ('name', 'pk'),
                'constraints': [models.UniqueConstraint(condition=models.Q(('email', ''), _negated=True), fields=('unit', 'email'), name='awareness_one_address')],
            },
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('nonce', models.CharField(max_length=43, unique=True)),
                ('code', models.CharField(max_length=8, null=True, unique=True)),
                ('sent', models.DateTimeField(null=True)),
                ('wave', models.PositiveSmallIntegerField(default=1)),
                ('planned', models.DateTimeField(null=True)),
                ('reminded', models.DateTimeField(null=True)),
                ('reminders', models.PositiveSmallIntegerField(default=0)),
                ('confirmed', models.DateTimeField(null=True)),
                ('how', models.CharField(blank=True, choices=[('link', 'by the own link'), ('quiz', 'by the three questions'), ('sheet', 'signed on the printed sheet')], max_length=10)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notices', to='campaigns.campaign')),
                ('recorded_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notices', to='units.unit')),
                ('person', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='notices', to='awareness.person')),
            ],
            options={
                'indexes': [models.Index(fields=['campaign', 'unit', 'confirmed'], name='awareness_n_campaig_4e6aa5_idx')],
                'constraints': [models.UniqueConstraint(fields=('campaign', 'person'), name='awareness_one_notice')],
            },
        ),
        migrations.CreateModel(
            name='Consent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('state', models.CharField(choices=[('told', 'was informed by the unit'), ('given', 'agreed'), ('withdrawn', 'withdrew consent')], max_length=10)),
                ('how', models.CharField(choices=[('import', 'stated by the unit when the list was added'), ('link', "on the person's own page"), ('paper', 'in writing'), ('spoken', 'by word of mouth')], max_length=10, verbose_name='How people were informed')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='Note')),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='consents', to='awareness.person')),
            ],
            options={
                'ordering': ('pk',),
            },
        ),
        migrations.CreateModel(
            name='Passed',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('count', models.PositiveIntegerField(default=0)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.campaign')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('campaign', 'day'), name='awareness_one_passed')],
            },
        ),
    ]
