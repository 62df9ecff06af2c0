"""Addresses of the exchange by edXML."""

from __future__ import annotations

from django.urls import path

from lamsach.portal.edxml import views

app_name = "edxml"
urlpatterns = [
    path("office/edxml/", views.overview, name="overview"),
    path("office/edxml/messages/<int:message_id>/", views.message, name="message"),
    path("office/edxml/messages/<int:message_id>/file/", views.file, name="file"),
    path("office/edxml/messages/<int:message_id>/files/<int:place>/", views.attached, name="attached"),
    path("office/edxml/connections/new/", views.new, name="connection_new"),
    path("office/edxml/connections/<int:connection_id>/", views.connection, name="connection"),
    path("office/edxml/connections/<int:connection_id>/edit/", views.edit, name="connection_edit"),
    path("office/dispatches/<int:dispatch_id>/edxml/", views.send, name="send"),
]
