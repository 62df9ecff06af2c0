"""Addresses of lists."""

from __future__ import annotations

from django.urls import path

from lamsach.portal.lists import outlets, review_views, views

app_name = "lists"
_ONE = "office/blocklists/<int:kept_list_id>/"
urlpatterns = [
    path("office/blocklists/", views.overview, name="overview"),
    path("office/blocklists/new/", views.new, name="new"),
    path("office/blocklists/feedback/", views.give_feedback, name="tell"),
    path(_ONE, views.list_page, name="list"),
    path(_ONE + "edit/", views.edit, name="edit"),
    path(_ONE + "documents/", views.add, name="add"),
    path(_ONE + "release/", views.release, name="release"),
    path(_ONE + "sources/", review_views.origin_add, name="origin_add"),
    path(_ONE + "outlets/", review_views.outlet_add, name="outlet_add"),
    path(_ONE + "quality/", views.quality, name="quality"),
    path(_ONE + "review/", review_views.queue, name="review"),
    path(_ONE + "decisions/", review_views.decisions, name="decisions"),
    path(_ONE + "decisions.csv", review_views.decisions_file, name="decisions_file"),
    path("office/blocklists/documents/<int:document_id>/", views.document, name="document"),
    path("office/blocklists/documents/<int:document_id>/file/", views.document_file, name="document_file"),
    path("office/blocklists/sources/<int:origin_id>/", review_views.origin, name="origin"),
    path(
        "office/blocklists/outlets/<int:outlet_id>/close/", review_views.outlet_revoke, name="outlet_revoke"
    ),
    path("office/blocklists/versions/<int:version_id>/", views.version, name="version"),
    path("office/blocklists/versions/<int:version_id>/file/", views.version_file, name="version_file"),
    path("office/blocklists/versions/<int:version_id>/use/", views.use, name="use"),
    path("lists/<str:token>/", outlets.outlet_file, name="outlet_file"),
    path("lists/<str:token>/<int:part>/", outlets.outlet_file, name="outlet_part"),
]
