"""Addresses of cases."""

from __future__ import annotations

from django.urls import path

from lamsach.portal.cases import case_views, side_views, views

app_name = "cases"
urlpatterns = [
    path("work/cases/", views.cases, name="list"),
    path("work/cases/many/", views.many, name="many"),
    path("work/cases/export/", views.export, name="export"),
    path("work/cases/<int:case_id>/", case_views.case, name="case"),
    path("work/cases/<int:case_id>/notes/", case_views.note, name="note"),
    path("work/cases/<int:case_id>/person/", case_views.person, name="tell"),
    path("work/cases/<int:case_id>/grant/", case_views.grant, name="grant"),
    path("work/cases/<int:case_id>/exempt/", case_views.exempt, name="exempt"),
    path("work/cases/files/<int:note_id>/", case_views.note_file, name="note_file"),
    path("work/cases/exceptions/", side_views.exemptions, name="exemptions"),
    path("work/cases/exceptions/<int:exemption_id>/", side_views.exemption, name="exemption"),
    path("work/cases/questions/", side_views.clarifications, name="clarifications"),
    path("work/cases/questions/<int:question_of_machine>/", side_views.clarification, name="clarification"),
    path("work/campaigns/<int:campaign_id>/machines/", side_views.numbers, name="numbers"),
    path("work/campaigns/<int:campaign_id>/machines/rules/", side_views.rules, name="rules"),
    path("m/<str:token>/", case_views.person_page, name="person"),
]
