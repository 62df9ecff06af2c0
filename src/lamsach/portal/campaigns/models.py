"""A campaign, its dispatches down the tree, and the units' actions.

`Step` is the append-only history (person, time, channel). `Participation` is its summary for one unit in one
campaign, for counting.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lamsach.portal.base.lists import State, state_property
from lamsach.portal.base.models import StoredRow, unique
from lamsach.portal.units.models import Unit


class FormDefinition(models.Model):
    """The reporting form as data; a change creates a new version, reports retain theirs."""

    name = models.CharField(max_length=200)
    version = models.PositiveIntegerField(default=1)
    definition = models.JSONField()
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (unique("campaigns_form_version", "name", "version"),)


class CampaignState(models.TextChoices):
    """Stage of a campaign."""

    DRAFT = "draft", _("Being prepared")
    RUNNING = "running", _("Running")
    CLOSED = "closed", _("Closed")


class Campaign(models.Model):
    """Clean-up campaign of a unit and all below it."""

    name = models.CharField(_("Name of the campaign"), max_length=200)
    owner = models.ForeignKey(Unit, models.PROTECT, related_name="campaigns", verbose_name=_("Leading unit"))
    summary = models.TextField(
        _("Summary"), blank=True, help_text=_("What it is about, in two or three sentences for everybody.")
    )
    goals = models.TextField(_("Goals"), blank=True)
    starts = models.DateField(_("Begins on"))
    ends = models.DateField(_("Ends on"))
    acknowledge_due = models.DateField(
        _("Acknowledge by"), null=True, blank=True, help_text=_("Empty: by the day of deployment.")
    )
    deploy_due = models.DateField(
        _("Deploy by"), null=True, blank=True, help_text=_("Empty: by the day of the report.")
    )
    report_due = models.DateField(_("Reports due on"))
    state = models.CharField(max_length=10, choices=CampaignState.choices, default=CampaignState.DRAFT)
    public = models.BooleanField(_("Show it on the public page"), default=True)
    form = models.ForeignKey(FormDefinition, models.PROTECT, related_name="+")
    tools = models.ManyToManyField("public.Tool", verbose_name=_("Tools"), blank=True, related_name="+")
    created = models.DateTimeField(auto_now_add=True)
    version = models.PositiveIntegerField(default=1)

    shown_state = state_property({"running": "busy", "closed": "good"}, "none")

    class Meta:
        ordering = ("-starts", "-pk")

    def __str__(self) -> str:
        return self.name


class IndicatorList(StoredRow):
    """List of malicious addresses of a campaign, as uploaded."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="lists")
    count = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    read = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    withdrawn = models.DateTimeField(null=True)


class Material(StoredRow):
    """File of a campaign for its units, or for everybody: a guide, a poster, a film's transcript."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="materials")
    title = models.CharField(_("Title"), max_length=200)
    public = models.BooleanField(_("Show it on the public page"), default=False)
    created = models.DateTimeField(auto_now_add=True)
    withdrawn = models.DateTimeField(null=True)

    class Meta:
        ordering = ("title", "pk")


class ListedRange(models.Model):
    """Listed addresses for the public check, `low` to `high`, in 32 hexadecimal digits (IPv4 in IPv6)."""

    list = models.ForeignKey(IndicatorList, models.CASCADE, related_name="ranges")
    low = models.CharField(max_length=32)
    high = models.CharField(max_length=32)

    class Meta:
        indexes = (models.Index(fields=("low", "high")),)


class Dispatch(models.Model):
    """Dispatch (công văn) from a unit to units below it; `parent`: the one that it forwards."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="dispatches")
    issuer = models.ForeignKey(
        Unit, models.PROTECT, related_name="dispatches", verbose_name=_("Issuing unit")
    )
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="forwards")
    number = models.CharField(_("Number and symbol"), max_length=60, blank=True)
    day = models.DateField(_("Date of the dispatch"))
    subject = models.CharField(_("Subject (trích yếu)"), max_length=300)
    body = models.TextField(_("Text"), blank=True)
    deadline = models.DateField(_("Deadline"))
    created = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    once = models.CharField(max_length=43, unique=True)
    sent = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return self.subject

    def chain(self) -> list[Dispatch]:
        """The dispatch and those that it forwards, the nearest first."""
        chain, above = [self], self.parent
        while above is not None and len(chain) < 12:
            chain.append(above)
            above = above.parent
        return chain


class Attachment(StoredRow):
    """File of a dispatch, with its digest."""

    dispatch = models.ForeignKey(Dispatch, models.PROTECT, related_name="attachments")


class Recipient(models.Model):
    """Recipient of a dispatch."""

    dispatch = models.ForeignKey(Dispatch, models.PROTECT, related_name="recipients")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="received")
    opened = models.DateTimeField(null=True)
    acknowledged = models.DateTimeField(null=True)
    deployed = models.DateTimeField(null=True)

    class Meta:
        constraints = (unique("campaigns_one_recipient", "dispatch", "unit"),)
        indexes = (models.Index(fields=("unit", "acknowledged")),)

    @property
    def reached(self) -> tuple[State, datetime | None]:
        """The furthest step of the unit, and its time."""
        steps = (
            ("good", _("deployed"), self.deployed),
            ("info", _("acknowledged"), self.acknowledged),
            ("busy", _("opened"), self.opened),
        )
        found = ((State(tone, words), at) for tone, words, at in steps if at)
        return next(found, (State("none", _("not opened yet")), None))


class StepKind(models.TextChoices):
    """Kinds of a unit's steps."""

    OPENED = "opened", _("Opened")
    ACKNOWLEDGED = "acknowledged", _("Acknowledged")
    FORWARDED = "forwarded", _("Passed on")
    DEPLOYED = "deployed", _("Deployed")
    WITHDRAWN = "withdrawn", _("Took the statement back")
    WROTE = "wrote", _("Wrote")


class How(models.TextChoices):
    """Channel of a reported step."""

    PORTAL = "portal", _("in the portal")
    LINK = "link", _("by the link in the e-mail")
    PAPER = "paper", _("recorded by the coordinator")
    API = "api", _("by another program")
    MAIL = "mail", _("by e-mail")


class Step(models.Model):
    """A step of a unit: person, time, channel; `day`: day of effect, `at`: time of the report."""

    recipient = models.ForeignKey(Recipient, models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=20, choices=StepKind.choices)
    at = models.DateTimeField()
    day = models.DateField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    who = models.CharField(max_length=254, blank=True)
    how = models.CharField(max_length=10, choices=How.choices)
    note = models.TextField(blank=True)
    evidence_name = models.CharField(max_length=200, blank=True)
    evidence_path = models.CharField(max_length=200, blank=True)
    evidence_sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ("pk",)


class AnswerLink(models.Model):
    """Single-use link in an e-mail for one step of a unit without an account."""

    recipient = models.ForeignKey(Recipient, models.PROTECT, related_name="links")
    kind = models.CharField(max_length=20, choices=StepKind.choices)
    nonce = models.CharField(max_length=43, unique=True)
    expires = models.DateTimeField()
    used = models.DateTimeField(null=True)


class Participation(models.Model):
    """Progress of a unit in a campaign: the day on which each state was first reached, None before.

    The three deadlines are stored here for counting alone, written only by `deadlines.refresh`. `stated`: the
    unit belongs to another portal, which states all these days (`exchange.units_below`) and two more: the
    first days on which a log of its own had been searched and a report was sent.
    """

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="participations")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="participations")
    sent_on = models.DateField(null=True)
    opened_on = models.DateField(null=True)
    informed_on = models.DateField(null=True)
    deployed_on = models.DateField(null=True)
    acknowledge_due = models.DateField(null=True)
    deploy_due = models.DateField(null=True)
    report_due = models.DateField(null=True)
    searched_on = models.DateField(null=True)
    reported_on = models.DateField(null=True)
    stated = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = (unique("campaigns_one_participation", "campaign", "unit"),)


class DeadlineKind(models.TextChoices):
    """Duties of a unit, in order of their deadlines."""

    ACKNOWLEDGE = "acknowledge", _("Acknowledge")
    DEPLOY = "deploy", _("Deploy")
    REPORT = "report", _("Report")


class MoveScope(models.TextChoices):
    """Scope of a moved deadline."""

    ALL = "all", _("every unit of the campaign")
    SUBTREE = "subtree", _("one unit and everything under it")
    BELOW = "below", _("everything under one unit")
    ONE = "one", _("one unit alone")


class DeadlineMove(models.Model):
    """A moved deadline: kind, scope, day, reason, person. Never deleted, only undone.

    `before`: the campaign's own day, replaced by a move for all. `ended`: the later move that replaced it
    although it is nearer. `dispatch`: the one that states the day.
    """

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="deadline_moves")
    kind = models.CharField(max_length=20, choices=DeadlineKind.choices)
    scope = models.CharField(max_length=10, choices=MoveScope.choices)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+")
    day = models.DateField()
    before = models.DateField(null=True)
    reason = models.CharField(max_length=1000, blank=True)
    dispatch = models.ForeignKey(Dispatch, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    ended = models.ForeignKey("self", models.PROTECT, null=True, related_name="ends")
    undone = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("-pk",)
        indexes = (models.Index(fields=("campaign", "undone", "ended")),)

    @property
    def source(self) -> str:
        """Origin of the moved day, with its reason."""
        if self.dispatch:
            text = gettext("by the dispatch of %(issuer)s") % {"issuer": self.dispatch.issuer.name}
        elif self.scope == MoveScope.ALL or self.unit is None:
            text = gettext("moved for all")
        elif self.scope == MoveScope.ONE:
            text = gettext("moved for this unit")
        else:
            text = gettext("moved for %(unit)s") % {"unit": self.unit.name}
        return f"{text}: {self.reason}" if self.reason else text
