"""URLs of support."""

from __future__ import annotations

from django.urls import path

from lamsach.portal.support import knowledge, manual, views

app_name = "support"
urlpatterns = [
    path("help/", views.ask, name="ask"),
    path("q/<str:token>/", views.mine, name="mine"),
    path("office/questions/", views.questions, name="list"),
    path("office/questions/<int:question_id>/", views.question, name="question"),
    path("office/questions/<int:question_id>/files/<int:file_id>/", views.file, name="file"),
    path("q/<str:token>/files/<int:file_id>/", views.my_file, name="my_file"),
    path("help/docs/", manual.index, name="docs"),
    path("help/docs/pictures/<str:picture>.png", manual.picture, name="picture"),
    path("help/docs/<path:page>/", manual.page, name="document"),
    path("help/articles/<int:article_number>/", knowledge.article, name="article"),
    path("office/knowledge/", knowledge.shelf, name="shelf"),
    path("office/knowledge/answers/new/", knowledge.canned_edit, name="canned_new"),
    path("office/knowledge/answers/<int:canned_id>/", knowledge.canned_edit, name="canned_edit"),
    path("office/knowledge/articles/new/", knowledge.article_edit, name="article_new"),
    path("office/knowledge/articles/<int:article_id>/", knowledge.article_edit, name="article_edit"),
]
