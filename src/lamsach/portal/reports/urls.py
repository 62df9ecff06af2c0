"""Addresses of reports."""

from __future__ import annotations

from django.urls import path

from lamsach.portal.reports import document_views, form_views, overview_views, received_views, views

app_name = "reports"
CAMPAIGN, REPORT = "office/campaigns/<int:campaign_id>/", "office/reports/<int:report_id>/"
UNIT, RECEIVED = f"{CAMPAIGN}reports/<int:unit_id>/", "office/reports/received/"
urlpatterns = [
    path("office/reports/", overview_views.mine, name="mine"),
    path("office/reports/accept/", overview_views.accept, name="accept"),
    path(f"{CAMPAIGN}reports/", overview_views.overview, name="overview"),
    path(f"{CAMPAIGN}form/", form_views.campaign_form, name="form"),
    path(f"{CAMPAIGN}form/<slug:document>/", form_views.blank_form, name="blank_form"),
    path(f"{CAMPAIGN}received/", received_views.take_file, name="take_file"),
    path(UNIT, views.of_unit, name="of_unit"),
    path(f"{UNIT}remind/", overview_views.remind, name="remind"),
    path(f"{UNIT}consolidated/<slug:document>/", overview_views.consolidated, name="consolidated"),
    path(f"{UNIT}reminder/<slug:document>/", document_views.reminder_letter, name="reminder_letter"),
    path(REPORT, views.report, name="report"),
    path(f"{REPORT}edit/", views.edit, name="edit"),
    path(f"{REPORT}read/", received_views.from_file, name="from_file"),
    path(f"{REPORT}refresh/", views.refresh, name="refresh"),
    path(f"{REPORT}step/", views.step, name="step"),
    path(f"{REPORT}receive/", views.receive, name="receive"),
    path(f"{REPORT}correct/", views.correct, name="correct"),
    path(f"{REPORT}scan/", document_views.scan, name="scan"),
    path(f"{REPORT}sign/", document_views.sign, name="sign"),
    path(f"{REPORT}extension/", overview_views.extension_ask, name="extension_ask"),
    path(f"{REPORT}why/<slug:figure>/", views.why, name="why"),
    path(f"{REPORT}file/<slug:document>/", views.file, name="file"),
    path(RECEIVED, received_views.received_list, name="received_list"),
    path(f"{RECEIVED}<int:received_id>/", received_views.received, name="received"),
    path(f"{RECEIVED}<int:received_id>/file/", received_views.received_file, name="received_file"),
    path(
        "office/dispatches/<int:dispatch_id>/document/<slug:document>/",
        document_views.dispatch_file,
        name="dispatch_file",
    ),
    path("office/cases/<int:case_id>/minutes/<slug:document>/", document_views.minutes_file, name="minutes"),
    path("office/extensions/<int:extension_id>/", overview_views.extension_decide, name="extension_decide"),
]
