"""View of a unit's API tokens: create, list, revoke."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from lamsach.i18n import mark
from lamsach.portal.api import access
from lamsach.portal.api.models import Token
from lamsach.portal.audit.trail import end
from lamsach.portal.base.check import revocation_page
from lamsach.portal.base.doors import member
from lamsach.portal.base.lists import Cell, Listing
from lamsach.portal.base.once import make_once
from lamsach.portal.base.parameters import number
from lamsach.portal.base.roles import COORDINATORS
from lamsach.portal.units.access import get_unit


class TokenForm(forms.ModelForm):  # type: ignore[type-arg]
    """Purpose of a token."""

    class Meta:
        model = Token
        fields = ("name",)


TOKENS = Listing(
    title="Tokens for other programs",
    cells=(
        Cell("What for", "name"),
        Cell("Made", "created"),
        Cell("Last used", "last_used"),
        Cell("", template="base/revoke.html"),
    ),
    empty="None yet.",
    template="api/tokens.html",
    add=("", mark("Make a token")),
)


@member(COORDINATORS, COORDINATORS)
def tokens(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Manage a unit's tokens; a new one is shown once."""
    unit = get_unit(request.user, unit_id, write=True, roles=COORDINATORS)
    form = TokenForm(request.POST or None)
    word = ""
    if request.method == "POST":
        if "revoke" in request.POST:
            wanted = number(request.POST, "revoke") or 0
            token = Token.objects.filter(pk=wanted, unit=unit, revoked=None).first()
            if token is not None:
                effect = _("Programs that use it are refused from now on.")
                if page := revocation_page(request, token.name, effect, request.get_full_path()):
                    return page
                if end(token, request, "token.revoked", "revoked", token=str(wanted)):
                    messages.success(request, _("The token is revoked."))
            return redirect("tokens", unit_id=unit_id)
        if form.is_valid():
            name = form.cleaned_data["name"]
            word = make_once(request, lambda: access.issue(unit, name, request))
            form = TokenForm()
    rows = Token.objects.filter(unit=unit, revoked=None).order_by("pk")
    return TOKENS.page(request, rows, {"unit": unit, "form": form, "word": word})
