"""Forms of accounts and invitations."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.portal.accounts.access import grantable
from lamsach.portal.accounts.models import Invitation, User
from lamsach.portal.base.forms import text
from lamsach.portal.base.roles import COORDINATORS, WEAKEST, Role
from lamsach.portal.units.access import writable_units
from lamsach.portal.units.codes import canonical
from lamsach.portal.units.forms import UnitField, offer
from lamsach.portal.units.tree import ancestors


class PasswordForm(forms.Form):
    """New password, typed once, with its rules."""

    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        help_text=gettext_lazy("At least 12 characters. Several words are easier to keep in mind."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_password(self) -> str:
        """Apply Django's password validators."""
        password: str = self.cleaned_data["password"]
        validate_password(password)
        return password


class AcceptForm(PasswordForm):
    """Acceptance of an invitation."""

    name = forms.CharField(label=gettext_lazy("Full name"), max_length=200)
    field_order = ("name", "password")


class SetUpForm(PasswordForm):
    """First administrator and root unit."""

    unit_name = text(
        gettext_lazy("Name of the highest body"),
        300,
        help_text=gettext_lazy("The ministry or authority that leads the campaign."),
    )
    code = text(gettext_lazy("Its code"), 60, help_text=gettext_lazy("Such as G06."))
    name = forms.CharField(label=gettext_lazy("Your full name"), max_length=200)
    email = forms.EmailField(label=gettext_lazy("Your e-mail"))
    field_order = ("unit_name", "code", "name", "email", "password")

    def clean_code(self) -> str:
        """Return the canonical code, root first."""
        code = canonical(self.cleaned_data["code"])
        if code is None:
            raise forms.ValidationError(_("This is no code of a unit. Write it as G06.12 or 000.00.12.G06."))
        return code


class InviteForm(forms.ModelForm):  # type: ignore[type-arg]
    """Invitation of a person into a unit."""

    unit: Any = UnitField()

    class Meta:
        model = Invitation
        fields = ("email", "name", "unit", "role")
        widgets = {"role": forms.RadioSelect}

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.user = user
        offer(self, "unit", writable_units(user, COORDINATORS), few=0)
        roles: Any = self.fields["role"]
        granted = grantable(user)
        weakest_first = [role for role in (WEAKEST, *reversed(Role)) if role in granted]
        roles.choices = [
            (role.value, f"{role.label}: {role.meaning}") for role in dict.fromkeys(weakest_first)
        ]
        self.initial.setdefault("role", WEAKEST)

    def clean_email(self) -> str:
        """Return the address in lower case."""
        return str(self.cleaned_data["email"]).lower()

    def clean(self) -> dict[str, Any]:
        """Reject people of a unit above unless the inviter belongs to `unit`, whose data they would see."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        unit, email = data.get("unit"), data.get("email")
        if unit is not None and email and not self.user.memberships.filter(unit=unit).exists():
            above = [ancestor.pk for ancestor in ancestors(unit)]
            if User.objects.filter(email=email, memberships__unit__in=above).exists():
                raise forms.ValidationError(
                    _(
                        "This person belongs to a unit above. Only the unit's own people can "
                        "invite them into it; a single machine's name can be granted."
                    )
                )
        return data


class PeopleSheetForm(forms.Form):
    """Sheet of people to invite."""

    file = forms.FileField(
        label=gettext_lazy("XLSX or CSV file"),
        help_text=gettext_lazy(
            "Columns: e-mail, name, unit code, role. Without a role a person gets the weakest, reader."
        ),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
    )


class MeForm(forms.ModelForm):  # type: ignore[type-arg]
    """Profile of the logged-in person."""

    class Meta:
        model = User
        fields = ("name", "phone", "language", "daily_letter")
