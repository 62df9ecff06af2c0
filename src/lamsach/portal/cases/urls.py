"""Addresses of cases."""

from __future__ import annotations

from django.urls import path

from lamsach.portal.cases import case_views, side_views, views

app_name = "cases"
urlpatterns = [
    path("office/cases/", views.cases, name="list"),
    path("office/cases/many/", views.many, name="many"),
    path("office/cases/export/", views.export, name="export"),
    path("office/cases/<int:case_id>/", case_views.case, name="case"),
    path("office/cases/<int:case_id>/notes/", case_views.note, name="note"),
    path("office/cases/<int:case_id>/person/", case_views.person, name="tell"),
    path("office/cases/<int:case_id>/exempt/", case_views.exempt, name="exempt"),
    path("office/cases/files/<int:note_id>/", case_views.note_file, name="note_file"),
    path("office/cases/exceptions/", side_views.exemptions, name="exemptions"),
    path("office/cases/exceptions/<int:exemption_id>/", side_views.exemption, name="exemption"),
    path("office/cases/questions/", side_views.clarifications, name="clarifications"),
    path("office/cases/questions/<int:question_of_machine>/", side_views.clarification, name="clarification"),
    path("office/campaigns/<int:campaign_id>/machines/", side_views.numbers, name="numbers"),
    path("office/campaigns/<int:campaign_id>/machines/rules/", side_views.rules, name="rules"),
    path("m/<str:token>/", case_views.person_page, name="person"),
]
