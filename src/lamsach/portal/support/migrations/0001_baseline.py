"""The schema of the first release. The migrations before it, which it replaces, were never released."""

import django.db.models.deletion
import lamsach.i18n
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [('support', '0001_initial'), ('support', '0002_knowledge'), ('support', '0003_erased')]
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('units', '0001_baseline'),
    ]

    operations = [
        migrations.CreateModel(
            name='Counter',
            fields=[
                ('year', models.PositiveIntegerField(primary_key=True, serialize=False)),
                ('last', models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='Article',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=200, verbose_name='Title')),
                ('text', models.TextField(verbose_name='Text')),
                ('words', models.CharField(blank=True, help_text='With commas between them, such as: máy chậm, không mở được tệp.', max_length=400, verbose_name='Words that people use for it')),
                ('language', models.CharField(choices=lamsach.i18n.language_choices, default='vi', max_length=2, verbose_name='Language')),
                ('withdrawn', models.DateTimeField(null=True)),
                ('changed', models.DateTimeField(auto_now=True)),
                ('helped', models.PositiveIntegerField(default=0)),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='units.unit', verbose_name='Unit')),
            ],
            options={
                'ordering': ('title', 'pk'),
            },
        ),
        migrations.CreateModel(
            name='CannedAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=200, verbose_name='Title')),
                ('text', models.TextField(verbose_name='Text')),
                ('withdrawn', models.DateTimeField(null=True)),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='units.unit', verbose_name='Unit')),
            ],
            options={
                'ordering': ('title', 'pk'),
            },
        ),
        migrations.CreateModel(
            name='Question',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=20, unique=True)),
                ('name', models.CharField(blank=True, max_length=200, verbose_name='Your name')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='Your e-mail, for the answer')),
                ('subject', models.CharField(max_length=200, verbose_name='What is it about?')),
                ('text', models.TextField(verbose_name='Your question')),
                ('nonce', models.CharField(max_length=43, unique=True)),
                ('once', models.CharField(max_length=43, unique=True)),
                ('state', models.CharField(choices=[('open', 'Waiting for an answer'), ('answered', 'Answered'), ('solved', 'Solved')], default='open', max_length=10)),
                ('created', models.DateTimeField()),
                ('due', models.DateTimeField()),
                ('first_answer', models.DateTimeField(null=True)),
                ('solved', models.DateTimeField(null=True)),
                ('erased', models.DateTimeField(null=True)),
                ('asker', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='questions', to='units.unit')),
            ],
            options={
                'ordering': ('-pk',),
                'indexes': [models.Index(fields=['unit', 'state'], name='support_que_unit_id_2e254c_idx')],
            },
        ),
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('who', models.CharField(blank=True, max_length=254)),
                ('text', models.TextField()),
                ('internal', models.BooleanField(default=False)),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('question', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='support.question')),
            ],
            options={
                'ordering': ('pk',),
            },
        ),
        migrations.CreateModel(
            name='QuestionFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200)),
                ('path', models.CharField(max_length=200)),
                ('size', models.BigIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('question', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='files', to='support.question')),
            ],
            options={
                'ordering': ('pk',),
            },
        ),
    ]
