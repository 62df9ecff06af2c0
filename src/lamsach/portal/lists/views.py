"""Pages of lists: documents, feedback, versions with their changes, use in campaigns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from lamsach.portal.audit.trail import record, user_of
from lamsach.portal.base.check import MOST_NAMED, Check, confirmation_page
from lamsach.portal.base.doors import member
from lamsach.portal.base.forms import ProblemsShown, done, form_page
from lamsach.portal.base.links import absolute
from lamsach.portal.base.lists import Cell, Listing, Mono, Quiet, State
from lamsach.portal.base.parameters import number
from lamsach.portal.base.ratelimit import rate_limited
from lamsach.portal.base.roles import ALL, COORDINATORS, WRITERS
from lamsach.portal.base.uploads import download
from lamsach.portal.campaigns.access import get_campaign, readable_campaigns
from lamsach.portal.campaigns.models import Campaign, CampaignState
from lamsach.portal.lists import access, documents, feedback, releases, versions
from lamsach.portal.lists.forms import (
    DocumentForm,
    FeedbackForm,
    ListForm,
    OriginForm,
    OutletForm,
    ReleaseForm,
)
from lamsach.portal.lists.models import Document, Doubt, FeedbackKind, KeptList
from lamsach.portal.units.access import home_units, may_act, readable_units, writable_units
from lamsach.portal.units.tree import descendants


def _prepare(rows: Sequence[Any]) -> None:
    """Set the newest version and the numbers of waiting values on each list."""
    newest, waiting = versions.latest_of(rows), _waiting(rows)
    for row in rows:
        row.newest, (row.dangerous, row.doubtful) = newest.get(row.pk), waiting.get(row.pk, (0, 0))


LISTS = Listing(
    title="Lists of malicious addresses",
    lead="A list takes in dispatches and feeds, shows what must not be blocked by mistake, and goes out as "
    "signed versions: to the units below, to firewalls and to resolvers.",
    cells=(
        Cell("List", "name", view="lists:list"),
        Cell("Unit", "unit__name"),
        Cell("Version", lambda row: row.newest and row.newest.number, css="number"),
        Cell("Values", lambda row: row.newest and row.newest.count, css="number"),
        Cell("Released", lambda row: row.newest.made if row.newest else _("not yet")),
        Cell(
            "To look at",
            lambda row: (row.doubtful, State("bad", _("dangerous")) if row.dangerous else ""),
            css="number",
        ),
    ),
    empty="No list yet.",
    prepare=_prepare,
    template="lists/overview.html",
)


@member(ALL, WRITERS, ("GET",))
def overview(request: HttpRequest) -> HttpResponse:
    """List the readable lists with their waiting values, and find a value in them (`?q=`)."""
    readable = access.lists(request.user)
    search = request.GET.get("q", "").strip()[:2000]
    places: list[dict[str, Any]] | None = None
    refused: list[dict[str, Any]] = []
    if search:
        with ProblemsShown(request):
            places = versions.places(readable, search, _home(request))
            refused = versions.refused(
                (kept_list for kept_list in readable if access.sees_inside(request.user, kept_list)), search
            )
    context = {
        "q": search,
        "places": places,
        "refused": refused,
        "may_write": access.writable(request.user).exists(),
        "may_tell": bool(request.user.roles & WRITERS),  # type: ignore[union-attr]
    }
    return LISTS.page(request, readable, context)


def _home(request: HttpRequest) -> Any:
    """The user's unit, which decides on TLP; None for users without a unit."""
    units = home_units(request.user)
    return units[0] if units else None


def _waiting(lists: Iterable[KeptList]) -> dict[int, tuple[int, int]]:
    """Count dangerous and all waiting values by list."""
    rows = Doubt.objects.filter(list__in=[kept_list.pk for kept_list in lists], decided=None).values("list")
    counted = rows.annotate(dangerous=Count("pk", filter=Q(dangerous=True)), all=Count("pk"))
    return {row["list"]: (row["dangerous"], row["all"]) for row in counted.order_by()}


@member(COORDINATORS, COORDINATORS)
def new(request: HttpRequest) -> HttpResponse:
    """Add a list."""
    form = ListForm(request.POST or None, units=access.writable(request.user))
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            made = form.save(commit=False)
            made.created_by = request.user
            made.save()
            record(request, "list.made", made, made.unit, name=made.name)
        return redirect("lists:list", kept_list_id=made.pk)
    return form_page(request, form, _("New list"), _("Save the list"), back=reverse("lists:overview"))


@member(COORDINATORS, COORDINATORS)
def edit(request: HttpRequest, kept_list_id: int) -> HttpResponse:
    """Change a list's name and defaults."""
    kept_list = access.get_list(request.user, kept_list_id, write=True)
    form = ListForm(request.POST or None, instance=kept_list, units=access.writable(request.user))
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            form.save()
            record(request, "list.changed", kept_list, kept_list.unit, fields=form.changed_data)
        return redirect("lists:list", kept_list_id=kept_list.pk)
    return list_form_page(request, form, kept_list.name, _("Save the list"), kept_list)


def list_form_page(
    request: HttpRequest, form: Any, title: str, button: str, kept_list: KeptList, **context: Any
) -> HttpResponse:
    """Render a form page of a list, linking back to it."""
    back, crumbs = reverse("lists:list", args=(kept_list.pk,)), "lists/crumbs.html"
    return form_page(request, form, title, button, back=back, crumbs=crumbs, kept=kept_list, **context)


def _document_state(row: Document) -> State:
    if row.problem:
        return State("bad", _(row.problem))
    return State("good", _("read")) if row.read else State("busy", _("being read"))


DOCUMENTS = Listing(
    title="Documents of the list",
    cells=(
        Cell("Document", "name", view="lists:document"),
        Cell("Added", lambda row: (row.added, Quiet(row.added_by or row.origin.name)), "added"),
        Cell("Values", "count", css="number"),
        Cell("Refused", "refused", css="number"),
        Cell("State", _document_state),
    ),
    empty="No document yet.",
    export="list.exported",
    template="lists/list.html",
)


@member(ALL, WRITERS, ("GET",))
def list_page(request: HttpRequest, kept_list_id: int) -> HttpResponse:
    """Show a list: waiting values, documents, sources, versions, outlets."""
    kept_list = access.get_list(request.user, kept_list_id)
    inside = access.sees_inside(request.user, kept_list)
    may_write = access.may_write(request.user, kept_list)
    dangerous, doubtful = _waiting([kept_list]).get(kept_list.pk, (0, 0))
    context = {
        "kept": kept_list,
        "inside": inside,
        "may_write": may_write,
        "may_open": may_write,
        "dangerous": dangerous,
        "doubtful": doubtful,
        "origins": kept_list.origins.all() if inside else [],
        "outlets": kept_list.outlets.filter(revoked=None) if inside else [],
        "versions": kept_list.versions.select_related("made_by")[:20],
        "document_form": DocumentForm(),
        "release_form": ReleaseForm(),
        "origin_form": OriginForm(auto_id="origin_%s"),
        "outlet_form": OutletForm(auto_id="outlet_%s"),
        "taxii": absolute("taxii"),
    }
    if not inside:
        return render(request, DOCUMENTS.template, context)
    rows = kept_list.documents.filter(withdrawn=None).select_related("added_by", "origin")
    return DOCUMENTS.page(request, rows, context, target=kept_list, unit=kept_list.unit)


@rate_limited("lists.file", 60, 300)
@member(COORDINATORS, COORDINATORS, ("POST",))
def add(request: HttpRequest, kept_list_id: int) -> HttpResponse:
    """Upload a document, which the worker reads."""
    kept_list = access.get_list(request.user, kept_list_id, write=True)
    form = DocumentForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["file"]
        with ProblemsShown(request):
            made = documents.add(kept_list, file, file.name, request.user)
            record(request, "list.document_added", made, kept_list.unit, name=made.name, sha256=made.sha256)
            messages.success(request, _("The list is being read."))
    else:
        messages.error(request, _("Choose a file first."))
    return redirect("lists:list", kept_list_id=kept_list.pk)


@member(COORDINATORS, COORDINATORS)
def document(request: HttpRequest, document_id: int) -> HttpResponse:
    """Show a document's values and refusals. POST withdraws it from the next version."""
    found = access.get_part(request.user, Document, document_id)
    if request.method == "POST":
        with transaction.atomic():
            Document.objects.filter(pk=found.pk, withdrawn=None).update(withdrawn=timezone.now())
            record(request, "list.document_withdrawn", found, found.list.unit, name=found.name)
        messages.success(request, _("The next version will not hold what only this document lists."))
        return redirect("lists:list", kept_list_id=found.list_id)
    return render(request, "lists/document.html", {"document": found, "kept": found.list})


@member(COORDINATORS, COORDINATORS, ("GET",))
def document_file(request: HttpRequest, document_id: int) -> HttpResponse:
    """Download a document unchanged."""
    found = access.get_part(request.user, Document, document_id)
    return download(found.name, found.path)


SAID = Listing(
    title="Sources compared",
    cells=(
        Cell("Value", lambda row: Mono(Truncator(row.value).chars(120)), "value"),
        Cell("Unit", "unit__name"),
        Cell("What they say", lambda row: row.get_kind_display(), "kind"),
        Cell("Times", "count", css="number"),
        Cell("Note", "note"),
    ),
    empty="No unit has answered yet.",
    template="lists/quality.html",
)


@member(ALL, WRITERS, ("GET",))
def quality(request: HttpRequest, kept_list_id: int) -> HttpResponse:
    """Show the quality of each source of the list, and their overlaps."""
    kept_list = access.get_list(request.user, kept_list_id)
    if not access.sees_inside(request.user, kept_list):
        return redirect("lists:list", kept_list_id=kept_list.pk)
    context = {"kept": kept_list, "quality": feedback.quality_of(kept_list)}
    return SAID.page(request, feedback.of_subtree(kept_list.unit), context)


@rate_limited("lists.feedback", 100, 300)
@member(WRITERS, WRITERS)
def give_feedback(request: HttpRequest) -> HttpResponse:
    """Report that a value was seen, or is a false alarm."""
    units = [unit for unit in home_units(request.user) if may_act(request.user, unit.pk)]
    form = FeedbackForm(request.POST or None, initial={"value": request.GET.get("value", "")[:2000]})
    if request.method == "POST" and form.is_valid() and units:
        data = form.cleaned_data
        with ProblemsShown(form, "value"):
            feedback.submit(
                units[0],
                data["value"],
                FeedbackKind(data["kind"]),
                note=data["note"],
                who=user_of(request).email,
            )
            record(request, "list.feedback", None, units[0], value=data["value"][:200], kind=data["kind"])
            return done(request, _("Thank you: it is counted on the value."), "lists:overview")
    return form_page(
        request,
        form,
        _("Say something about a value"),
        _("Send the feedback"),
        back=reverse("lists:overview"),
    )


@member(COORDINATORS, COORDINATORS, ("POST",))
def release(request: HttpRequest, kept_list_id: int) -> HttpResponse:
    """Request a new signed version, after confirmation."""
    kept_list = access.get_list(request.user, kept_list_id, write=True)
    form = ReleaseForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Write what is new, and why."))
        return redirect("lists:list", kept_list_id=kept_list.pk)
    with ProblemsShown(request):
        releases.ready(kept_list)
        page = confirmation_page(request, _release_check(kept_list, form.cleaned_data["note"]))
        if page is not None:
            return page
        with transaction.atomic():
            releases.request_release(kept_list, form.cleaned_data["note"], request)
        messages.success(request, _("The version is being made; it will be here in a moment."))
    return redirect("lists:list", kept_list_id=kept_list.pk)


def _release_check(kept_list: KeptList, note: str) -> Check:
    """Build the confirmation of a new version: sources, receivers, values left out."""
    newest = versions.latest(kept_list)
    documents = kept_list.documents.filter(withdrawn=None).exclude(read=None).count()
    outlets = kept_list.outlets.filter(revoked=None)
    waiting = kept_list.doubts.filter(decided=None).count()
    effects = [
        _("A version is made from {count} documents and signed with the unit's key.").format(count=documents),
        _("{count} addresses give it to the programs that fetch from them.").format(count=outlets.count()),
        _("Programs with a token of the unit (TAXII) and partners who take the list get it too."),
        _("A campaign goes on searching for the version that it was given, until you give it this one."),
    ]
    warning = _("{count} values wait for a decision and stay out of it.").format(count=waiting)
    return Check(
        title=_("Make a new version of {name}?").format(name=kept_list.name),
        button=_("Make and sign the version now"),
        effects=effects,
        undo=_(
            "What programs have fetched cannot be called back. To undo a change, withdraw the "
            "document or decide otherwise, and make the next version."
        ),
        back=reverse("lists:list", args=(kept_list.pk,)),
        facts=[
            (_("Version before this"), newest.number if newest else "–"),
            (_("What is new, and why"), note),
        ],
        names=[(outlet.name, outlet.title) for outlet in outlets[:MOST_NAMED]],
        count=outlets.count(),
        warnings=[warning] if waiting else [],
    )


@member(ALL, WRITERS, ("GET",))
def version(request: HttpRequest, version_id: int) -> HttpResponse:
    """Show a version: changes, documents, and hunts that used it."""
    found = access.get_version(request.user, version_id)
    used = releases.used_by(found).filter(unit__in=readable_units(request.user)).select_related("unit")
    inside = access.sees_inside(request.user, found.list)
    context = {
        "found": found,
        "kept": found.list,
        "used": used[:50],
        "used_count": used.count(),
        "changes": versions.changes_of(found) if inside else None,
        "inside": inside,
        "campaigns": _campaigns(request.user),
    }
    return render(request, "lists/version.html", context)


@member(ALL, WRITERS, ("GET",))
def version_file(request: HttpRequest, version_id: int) -> HttpResponse:
    """Download the signed release."""
    found = access.get_version(request.user, version_id)
    if not access.sees_inside(request.user, found.list) and not versions.may_have(
        found, access.SHARED_TLP.value
    ):
        messages.error(request, _("The version holds values that may not leave the unit (TLP)."))
        return redirect("lists:version", version_id=found.pk)
    record(request, "list.downloaded", found, found.list.unit, number=found.number)
    return download(f"{found.list.name}-{found.number}.zip", found.path)


def _campaigns(user: Any) -> list[Campaign]:
    """Draft and running campaigns that the user leads."""
    led = readable_campaigns(user).filter(owner__in=writable_units(user, COORDINATORS))
    return list(led.exclude(state=CampaignState.CLOSED).order_by("name")[:100])


def _stays(unit_id: int, campaign: Campaign) -> bool:
    """Return whether a campaign's lists stay within a unit: its own campaign, without units below."""
    return campaign.owner_id == unit_id and descendants(campaign.owner).count() == 1


@member(COORDINATORS, COORDINATORS, ("POST",))
def use(request: HttpRequest, version_id: int) -> HttpResponse:
    """Add a version to a campaign as its list; hunts of the campaign state its digest."""
    found = access.get_version(request.user, version_id)
    wanted = number(request.POST, "campaign")
    if wanted is None:
        messages.error(request, _("Choose a campaign first."))
        return redirect("lists:version", version_id=found.pk)
    campaign = get_campaign(request.user, wanted, write=True)
    if not _stays(found.list.unit_id, campaign) and not versions.may_have(found, access.SHARED_TLP.value):
        messages.error(request, _("The version holds values that may not leave the unit (TLP)."))
        return redirect("lists:version", version_id=found.pk)
    releases.add_to_campaign(found, campaign, request)
    messages.success(request, _("The campaign searches for this version now."))
    return redirect("campaigns:campaign", campaign_id=campaign.pk)
