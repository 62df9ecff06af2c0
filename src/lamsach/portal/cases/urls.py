"""Addresses of cases."""

from __future__ import annotations

from django.urls import path

from lamsach.portal.cases import campaign_views, case_views, views

app_name = "cases"
urlpatterns = [
    path("office/cases/", views.cases, name="list"),
    path("office/cases/many/", views.many, name="many"),
    path("office/cases/<int:case_id>/", case_views.case, name="case"),
    path("office/cases/views/", views.view_save, name="view_save"),
    path("office/cases/views/<int:view_id>/delete/", views.view_delete, name="view_delete"),
    path("office/cases/<int:case_id>/ticks/", case_views.tick, name="tick"),
    path("office/cases/<int:case_id>/kind/", case_views.kind, name="kind"),
    path("office/cases/<int:case_id>/assign/", case_views.assignee, name="assign"),
    path("office/cases/<int:named_case_id>/letter/", case_views.letter, name="letter"),
    path("office/cases/<int:case_id>/notes/", case_views.note, name="note"),
    path("office/cases/<int:case_id>/person/", case_views.person, name="tell"),
    path("office/cases/<int:case_id>/exempt/", case_views.exempt, name="exempt"),
    path("office/cases/files/<int:note_id>/", case_views.note_file, name="note_file"),
    path("office/cases/exceptions/", views.exemptions, name="exemptions"),
    path("office/cases/exceptions/<int:exemption_id>/", views.exemption, name="exemption"),
    path("office/cases/questions/", views.clarifications, name="clarifications"),
    path(
        "office/cases/questions/<int:question_of_machine>/",
        views.clarification,
        name="clarification",
    ),
    path("office/campaigns/<int:campaign_id>/machines/", campaign_views.numbers, name="numbers"),
    path(
        "office/campaigns/<int:campaign_id>/machines/dashboard/", campaign_views.dashboard, name="dashboard"
    ),
    path("office/campaigns/<int:campaign_id>/machines/coverage/", campaign_views.coverage, name="coverage"),
    path("office/campaigns/<int:campaign_id>/machines/day/", campaign_views.past_day, name="past_day"),
    path("office/campaigns/<int:campaign_id>/playbooks/", campaign_views.playbooks, name="playbooks"),
    path(
        "office/campaigns/<int:campaign_id>/playbooks/<str:threat>/", campaign_views.playbook, name="playbook"
    ),
    path("office/campaigns/<int:campaign_id>/machines/rules/", campaign_views.rules, name="rules"),
    path("m/<str:token>/", case_views.person_page, name="person"),
]
