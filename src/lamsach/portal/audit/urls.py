"""URLs of the audit trail."""

from __future__ import annotations

from django.urls import path

from lamsach.portal.audit import views

app_name = "audit"
urlpatterns = [path("", views.entries, name="list"), path("export/", views.export, name="export")]
