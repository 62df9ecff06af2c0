"""URLs of accounts and invitations."""

from __future__ import annotations

from django.urls import path

from lamsach.portal.accounts import views

app_name = "accounts"
urlpatterns = [
    path("accounts/me/", views.me, name="me"),
    path("accounts/2fa/totp/activate/", views.totp_activate),
    path("accounts/set-up/<str:token>/", views.set_up, name="set_up"),
    path("accounts/invitation/<str:token>/", views.accept, name="accept"),
    *(
        path(f"accounts/{name}/", views.closed)
        for name in ("signup", "email", "phone", "login/code", "social/connections", "social/signup")
    ),
    path("office/people/", views.people, name="people"),
    path("office/people/invite/", views.invite, name="invite"),
    path("office/people/invite/sheet/", views.invite_many, name="invite_many"),
    path("office/people/invite/sheet/template/", views.invite_template, name="invite_template"),
    path(
        "office/people/invitations/<int:invitation_id>/withdraw/",
        views.invitation_withdraw,
        name="invitation_withdraw",
    ),
    path("office/people/<int:user_id>/", views.person, name="person"),
    path("office/people/<int:user_id>/lock/", views.person_lock, name="person_lock"),
    path("office/people/<int:user_id>/roles/<int:membership_id>/take/", views.role_take, name="role_take"),
    path("office/people/<int:user_id>/end-sessions/", views.person_sessions_end, name="person_sessions_end"),
]
