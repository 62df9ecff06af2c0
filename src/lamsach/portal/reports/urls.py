"""Addresses of reports."""

from __future__ import annotations

from django.urls import path

from lamsach.portal.reports import document_views, form_views, overview_views, received_views, views

app_name = "reports"
urlpatterns = [
    path("office/reports/", overview_views.mine, name="mine"),
    path("office/reports/accept/", overview_views.accept, name="accept"),
    path("office/campaigns/<int:campaign_id>/reports/", overview_views.overview, name="overview"),
    path("office/campaigns/<int:campaign_id>/form/", form_views.campaign_form, name="form"),
    path(
        "office/campaigns/<int:campaign_id>/form/<slug:document>/", form_views.blank_form, name="blank_form"
    ),
    path("office/campaigns/<int:campaign_id>/reports/<int:unit_id>/", views.of_unit, name="of_unit"),
    path(
        "office/campaigns/<int:campaign_id>/reports/<int:unit_id>/remind/",
        overview_views.remind,
        name="remind",
    ),
    path(
        "office/campaigns/<int:campaign_id>/reports/<int:unit_id>/consolidated/<slug:document>/",
        overview_views.consolidated,
        name="consolidated",
    ),
    path("office/reports/<int:report_id>/", views.report, name="report"),
    path("office/reports/<int:report_id>/edit/", views.edit, name="edit"),
    path("office/reports/<int:report_id>/read/", received_views.from_file, name="from_file"),
    path("office/reports/<int:report_id>/refresh/", views.refresh, name="refresh"),
    path("office/reports/<int:report_id>/step/", views.step, name="step"),
    path("office/reports/<int:report_id>/receive/", views.receive, name="receive"),
    path("office/reports/<int:report_id>/correct/", views.correct, name="correct"),
    path("office/reports/<int:report_id>/scan/", document_views.scan, name="scan"),
    path("office/reports/<int:report_id>/sign/", document_views.sign, name="sign"),
    path("office/reports/<int:report_id>/extension/", overview_views.extension_ask, name="extension_ask"),
    path("office/reports/<int:report_id>/why/<slug:figure>/", views.why, name="why"),
    path("office/reports/<int:report_id>/file/<slug:document>/", views.file, name="file"),
    path(
        "office/campaigns/<int:campaign_id>/reports/<int:unit_id>/reminder/<slug:document>/",
        document_views.reminder_letter,
        name="reminder_letter",
    ),
    path(
        "office/dispatches/<int:dispatch_id>/document/<slug:document>/",
        document_views.dispatch_file,
        name="dispatch_file",
    ),
    path("office/cases/<int:case_id>/minutes/<slug:document>/", document_views.minutes_file, name="minutes"),
    path("office/reports/received/", received_views.received_list, name="received_list"),
    path("office/reports/received/<int:received_id>/", received_views.received, name="received"),
    path(
        "office/reports/received/<int:received_id>/file/", received_views.received_file, name="received_file"
    ),
    path("office/campaigns/<int:campaign_id>/received/", received_views.take_file, name="take_file"),
    path("office/extensions/<int:extension_id>/", overview_views.extension_decide, name="extension_decide"),
]
