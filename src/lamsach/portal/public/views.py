"""Public campaign pages, without log-in, scripts and third-party content; the tool catalogue."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import astuple
from typing import Any

from django import forms
from django.apps import apps
from django.contrib import messages
from django.db import DatabaseError, transaction
from django.db.models import F, Sum, Value
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.i18n import mark
from lamsach.portal.audit.trail import record
from lamsach.portal.base.doors import anyone, member
from lamsach.portal.base.forms import VersionedForm, form_page, store_field
from lamsach.portal.base.lists import Cell, Link, Listing, Mono, State
from lamsach.portal.base.ratelimit import client_address, rate_limited
from lamsach.portal.base.roles import COORDINATORS, LEADERS
from lamsach.portal.base.uploads import download
from lamsach.portal.campaigns.lists import is_listed
from lamsach.portal.campaigns.models import Campaign, CampaignState, IndicatorList
from lamsach.portal.public.models import Download, Tool
from lamsach.portal.public.systems import PLATFORM_HINT, browser, is_phone, system
from lamsach.portal.units.tree import today


class ToolForm(VersionedForm):
    """Tool: a file to host, or the publisher's URL with the published digest."""

    file = forms.FileField(
        label=gettext_lazy("File to host here"),
        required=False,
        help_text=gettext_lazy(
            "A ZIP archive, a PDF or a Python program (.pyz). Its size and SHA-256 are worked out."
        ),
    )

    link = forms.URLField(label=gettext_lazy("Publisher's address"), required=False, assume_scheme="https")

    class Meta:
        model = Tool
        shown = ("name", "publisher", "licence", "systems", "purpose")
        fields = (*shown, "file", "link", "size", "sha256", "hidden")
        widgets = {"purpose": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["size"].required = False

    def clean_sha256(self) -> str:
        """Accept 64 hexadecimal digits, or an empty value."""
        text = str(self.cleaned_data["sha256"]).strip().lower()
        if text and not re.fullmatch(r"[0-9a-f]{64}", text):
            raise forms.ValidationError(_("A SHA-256 digest has 64 hexadecimal digits."))
        return text

    def clean_size(self) -> int:
        """Return 0 (unknown) for an empty value."""
        return self.cleaned_data["size"] or 0

    def clean_link(self) -> str:
        """Require HTTPS."""
        link = str(self.cleaned_data["link"])
        if link and not link.lower().startswith("https://"):
            raise forms.ValidationError(_("The address has to begin with https://."))
        return link

    def clean(self) -> dict[str, Any]:
        """Require a file or a URL."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if not (data.get("file") or data.get("link") or self.instance.path or "link" in self.errors):
            self.add_error("file", _("Give a file to host, or the publisher's address."))
        return data


_OPEN = ("new", "told", "accepted", "working", "reinfected")
_NETWORKS = (
    "10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.168.0.0/16"
    " ::1/128 fc00::/7 fe80::/10"
)
_INSIDE = [ipaddress.ip_network(text) for text in _NETWORKS.split()]
"""Private and local networks (RFC 1918, 6598, 3927, 4193, 4291), which identify no machine."""


def public_address(address: str) -> str:
    """Return the canonical form of a public address; "" for private, special and invalid ones."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    inside = any(parsed in network for network in _INSIDE)
    return "" if inside or parsed.is_unspecified or parsed.is_multicast else str(parsed)


def has_open_case(address: str) -> bool:
    """Return whether a machine at this public address has an open case in a running campaign."""
    parsed = public_address(address)
    if not parsed or not apps.is_installed("lamsach.portal.cases"):
        return False
    model: Any = apps.get_model("cases", "Case")
    try:
        with transaction.atomic():
            exists: bool = model.objects.filter(
                device__ip=parsed,
                state__in=_OPEN,
                campaign__state=CampaignState.RUNNING,
                superseded=None,
            ).exists()
    except DatabaseError:
        return False
    return exists


TOOL_KINDS = ("zip", "pdf", "pyz")


def current() -> Campaign | None:
    """Return the campaign of the public pages: the newest running one of the highest unit."""
    running = Campaign.objects.filter(state=CampaignState.RUNNING, public=True)
    return running.select_related("owner").order_by("owner__code", "-starts").first()


def _page(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    campaign = current()
    contact = campaign.owner.contact if campaign is not None else None
    return render(request, template, {"campaign": campaign, "contact": contact, **context})


@anyone("GET")
def campaign(request: HttpRequest) -> HttpResponse:
    """Show the campaign and its five steps."""
    return _page(request, "public/campaign.html", step="campaign")


@anyone("GET")
def danger(request: HttpRequest) -> HttpResponse:
    """Show the dangers of cracked software."""
    return _page(request, "public/danger.html", step="danger")


@rate_limited("check", 30, 300)
@anyone()
def check(request: HttpRequest) -> HttpResponse:
    """Check the visitor's own address and system; POST shows the results."""
    agent, day = request.headers.get("User-Agent", ""), today()
    context: dict[str, Any] = {
        "step": "check",
        "phone": is_phone(agent),
        "here": request.build_absolute_uri(request.path),
    }
    if request.method == "POST":
        address = client_address(request)
        public = public_address(address)
        lists = IndicatorList.objects.filter(
            read__isnull=False, withdrawn=None, campaign__state=CampaignState.RUNNING, campaign__public=True
        )
        context.update(
            address=address,
            known=bool(public),
            listed=bool(public) and (is_listed(public) or has_open_case(public)),
            lists=lists.count(),
            system=system(agent, day, request.headers.get(PLATFORM_HINT, "")),
            browser=browser(agent, day),
            checked=True,
        )
    response = _page(request, "public/check.html", **context)
    response["Accept-CH"] = PLATFORM_HINT
    return response


@anyone("GET")
def clean(request: HttpRequest) -> HttpResponse:
    """Show the clean-up tools and the verification of their files."""
    campaign = current()
    selected = campaign.tools.filter(hidden=False) if campaign else Tool.objects.none()
    return _page(
        request,
        "public/clean.html",
        step="clean",
        tools=selected if selected.exists() else Tool.objects.filter(hidden=False),
        materials=campaign.materials.filter(public=True, withdrawn=None) if campaign else [],
    )


@anyone("GET")
def tool_file(request: HttpRequest, tool_id: int) -> HttpResponse:
    """Download a hosted tool or redirect to its publisher; counts downloads per day."""
    tool = get_object_or_404(Tool, pk=tool_id, hidden=False)
    with transaction.atomic():
        Download.objects.get_or_create(tool=tool, day=today())
        Download.objects.filter(tool=tool, day=today()).update(count=F("count") + 1)
    if tool.path:
        return download(tool.file_name, tool.path)
    return redirect(tool.link)


TOOLS = Listing(
    title="Tool catalogue",
    lead="Downloads offered on the public page. They are counted by day; nothing is stored about who "
    "downloads.",
    cells=(
        Cell("Name", lambda row: _named(row), "name"),
        Cell("Publisher", "publisher"),
        Cell("SHA-256", lambda row: Mono(row.sha256)),
        Cell("Downloads", lambda row: row.taken or 0, "taken", css="number"),
    ),
    empty="No tool yet.",
    add=(mark("Add a tool"), mark("Save the tool")),
)


def _named(row: Any) -> Any:
    name = Link(row.name, reverse("public:tool_edit", args=(row.pk,))) if row.changeable else row.name
    return name, State("none", _("Not shown")) if row.hidden else ""


@member(COORDINATORS, COORDINATORS)
def tools(request: HttpRequest) -> HttpResponse:
    """Show the tool catalogue with download counts; POST adds a tool."""
    form = ToolForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid() and _store_file(form):
        _record(request, form.save())
        return redirect("public:tools")
    changeable = Value(bool(request.user.roles & LEADERS))  # type: ignore[union-attr]
    rows = Tool.objects.annotate(taken=Sum("downloads__count"), changeable=changeable).order_by("name")
    return TOOLS.page(request, rows, {"form": form})


@member(LEADERS, LEADERS)
def tool_edit(request: HttpRequest, tool_number: int) -> HttpResponse:
    """Edit a tool."""
    tool = get_object_or_404(Tool, pk=tool_number)
    form = ToolForm(request.POST or None, request.FILES or None, instance=tool)
    if request.method == "POST" and form.is_valid() and _store_file(form):
        with transaction.atomic():
            form.save_next()
            _record(request, tool)
        return redirect("public:tools")
    return form_page(request, form, tool.name, _("Save the tool"))


def _store_file(form: ToolForm) -> bool:
    """Store the form's file outside transactions; False, with an error in the form, if rejected."""
    if form.cleaned_data["file"]:
        stored = store_field(form, "file", TOOL_KINDS)
        if stored is None:
            return False
        tool: Tool = form.instance
        tool.file_name, tool.path, tool.size, tool.sha256 = astuple(stored)
    return True


def _record(request: HttpRequest, tool: Tool) -> None:
    record(request, "tool.saved", tool, name=tool.name, sha256=tool.sha256)
    messages.success(request, _("Saved."))
