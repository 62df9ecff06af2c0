"""Addresses of the support."""

from __future__ import annotations

from django.urls import path

from lamsach.portal.support import views

app_name = "support"
urlpatterns = [
    path("help/", views.ask, name="ask"),
    path("q/<str:token>/", views.mine, name="mine"),
    path("work/questions/", views.questions, name="list"),
    path("work/questions/<int:question_id>/", views.question, name="question"),
]
