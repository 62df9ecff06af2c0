"""Addresses of reports."""

from __future__ import annotations

from django.urls import path

from lamsach.portal.reports import form_views, overview_views, paper_views, views

app_name = "reports"
urlpatterns = [
    path("work/reports/", overview_views.mine, name="mine"),
    path("work/campaigns/<int:campaign_id>/reports/", overview_views.overview, name="overview"),
    path("work/campaigns/<int:campaign_id>/form/", form_views.campaign_form, name="form"),
    path("work/campaigns/<int:campaign_id>/reports/<int:unit_id>/", views.of_unit, name="of_unit"),
    path(
        "work/campaigns/<int:campaign_id>/reports/<int:unit_id>/remind/", overview_views.remind, name="remind"
    ),
    path(
        "work/campaigns/<int:campaign_id>/reports/<int:unit_id>/consolidated/<slug:document>/",
        overview_views.consolidated,
        name="consolidated",
    ),
    path("work/reports/<int:report_id>/", views.report, name="report"),
    path("work/reports/<int:report_id>/edit/", views.edit, name="edit"),
    path("work/reports/<int:report_id>/read/", paper_views.from_file, name="from_file"),
    path("work/reports/<int:report_id>/refresh/", views.refresh, name="refresh"),
    path("work/reports/<int:report_id>/step/", views.step, name="step"),
    path("work/reports/<int:report_id>/receive/", views.receive, name="receive"),
    path("work/reports/<int:report_id>/correct/", views.correct, name="correct"),
    path("work/reports/<int:report_id>/scan/", views.scan, name="scan"),
    path("work/reports/<int:report_id>/sign/", views.sign, name="sign"),
    path("work/reports/<int:report_id>/extension/", overview_views.extension_ask, name="extension_ask"),
    path("work/reports/<int:report_id>/why/<slug:figure>/", views.why, name="why"),
    path("work/reports/<int:report_id>/file/<slug:document>/", views.file, name="file"),
    path("work/extensions/<int:extension_id>/", overview_views.extension_decide, name="extension_decide"),
]
