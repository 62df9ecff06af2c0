"""Addresses of exchange."""

from __future__ import annotations

from django.urls import path

from lamsach.portal.exchange import exports, program_views, views

app_name = "exchange"
urlpatterns = [
    path("office/cases/export/", exports.cases, name="cases"),
    path("office/cases/sightings/export/", exports.sightings, name="sightings"),
    path("office/exchange/", views.overview, name="overview"),
    path("office/exchange/files/<int:waiting_id>/", views.waiting, name="waiting"),
    path("office/exchange/units/<int:unit_id>/key/", views.key, name="key"),
    path("office/exchange/units/<int:unit_id>/key/file/", views.key_file, name="key_file"),
    path("office/exchange/partners/new/", views.partner_new, name="partner_new"),
    path("office/exchange/partners/<int:partner_id>/", views.partner, name="partner"),
    path("exchange/", views.deliver, name="deliver"),
    path("office/exchange/webhooks/", program_views.webhooks, name="webhooks"),
    path("office/exchange/webhooks/<int:webhook_id>/", program_views.webhook, name="webhook"),
    path("office/exchange/misp/", program_views.misp_list, name="misp"),
    path("office/exchange/misp/<int:misp_id>/", program_views.misp_server, name="misp_server"),
]
