"""Addresses of sources and live sightings."""

from __future__ import annotations

from django.urls import path

from lamsach.portal.sources import views

app_name = "sources"
urlpatterns = [
    path("office/sources/", views.sources, name="list"),
    path("office/sources/live/", views.live, name="live"),
    path("office/sources/archive/", views.runs, name="runs"),
]
