"""Views of accounts: own profile, people of one's units, invitations, initial set-up."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.totp.views import activate_totp
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import login
from django.db import transaction
from django.db.models import Q
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from lamsach.portal.accounts import access, events, invitations, setup, sheet
from lamsach.portal.accounts.forms import AcceptForm, InviteForm, MeForm, PeopleSheetForm, SetUpForm
from lamsach.portal.accounts.models import User
from lamsach.portal.audit.trail import record
from lamsach.portal.base.doors import anyone, closed_link, link, member
from lamsach.portal.base.forms import ProblemsShown, done, form_page
from lamsach.portal.base.lists import Cell, Listing, State
from lamsach.portal.base.ratelimit import rate_limited
from lamsach.portal.base.roles import ALL, COORDINATORS, Role
from lamsach.portal.base.templatetags.page_tags import browser
from lamsach.portal.units.access import memberships, readable_units
from lamsach.portal.units.sheet import Heading, labelled, template

_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def _user(request: HttpRequest) -> User:
    return request.user  # type: ignore[return-value]


def _log_in(request: HttpRequest, user: User) -> None:
    login(request, user, backend=_BACKEND)
    record_authentication(request, user, method="password", email=user.email)
    events.logged_in(request, user)


@member(ALL, ALL)
def me(request: HttpRequest) -> HttpResponse:
    """Own account: name, language, links to second factor, password and sessions."""
    user = _user(request)
    form = MeForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        form.save()
        record(request, "account.changed", user)
        messages.success(request, _("Saved."))
        response = redirect("accounts:me")
        response.delete_cookie("django_language")
        return response
    context: Any = {"template": "accounts/me.html", "memberships": memberships(user)}
    return form_page(request, form, _("My account"), _("Save my details"), **context)


PEOPLE = Listing(
    title="People in your units",
    cells=(
        Cell("Name", str, "name", view="accounts:person"),
        Cell("E-mail", "email"),
        Cell(
            "Role and unit",
            lambda row: "; ".join(
                f"{held.get_role_display()}, {held.unit.code}" for held in row.memberships.all()
            ),
        ),
        Cell("Last here", "last_seen"),
        Cell(
            "State",
            lambda row: State("good", _("Active")) if row.is_active else State("bad", _("Locked")),
            "is_active",
        ),
    ),
    empty="Nobody found.",
    seen="people.viewed",
    export="people.exported",
    template="accounts/people.html",
)


INVITATIONS = Listing(
    title="Open invitations",
    cells=(
        Cell("E-mail", "email"),
        Cell("Unit", lambda row: str(row.unit)),
        Cell("Role", lambda row: row.get_role_display()),
        Cell("Valid until", "expires"),
        Cell("", template="accounts/withdraw.html"),
    ),
)
SESSIONS = Listing(
    title="Sessions",
    cells=(
        Cell("Address", "ip"),
        Cell("Browser", lambda row: browser(row.user_agent)),
        Cell("Last here", "last_seen_at"),
    ),
    empty="Not logged in anywhere.",
)


@member(COORDINATORS, COORDINATORS, ("GET",))
def people(request: HttpRequest) -> HttpResponse:
    """List the people of one's units, with search, and the open invitations."""
    search = request.GET.get("q", "").strip()
    rows = access.readable_people(request.user).prefetch_related("memberships__unit")
    if search:
        rows = rows.filter(
            Q(name__icontains=search) | Q(email__icontains=search) | Q(memberships__unit__code=search)
        )
    pending = access.readable_invitations(request.user).select_related("unit")[:100]
    context = {"search": search, "invitations": pending, "open_invitations": INVITATIONS}
    return PEOPLE.page(request, rows, context, search=search)


@member(COORDINATORS, COORDINATORS, ("GET",))
def person(request: HttpRequest, user_id: int) -> HttpResponse:
    """Show an account."""
    account = access.get_person(request.user, user_id)
    record(request, "person.viewed", account)
    own_units = readable_units(request.user)
    return render(
        request,
        "accounts/person.html",
        {
            "account": account,
            "held": account.memberships.filter(unit__in=own_units).select_related("unit"),
            "takable": set(access.revocable_roles(request.user, account).values_list("pk", flat=True)),
            "listing": SESSIONS,
            "sessions": UserSession.objects.filter(user=account).order_by("-last_seen_at")[:20],
        },
    )


@member(COORDINATORS, COORDINATORS, ("POST",))
def person_lock(request: HttpRequest, user_id: int) -> HttpResponse:
    """Lock or unlock an account; locking ends its sessions."""
    account = access.get_person(request.user, user_id, write=True)
    if account.pk == request.user.pk:
        raise Http404
    locking = account.is_active
    account.is_active = not locking
    account.locked = timezone.now() if locking else None
    account.last_seen = account.last_seen if locking else timezone.now()
    account.save(update_fields=["is_active", "locked", "last_seen"])
    if locking:
        _end_sessions(account)
    record(request, "account.locked" if locking else "account.unlocked", account)
    messages.success(request, _("The account is locked.") if locking else _("The account is unlocked."))
    return redirect("accounts:person", user_id=user_id)


@member(COORDINATORS, COORDINATORS, ("POST",))
def role_take(request: HttpRequest, user_id: int, membership_id: int) -> HttpResponse:
    """Revoke a role."""
    account = access.get_person(request.user, user_id)
    membership = get_object_or_404(access.revocable_roles(request.user, account), pk=membership_id)
    with transaction.atomic():
        record(request, "role.removed", account, membership.unit, role=membership.role, name=account.email)
        membership.delete()
    messages.success(request, _("The role was removed."))
    if access.readable_people(request.user).filter(pk=user_id).exists():
        return redirect("accounts:person", user_id=user_id)
    return redirect("accounts:people")


@member(COORDINATORS, COORDINATORS, ("POST",))
def person_sessions_end(request: HttpRequest, user_id: int) -> HttpResponse:
    """End every session of an account."""
    account = access.get_person(request.user, user_id, write=True)
    _end_sessions(account)
    record(request, "account.sessions_ended", account)
    return done(request, _("Every session of this account has ended."), "accounts:person", user_id=user_id)


def _end_sessions(account: User) -> None:
    for session in UserSession.objects.filter(user=account):
        session.end()


@member(COORDINATORS, COORDINATORS)
def invite(request: HttpRequest) -> HttpResponse:
    """Invite a person into a unit."""
    form = InviteForm(request.POST or None, user=_user(request))
    if request.method == "POST" and form.is_valid():
        invitation = invitations.invite(form.save(commit=False), _user(request))
        return done(
            request, _("The invitation goes to {email}.").format(email=invitation.email), "accounts:people"
        )
    lead = _("The person gets an e-mail with a link that works once, for 14 days.")
    return form_page(request, form, _("Invite a person"), _("Send the invitation"), lead=lead)


@member(COORDINATORS, COORDINATORS)
def invite_many(request: HttpRequest) -> HttpResponse:
    """Upload a sheet of people, preview the outcome of each row, then invite."""
    user = _user(request)
    if request.method == "POST" and "rows" in request.POST:
        with ProblemsShown(request):
            count = sheet.send(sheet.opened(request.POST["rows"], user), user)
            return done(request, _("Invitations that go out: {count}").format(count=count), "accounts:people")
        return redirect("accounts:invite_many")
    form = PeopleSheetForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        with ProblemsShown(form, "file"):
            rows, headings = sheet.read(file, file.name)
            return render(request, "accounts/invite_preview.html", _preview(rows, headings, user))
    lead = _(
        "A preview shows the result for each row. Nobody is invited before you confirm it; then each "
        "person gets one e-mail."
    )
    sheet_of = reverse("accounts:invite_template")
    title, button = _("Invite many people"), _("Show what comes of it")
    return form_page(request, form, title, button, lead=lead, empty_sheet=sheet_of)


def _preview(rows: list[sheet.Row], headings: list[Heading], user: User) -> dict[str, Any]:
    lines = sheet.checked(rows, user)
    ready = sum(line.invitation is not None for line in lines)
    known = sum(bool(line.reason) for line in lines)
    counts = {"ready": ready, "known": known, "wrong": len(lines) - ready - known}
    return {
        "lines": lines,
        "counts": counts,
        "headings": labelled(headings),
        "sealed": sheet.sealed(rows, user),
    }


@member(COORDINATORS, COORDINATORS, ("GET",))
def invite_template(request: HttpRequest) -> HttpResponse:
    """Download an empty sheet of people."""
    headings = [_("E-mail"), _("Full name"), _("Unit code"), _("Role")]
    example = ["can-bo@don-vi.example", "Nguyễn Văn Ví Dụ", "G06.12", str(Role.OFFICER.label)]
    return template(headings, example, _("people-to-invite.csv"))


@member(COORDINATORS, COORDINATORS, ("POST",))
def invitation_withdraw(request: HttpRequest, invitation_id: int) -> HttpResponse:
    """Withdraw an open invitation."""
    invitation = access.get_invitation(request.user, invitation_id)
    invitation.withdrawn = timezone.now()
    invitation.save(update_fields=["withdrawn"])
    record(request, "invitation.withdrawn", invitation, invitation.unit)
    return done(request, _("The invitation was withdrawn."), "accounts:people")


@rate_limited("invitation", 30, 300, ("GET", "POST"))
@link()
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """Accept an invitation: choose name and password."""
    invitation = invitations.find(token) or closed_link()
    known = User.objects.filter(email=invitation.email).exists()
    form = AcceptForm(request.POST or None, initial={"name": invitation.name})
    if request.method == "POST" and (known or form.is_valid()):
        data = {} if known else form.cleaned_data
        user = invitations.accept(invitation, data.get("name", ""), data.get("password", ""), request)
        user = user or closed_link()
        if known:
            return redirect("account_login")
        _log_in(request, user)
        return redirect("web:home")
    title = _("Your account in the clean-up campaign")
    button = _("Add the role to my account") if known else _("Create the account")
    facts = {"email": invitation.email, "role": invitation.get_role_display(), "unit": invitation.unit}
    lead = _("%(email)s becomes %(role)s of %(unit)s.") % facts
    shown = Form() if known else form
    return form_page(request, shown, title, button, lead=lead, base="base/frame.html")


@rate_limited("setup", 20, 300, ("GET", "POST"))
@link()
def set_up(request: HttpRequest, token: str) -> HttpResponse:
    """Create the first administrator and the root unit."""
    if not setup.valid(token):
        closed_link()
    form = SetUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = setup.finish(token, **form.cleaned_data) or closed_link()
        record(request, "portal.set_up", user, user=user)
        record(request, "role.appointed", user, user=user, role=Role.ADMINISTRATOR)
        _log_in(request, user)
        return redirect("web:home")
    title, lead = _("Set up the portal"), _("You become the administrator. Units and people come next.")
    return form_page(request, form, title, title, lead=lead, base="base/frame.html")


@member(ALL, ALL)
def totp_activate(request: HttpRequest) -> HttpResponse:
    """Set up an authenticator app by the library's view; a repeated POST must not offer its removal."""
    return activate_totp(request)  # type: ignore[no-any-return]


@anyone()
def closed(request: HttpRequest) -> HttpResponse:
    """Answer 404 for pages of allauth that this site does not offer, such as sign-up."""
    raise Http404
