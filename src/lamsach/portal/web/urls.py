"""URLs of the home page, units, search and the health check."""

from __future__ import annotations

from django.urls import path

from lamsach.portal.web import search, unit_views, views

app_name = "web"
urlpatterns = [
    path("office/", views.home, name="home"),
    path("office/units/", unit_views.units, name="units"),
    path("office/units/<int:unit_id>/", unit_views.unit, name="unit"),
    path("office/test-letter/", views.test_letter, name="test_letter"),
    path("office/search/", search.search, name="search"),
    path("alive", views.alive, name="alive"),
]
