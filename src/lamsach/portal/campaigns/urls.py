"""Addresses of campaigns."""

from __future__ import annotations

from django.urls import path

from lamsach.portal.campaigns import board, deadline_views, dispatch_views, material_views, views

app_name = "campaigns"
CAMPAIGN, DISPATCH = "office/campaigns/<int:campaign_id>/", "office/dispatches/<int:dispatch_id>/"
ANSWER, LISTED = "office/answers/<int:recipient_id>/", "office/lists/<int:list_id>/"
urlpatterns = [
    path("office/campaigns/", views.campaign_list, name="list"),
    path("office/campaigns/new/", views.campaign_new, name="new"),
    path(CAMPAIGN, views.campaign, name="campaign"),
    path(f"{CAMPAIGN}edit/", views.campaign_edit, name="edit"),
    path(f"{CAMPAIGN}state/", views.campaign_state, name="state"),
    path(f"{CAMPAIGN}deadlines/", deadline_views.deadline_list, name="deadlines"),
    path(f"{CAMPAIGN}lists/", views.list_add, name="list_add"),
    path(f"{CAMPAIGN}board/", board.board, name="board"),
    path(f"{CAMPAIGN}board/remind/", board.remind, name="remind"),
    path(f"{CAMPAIGN}board/export/", board.export, name="export"),
    path(f"{CAMPAIGN}dispatches/new/", dispatch_views.dispatch_new, name="dispatch_new"),
    path(f"{CAMPAIGN}dispatches/", views.dispatches, name="dispatches"),
    path(f"{CAMPAIGN}materials/", material_views.materials, name="materials"),
    path("office/deadlines/<int:move_id>/undo/", deadline_views.deadline_undo, name="deadline_undo"),
    path("office/materials/<int:material_id>/", material_views.material_file, name="material_file"),
    path(
        "office/materials/<int:material_id>/withdraw/",
        material_views.material_withdraw,
        name="material_withdraw",
    ),
    path("materials/<int:material_number>/", material_views.public_file, name="public_file"),
    path(LISTED, views.list_file, name="list_file"),
    path(f"{LISTED}withdraw/", views.list_withdraw, name="list_withdraw"),
    path(DISPATCH, dispatch_views.dispatch, name="dispatch"),
    path(f"{DISPATCH}edit/", dispatch_views.dispatch_edit, name="dispatch_edit"),
    path(f"{DISPATCH}send/", dispatch_views.dispatch_send, name="dispatch_send"),
    path(f"{DISPATCH}forward/", dispatch_views.dispatch_forward, name="dispatch_forward"),
    path(f"{DISPATCH}files/", dispatch_views.attachment_add, name="attachment_add"),
    path("office/files/<int:attachment_id>/", dispatch_views.attachment, name="attachment"),
    path(ANSWER, dispatch_views.recipient, name="recipient"),
    path(f"{ANSWER}take-back/", dispatch_views.take_back, name="take_back"),
    path(f"{ANSWER}evidence/<int:step_id>/", dispatch_views.evidence, name="evidence"),
    path("r/<str:token>/", dispatch_views.answer, name="answer"),
    path("r/<str:token>/files/<int:attachment_id>/", dispatch_views.answer_file, name="answer_file"),
]
