"""URLs of the mail logs."""

from __future__ import annotations

from django.urls import path

from lamsach.portal.mail import views

app_name = "mail"
urlpatterns = [
    path("", views.log, name="log"),
    path("in/", views.incoming, name="incoming"),
    path("in/<int:incoming_id>/", views.incoming_one, name="incoming_one"),
    path("in/<int:incoming_id>/file/", views.incoming_file, name="incoming_file"),
    path("<int:letter_id>/", views.decide, name="decide"),
]
