"""Addresses of traces."""

from __future__ import annotations

from django.urls import path

from lamsach.portal.traces import views

app_name = "traces"
urlpatterns = [
    path("office/traces/", views.traces, name="list"),
    path("office/traces/<int:trace_id>/", views.trace, name="trace"),
    path("office/traces/<int:trace_id>/files/", views.file_new, name="file_new"),
    path("office/traces/<int:trace_id>/files/<int:trace_file_id>/", views.file_piece, name="file_piece"),
    path("office/traces/<int:trace_id>/result/", views.result, name="result"),
    path("office/traces/<int:trace_id>/documents/<str:document>/", views.document, name="document"),
]
