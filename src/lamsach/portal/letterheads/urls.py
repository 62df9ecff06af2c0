"""Addresses of letterheads."""

from __future__ import annotations

from django.urls import path

from lamsach.portal.letterheads import views

app_name = "letterheads"
urlpatterns = [
    path("office/units/<int:unit_id>/letterhead/", views.letterhead, name="letterhead"),
    path("office/units/<int:unit_id>/letterhead/<slug:document>/", views.preview, name="preview"),
]
