"""Lists with documents, doubts, decisions and versions; outlets for blocking programs; feedback of units."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from lamsach.portal.base.models import StoredRow, Troubled, unique
from lamsach.portal.findings.models import Bundle
from lamsach.portal.units.models import Unit

_many = list  # the models below have a field of the name `list`


class Tlp(models.TextChoices):
    """Traffic Light Protocol (https://www.first.org/tlp/)."""

    CLEAR = "clear", "TLP:CLEAR"
    GREEN = "green", "TLP:GREEN"
    AMBER = "amber", "TLP:AMBER"
    STRICT = "amber+strict", "TLP:AMBER+STRICT"
    RED = "red", "TLP:RED"


class KeptList(models.Model):
    """A unit's list of malicious addresses.

    `tlp` and `days` apply to values that state none (`days` 0: without end). `own`: own networks and names,
    which no version contains without a decision.
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="kept_lists", verbose_name=_("Unit"))
    name = models.CharField(_("Name"), max_length=100)
    tlp = models.CharField(
        _("TLP of values that state none"), max_length=12, choices=Tlp.choices, default=Tlp.AMBER
    )
    days = models.PositiveIntegerField(
        _("Values that state no end hold so many days (0: without end)"), default=180
    )
    own = models.TextField(_("Own networks and names, one a line"), blank=True)
    created = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("unit__code", "name")
        constraints = (unique("lists_one_name", "unit", "name"),)

    def __str__(self) -> str:
        return self.name


class Origin(Troubled, models.Model):
    """A source: an address from which a list is fetched every `hours` hours.

    `problem`: the last attempt's failure: a sentence, and the place on a second line. `locked_key`: see
    `origins`.
    """

    list = models.ForeignKey(KeptList, models.CASCADE, related_name="origins")
    name = models.CharField(_("Name"), max_length=100)
    url = models.CharField(_("Address"), max_length=500)
    hours = models.PositiveIntegerField(_("Fetched every so many hours"), default=24)
    active = models.BooleanField(_("Fetched by schedule"), default=True)
    tried = models.DateTimeField(null=True)
    fetched = models.DateTimeField(null=True)
    etag = models.CharField(max_length=200, blank=True)
    problem = models.CharField(max_length=400, blank=True)
    locked_key = models.TextField(blank=True)

    class Meta:
        ordering = ("name", "pk")
        constraints = (unique("lists_one_origin", "list", "name"),)

    def __str__(self) -> str:
        return self.name


class Document(StoredRow):
    """A file whose values are in the list. A fetched one is `withdrawn` when the next arrives."""

    list = models.ForeignKey(KeptList, models.CASCADE, related_name="documents")
    origin = models.ForeignKey(Origin, models.SET_NULL, null=True, related_name="documents")
    added = models.DateTimeField(auto_now_add=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    read = models.DateTimeField(null=True)
    count = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    mentioned = models.PositiveIntegerField(default=0)
    refusals = models.JSONField(default=_many)
    problem = models.CharField(max_length=400, blank=True)
    withdrawn = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return self.name


class Doubt(models.Model):
    """A value to review: `kinds` of concern, `about` whom, `place` in a document."""

    list = models.ForeignKey(KeptList, models.CASCADE, related_name="doubts")
    type = models.CharField(max_length=10)
    value = models.CharField(max_length=2000)
    key = models.CharField(max_length=64)
    dangerous = models.BooleanField(default=False)
    kinds = models.JSONField(default=_many)
    about = models.CharField(max_length=300, blank=True)
    place = models.CharField(max_length=300, blank=True)
    words = models.CharField(max_length=300, blank=True)
    found = models.DateTimeField(auto_now_add=True)
    decided = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-dangerous", "pk")
        constraints = (unique("lists_one_doubt", "list", "key"),)
        indexes = (
            models.Index(fields=("list", "decided", "-dangerous", "id"), name="lists_queue"),
            models.Index(fields=("list", "decided", "kinds"), name="lists_queue_kinds"),
        )


class Decision(models.Model):
    """A decision on a value (`review.decisions`), in force until `revoked`."""

    list = models.ForeignKey(KeptList, models.CASCADE, related_name="decisions")
    type = models.CharField(max_length=10)
    value = models.CharField(max_length=2000)
    choice = models.CharField(max_length=10)
    to = models.TextField(blank=True)
    until = models.DateField(null=True)
    reason = models.CharField(max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    revoked = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-pk",)
        indexes = (models.Index(fields=("list", "revoked")),)


class Version(models.Model):
    """A signed release of the list.

    `digest`: stated by hunts with it; `added`, `removed`, `changed`: compared with the version before;
    `left_out`: by decisions and dangers; `path`: the release's file.
    """

    list = models.ForeignKey(KeptList, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    made = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    note = models.CharField(_("What is new, and why"), max_length=300, blank=True)
    digest = models.CharField(max_length=64, db_index=True)
    fingerprint = models.CharField(max_length=60)
    count = models.PositiveIntegerField()
    added = models.PositiveIntegerField(default=0)
    removed = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    left_out = models.PositiveIntegerField(default=0)
    by_type = models.JSONField(default=dict)
    by_source = models.JSONField(default=dict)
    documents = models.JSONField(default=_many)
    path = models.CharField(max_length=200)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    expires = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-number",)
        constraints = (unique("lists_one_version", "list", "number"),)

    def __str__(self) -> str:
        return f"{self.list.name} {self.number}"


class VersionUse(models.Model):
    """A version stated by a hunt among its lists (None: searched, no known version)."""

    bundle = models.ForeignKey(Bundle, models.CASCADE, related_name="+")
    version = models.ForeignKey(Version, models.CASCADE, null=True, related_name="uses")

    class Meta:
        constraints = (unique("lists_one_use", "bundle", "version"),)


class Outlet(models.Model):
    """An address serving the list in a program's format. `digest`: of its token; `part`: values per part."""

    list = models.ForeignKey(KeptList, models.CASCADE, related_name="outlets")
    name = models.CharField(_("What for"), max_length=100)
    writer = models.CharField(_("Format"), max_length=30)
    tlp = models.CharField(
        _("Highest TLP that goes out"), max_length=12, choices=Tlp.choices, default=Tlp.AMBER
    )
    confidence = models.PositiveSmallIntegerField(_("Lowest confidence that goes out (0 to 100)"), default=0)
    part = models.PositiveIntegerField(_("Values in one part"), default=131_072)
    digest = models.CharField(max_length=64, unique=True)
    created = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    last_used = models.DateTimeField(null=True)
    revoked = models.DateTimeField(null=True)

    class Meta:
        ordering = ("pk",)

    @property
    def title(self) -> str:
        """Product name of the format."""
        from lamsach.indicators.writers import BY_NAME

        return BY_NAME[self.writer].title if self.writer in BY_NAME else self.writer


class FeedbackKind(models.TextChoices):
    """Kinds of feedback."""

    SEEN = "seen", _("seen here")
    FALSE = "false", _("false alarm")


class Feedback(models.Model):
    """Summed feedback of a unit on an indicator. `digest`: of the unit's list."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    type = models.CharField(max_length=10)
    value = models.CharField(max_length=2000)
    key = models.CharField(max_length=64, db_index=True)
    kind = models.CharField(max_length=5, choices=FeedbackKind.choices)
    count = models.PositiveBigIntegerField(default=1)
    note = models.CharField(max_length=300, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    who = models.CharField(max_length=254, blank=True)
    at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("-at",)
        constraints = (unique("lists_one_feedback", "unit", "key", "kind"),)


class Listed(models.Model):
    """Place of a value in a list's latest version, by `key` (`documents.key_of`)."""

    list = models.ForeignKey(KeptList, models.CASCADE, related_name="listed")
    key = models.CharField(max_length=64)
    document = models.CharField(max_length=200, blank=True)
    page = models.PositiveIntegerField(null=True)
    row = models.PositiveIntegerField(null=True)
    tlp = models.CharField(max_length=12, blank=True)

    class Meta:
        indexes = (models.Index(fields=("key", "list")),)
