"""Forms of exchange."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lamsach.errors import LamsachError
from lamsach.indicators.releases.seal import fingerprint, load_public_key
from lamsach.portal.base.forms import text
from lamsach.portal.exchange import access, outbound
from lamsach.portal.units.forms import Offered, UnitField
from lamsach.results.sealed.keys import RECIPIENT, recipient


class UnitForm(Offered):
    """Choice of one of the user's units."""

    offered: ClassVar = {"unit": access.exchanging_units}
    unit: Any = UnitField()


class FileForm(forms.Form):
    """Upload of a partner's file."""

    file = forms.FileField(label=_("Exchange file"), help_text=_("The .zip file that the other unit made."))


class PartnerForm(UnitForm):
    """A partner and its key; shows the fingerprint first, to be compared by telephone."""

    code = text(_("Code of the other unit"), 60)
    name = text(_("Name of the other unit"), 300)
    above = forms.TypedChoiceField(
        label=_("Where it is"),
        choices=[("yes", _("above our unit")), ("no", _("below our unit"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    public = text(
        _("Its public key"),
        2000,
        4,
        help_text=_("The whole text of the key file: from BEGIN to END, and the line that begins with age1."),
        attrs={"class": "form-control mono"},
    )
    compared = forms.BooleanField(
        label=_("I compared the fingerprint with that unit, by telephone or in person."), required=False
    )

    def clean_public(self) -> str:
        """Check the public Ed25519 key and the optional sealing key in a line below it."""
        lines = self.cleaned_data["public"].strip().splitlines()
        sealing = [line.strip() for line in lines if line.strip().startswith(RECIPIENT)]
        text = "\n".join(line for line in lines if line.strip() not in sealing).strip() + "\n"
        try:
            self.fingerprint = fingerprint(load_public_key(text.encode(), ""))
            self.recipient = recipient(sealing[0]) if sealing else ""
        except LamsachError as problem:
            raise forms.ValidationError(gettext(problem.what)) from problem
        return text


class RenewForm(forms.Form):
    """Renewal of the signing key."""

    lost = forms.BooleanField(
        label=_("The present key may be in foreign hands"),
        required=False,
        help_text=_("Then it does not name the new one: every partner has to compare the new fingerprint."),
    )


def checked_url(url: str) -> str:
    """Return an address that the portal may send to, or none at all. ValidationError."""
    try:
        if url:
            outbound.check(url)
    except LamsachError as problem:
        raise forms.ValidationError(gettext(problem.what)) from problem
    return url


class AddressForm(UnitForm):
    """An address that the portal posts to."""

    url = forms.URLField(label=_("Address"), max_length=500, assume_scheme="https")

    def clean_url(self) -> str:
        """Check that the portal may post to the address."""
        return checked_url(self.cleaned_data["url"])


class MispForm(AddressForm):
    """A MISP server."""

    api_key = text(_("Authentication key"), 200, widget=forms.PasswordInput(render_value=False))
