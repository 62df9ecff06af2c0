"""Addresses of cases."""

from __future__ import annotations

from django.urls import path

from lamsach.portal.cases import (
    case_views,
    dashboard_views,
    desk_views,
    playbook_views,
    side_views,
    views,
)

app_name = "cases"
urlpatterns = [
    path("office/cases/", views.cases, name="list"),
    path("office/cases/many/", views.many, name="many"),
    path("office/cases/<int:case_id>/", case_views.case, name="case"),
    path("office/cases/views/", desk_views.view_save, name="view_save"),
    path("office/cases/views/<int:view_id>/delete/", desk_views.view_delete, name="view_delete"),
    path("office/cases/<int:case_id>/ticks/", desk_views.tick, name="tick"),
    path("office/cases/<int:case_id>/kind/", desk_views.kind, name="kind"),
    path("office/cases/<int:case_id>/assign/", desk_views.assignee, name="assign"),
    path("office/cases/<int:named_case_id>/letter/", desk_views.letter, name="letter"),
    path("office/cases/<int:case_id>/notes/", case_views.note, name="note"),
    path("office/cases/<int:case_id>/person/", case_views.person, name="tell"),
    path("office/cases/<int:case_id>/exempt/", case_views.exempt, name="exempt"),
    path("office/cases/files/<int:note_id>/", case_views.note_file, name="note_file"),
    path("office/cases/exceptions/", side_views.exemptions, name="exemptions"),
    path("office/cases/exceptions/<int:exemption_id>/", side_views.exemption, name="exemption"),
    path("office/cases/questions/", side_views.clarifications, name="clarifications"),
    path("office/cases/questions/<int:question_of_machine>/", side_views.clarification, name="clarification"),
    path("office/campaigns/<int:campaign_id>/machines/", side_views.numbers, name="numbers"),
    path(
        "office/campaigns/<int:campaign_id>/machines/dashboard/", dashboard_views.dashboard, name="dashboard"
    ),
    path("office/campaigns/<int:campaign_id>/machines/coverage/", dashboard_views.coverage, name="coverage"),
    path("office/campaigns/<int:campaign_id>/machines/day/", dashboard_views.past_day, name="past_day"),
    path("office/campaigns/<int:campaign_id>/playbooks/", playbook_views.playbooks, name="playbooks"),
    path(
        "office/campaigns/<int:campaign_id>/playbooks/<str:threat>/", playbook_views.playbook, name="playbook"
    ),
    path("office/campaigns/<int:campaign_id>/machines/rules/", side_views.rules, name="rules"),
    path("m/<str:token>/", case_views.person_page, name="person"),
]
