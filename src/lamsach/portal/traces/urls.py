"""Addresses of traces."""

from __future__ import annotations

from django.urls import path

from lamsach.portal.traces import views

app_name = "traces"
urlpatterns = [
    path("office/findings/traces/", views.traces, name="list"),
    path("office/findings/traces/<int:trace_id>/", views.trace, name="trace"),
    path("office/findings/traces/<int:trace_id>/files/", views.file_new, name="file_new"),
    path(
        "office/findings/traces/<int:trace_id>/files/<int:trace_file_id>/",
        views.file_piece,
        name="file_piece",
    ),
    path("office/findings/traces/<int:trace_id>/result/", views.result, name="result"),
    path("office/findings/traces/<int:trace_id>/documents/<str:document>/", views.document, name="document"),
]
