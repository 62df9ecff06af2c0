"""URLs of the public pages."""

from __future__ import annotations

from django.urls import path

from lamsach.portal.public import views

app_name = "public"
urlpatterns = [
    path("", views.campaign, name="campaign"),
    path("danger/", views.danger, name="danger"),
    path("check/", views.check, name="check"),
    path("clean/", views.clean, name="clean"),
    path("tools/<int:tool_id>/", views.tool_file, name="tool_file"),
    path("office/tools/", views.tools, name="tools"),
    path("office/tools/<int:tool_number>/", views.tool_edit, name="tool_edit"),
]
