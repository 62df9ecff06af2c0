"""All addresses of the site; `tests/portal/test_access_walk.py` tests each."""

from __future__ import annotations

from django.urls import include, path

from lamsach.portal.api.views import tokens
from lamsach.portal.web.interface import api
from lamsach.portal.web.views import language

urlpatterns = [
    path("", include("lamsach.portal.public.urls")),
    path("", include("lamsach.portal.web.urls")),
    path("", include("lamsach.portal.accounts.urls")),
    path("", include("lamsach.portal.campaigns.urls")),
    path("", include("lamsach.portal.support.urls")),
    path("", include("lamsach.portal.awareness.urls")),
    path("", include("lamsach.portal.findings.urls")),
    path("", include("lamsach.portal.sources.urls")),
    path("", include("lamsach.portal.traces.urls")),
    path("", include("lamsach.portal.cases.urls")),
    path("", include("lamsach.portal.fleet.urls")),
    path("", include("lamsach.portal.reports.urls")),
    path("", include("lamsach.portal.privacy.urls")),
    path("", include("lamsach.portal.exchange.urls")),
    path("", include("lamsach.portal.edxml.urls")),
    path("office/malware-reports/", include("lamsach.portal.avreports.urls")),
    path("office/units/<int:unit_id>/tokens/", tokens, name="tokens"),
    path("", include("lamsach.portal.lists.urls")),
    path("api/taxii2/", include("lamsach.portal.lists.taxii")),
    path("api/", api.urls),
    path("language/", language, name="set_language"),
    path("", include("lamsach.portal.letterheads.urls")),
    path("office/units/", include("lamsach.portal.units.urls")),
    path("office/mail/", include("lamsach.portal.mail.urls")),
    path("office/audit/", include("lamsach.portal.audit.urls")),
    path("accounts/", include("allauth.urls")),
]
handler400 = "lamsach.portal.base.errors.bad_request"
handler403 = "lamsach.portal.base.errors.forbidden"
handler404 = "lamsach.portal.base.errors.not_found"
handler500 = "lamsach.portal.base.errors.server_error"
