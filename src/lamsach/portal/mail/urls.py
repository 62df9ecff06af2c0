"""Addresses of the mail log."""

from __future__ import annotations

from django.urls import path

from lamsach.portal.mail import views

app_name = "mail"
urlpatterns = [
    path("", views.log, name="log"),
    path("<int:letter_id>/", views.decide, name="decide"),
]
