"""Addresses of the public pages."""

from __future__ import annotations

from django.urls import path

from lamsach.portal.public import views

app_name = "public"
urlpatterns = [path("", views.campaign, name="campaign")]
