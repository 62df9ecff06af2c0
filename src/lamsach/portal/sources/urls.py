"""Addresses of sources and live sightings."""

from __future__ import annotations

from django.urls import path

from lamsach.portal.sources import health, views

app_name = "sources"
urlpatterns = [
    path("health", health.health, name="health"),
    path("ready", health.ready, name="ready"),
    path("metrics", health.metrics, name="metrics"),
    path("office/sources/", views.sources, name="list"),
    path("office/sources/live/", views.live, name="live"),
    path("office/sources/archive/", views.runs, name="runs"),
]
