"""Questions with messages and files, articles and prepared answers."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lamsach.i18n import language_choices
from lamsach.portal.base.lists import State
from lamsach.portal.base.models import StoredRow
from lamsach.portal.units.models import Unit


class QuestionState(models.TextChoices):
    """State of a question."""

    OPEN = "open", _("Waiting for an answer")
    ANSWERED = "answered", _("Answered")
    SOLVED = "solved", _("Solved")


class Question(models.Model):
    """Question. `unit`: answering unit, changed by a hand-over; `erased`: time when retention erased it."""

    number = models.CharField(max_length=20, unique=True)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="questions")
    asker = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    name = models.CharField(_("Your name"), max_length=200, blank=True)
    email = models.EmailField(_("Your e-mail, for the answer"), blank=True)
    subject = models.CharField(_("What is it about?"), max_length=200)
    text = models.TextField(_("Your question"))
    nonce = models.CharField(max_length=43, unique=True)
    once = models.CharField(max_length=43, unique=True)
    state = models.CharField(max_length=10, choices=QuestionState.choices, default=QuestionState.OPEN)
    created = models.DateTimeField()
    due = models.DateTimeField()
    first_answer = models.DateTimeField(null=True)
    solved = models.DateTimeField(null=True)
    erased = models.DateTimeField(null=True)

    @property
    def shown_state(self) -> State:
        """State for display; `late` without an answer in time."""
        if self.state == QuestionState.OPEN and not self.first_answer and self.due < timezone.now():
            return State("late", gettext("late"))
        return State({"solved": "good", "answered": "info"}.get(self.state, "busy"), self.get_state_display())

    class Meta:
        ordering = ("-pk",)
        indexes = (models.Index(fields=("unit", "state")),)


class Message(models.Model):
    """Message of a question: an answer, a message of the asker, an internal note or a hand-over."""

    question = models.ForeignKey(Question, models.PROTECT, related_name="messages")
    at = models.DateTimeField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    who = models.CharField(max_length=254, blank=True)
    text = models.TextField()
    internal = models.BooleanField(default=False)

    class Meta:
        ordering = ("pk",)


class Counter(models.Model):
    """Last question number of a year."""

    year = models.PositiveIntegerField(primary_key=True)
    last = models.PositiveIntegerField(default=0)


class QuestionFile(StoredRow):
    """File attached by the asker."""

    question = models.ForeignKey(Question, models.PROTECT, related_name="files")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("pk",)


class CannedAnswer(models.Model):
    """Prepared answer, usable by the unit and all units under it."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("Unit"))
    title = models.CharField(_("Title"), max_length=200)
    text = models.TextField(_("Text"))
    withdrawn = models.DateTimeField(null=True)

    class Meta:
        ordering = ("title", "pk")


class Article(models.Model):
    """Public knowledge article, offered before a question is sent."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("Unit"))
    title = models.CharField(_("Title"), max_length=200)
    text = models.TextField(_("Text"))
    words = models.CharField(
        _("Words that people use for it"),
        max_length=400,
        blank=True,
        help_text=_("With commas between them, such as: máy chậm, không mở được tệp."),
    )
    language = models.CharField(_("Language"), max_length=2, default="vi", choices=language_choices)
    withdrawn = models.DateTimeField(null=True)
    changed = models.DateTimeField(auto_now=True)
    helped = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("title", "pk")

    def __str__(self) -> str:
        return self.title
