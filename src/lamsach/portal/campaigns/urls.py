"""Addresses of campaigns."""

from __future__ import annotations

from django.urls import path

from lamsach.portal.campaigns import board, deadline_views, dispatch_views, material_views, views

app_name = "campaigns"
urlpatterns = [
    path("office/campaigns/", views.campaign_list, name="list"),
    path("office/campaigns/new/", views.campaign_new, name="new"),
    path("office/campaigns/<int:campaign_id>/", views.campaign, name="campaign"),
    path("office/campaigns/<int:campaign_id>/edit/", views.campaign_edit, name="edit"),
    path("office/campaigns/<int:campaign_id>/state/", views.campaign_state, name="state"),
    path("office/campaigns/<int:campaign_id>/deadlines/", deadline_views.deadline_list, name="deadlines"),
    path("office/deadlines/<int:move_id>/undo/", deadline_views.deadline_undo, name="deadline_undo"),
    path("office/campaigns/<int:campaign_id>/lists/", views.list_add, name="list_add"),
    path("office/campaigns/<int:campaign_id>/board/", board.board, name="board"),
    path("office/campaigns/<int:campaign_id>/board/remind/", board.remind, name="remind"),
    path("office/campaigns/<int:campaign_id>/board/export/", board.export, name="export"),
    path(
        "office/campaigns/<int:campaign_id>/dispatches/new/", dispatch_views.dispatch_new, name="dispatch_new"
    ),
    path("office/campaigns/<int:campaign_id>/dispatches/", views.dispatches, name="dispatches"),
    path("office/campaigns/<int:campaign_id>/materials/", material_views.materials, name="materials"),
    path("office/materials/<int:material_id>/", material_views.material_file, name="material_file"),
    path(
        "office/materials/<int:material_id>/withdraw/",
        material_views.material_withdraw,
        name="material_withdraw",
    ),
    path("materials/<int:material_number>/", material_views.public_file, name="public_file"),
    path("office/answers/<int:recipient_id>/take-back/", dispatch_views.take_back, name="take_back"),
    path("office/lists/<int:list_id>/", views.list_file, name="list_file"),
    path("office/lists/<int:list_id>/withdraw/", views.list_withdraw, name="list_withdraw"),
    path("office/dispatches/<int:dispatch_id>/", dispatch_views.dispatch, name="dispatch"),
    path("office/dispatches/<int:dispatch_id>/edit/", dispatch_views.dispatch_edit, name="dispatch_edit"),
    path("office/dispatches/<int:dispatch_id>/send/", dispatch_views.dispatch_send, name="dispatch_send"),
    path(
        "office/dispatches/<int:dispatch_id>/forward/",
        dispatch_views.dispatch_forward,
        name="dispatch_forward",
    ),
    path("office/dispatches/<int:dispatch_id>/files/", dispatch_views.attachment_add, name="attachment_add"),
    path("office/files/<int:attachment_id>/", dispatch_views.attachment, name="attachment"),
    path("office/answers/<int:recipient_id>/", dispatch_views.recipient, name="recipient"),
    path(
        "office/answers/<int:recipient_id>/evidence/<int:step_id>/", dispatch_views.evidence, name="evidence"
    ),
    path("r/<str:token>/", dispatch_views.answer, name="answer"),
    path("r/<str:token>/files/<int:attachment_id>/", dispatch_views.answer_file, name="answer_file"),
]
