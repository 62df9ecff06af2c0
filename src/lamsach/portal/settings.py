"""Django's settings, derived from the table in `options`."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lamsach import __version__
from lamsach.i18n import language_choices
from lamsach.portal.base.storage import storage_settings
from lamsach.portal.database import database
from lamsach.portal.options import Options
from lamsach.portal.secret import secret_key

OPTIONS = Options()
DATA = Path(OPTIONS.text("LAMSACH_DATA")).absolute()
DATA.mkdir(parents=True, exist_ok=True, mode=0o700)

SECRET_KEY = OPTIONS.text("LAMSACH_SECRET_KEY") or secret_key(DATA)
SECRET_KEY_FALLBACKS = OPTIONS.text("LAMSACH_OLD_SECRET_KEYS").split()
DEBUG = False
EDXML_FOLDERS = Path(OPTIONS.text("LAMSACH_EDXML_FOLDERS") or DATA / "edxml")
PUBLIC_URL = OPTIONS.text("LAMSACH_URL").rstrip("/")
TLS = OPTIONS.switch("LAMSACH_TLS")
PROXIES = OPTIONS.number("LAMSACH_PROXIES")
_public = urlsplit(PUBLIC_URL)
ALLOWED_HOSTS = [
    "localhost",
    "127.0.0.1",
    "[::1]",
    *filter(None, [_public.hostname]),
    *filter(None, (name.strip() for name in OPTIONS.text("LAMSACH_HOSTS").split(","))),
]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL else []

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "lamsach.portal.base",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "ninja",
    "django_htmx",
    "lamsach.portal.units",
    "lamsach.portal.letterheads",
    "lamsach.portal.accounts",
    "lamsach.portal.audit",
    "lamsach.portal.jobs",
    "lamsach.portal.mail",
    "lamsach.portal.campaigns",
    "lamsach.portal.public",
    "lamsach.portal.awareness",
    "lamsach.portal.support",
    "lamsach.portal.findings",
    "lamsach.portal.sources",
    "lamsach.portal.traces",
    "lamsach.portal.cases",
    "lamsach.portal.fleet",
    "lamsach.portal.reports",
    "lamsach.portal.privacy",
    "lamsach.portal.exchange",
    "lamsach.portal.avreports",
    "lamsach.portal.lists",
    "lamsach.portal.edxml",
    "lamsach.portal.api",
    "lamsach.portal.web",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "lamsach.portal.base.middleware.security_headers",
    "lamsach.portal.base.middleware.plain_cookies",
    "lamsach.portal.base.middleware.upload_limit",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "lamsach.portal.base.middleware.language",
    "lamsach.portal.base.middleware.LogInRequired",
    "lamsach.portal.base.middleware.Legible",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "lamsach.portal.accounts.middleware.session_activity",
    "lamsach.portal.accounts.middleware.account_rules",
]
ROOT_URLCONF = "lamsach.portal.urls"
FORM_RENDERER = "lamsach.portal.base.forms.Renderer"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "lamsach.portal.base.middleware.page",
                "lamsach.portal.public.context.contact",
            ],
            "builtins": ["django.templatetags.i18n", "lamsach.portal.base.templatetags.page_tags"],
        },
    }
]
DATABASES: dict[str, dict[str, Any]] = {"default": database(OPTIONS.text("DATABASE_URL"), DATA)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
MESSAGE_STORAGE = "lamsach.portal.base.once.Storage"
CACHES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "lamsach.portal.base.shared_cache.SharedCache"}
    if OPTIONS.text("DATABASE_URL")
    else {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 50_000},  # with the default of 300, visitors would evict others' counts
    }
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "web:home"
ACCOUNT_LOGOUT_REDIRECT_URL = "public:campaign"
ACCOUNT_ADAPTER = "lamsach.portal.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_RATE_LIMITS = {"login_failed": "10/5m/ip,5/5m/key", "reset_password": "10/10m/ip,3/10m/key"}
ACCOUNT_SESSION_REMEMBER = False
SOCIALACCOUNT_ADAPTER = "lamsach.portal.accounts.adapter.SocialAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
OIDC_URL = OPTIONS.text("LAMSACH_OIDC_URL")
SOCIALACCOUNT_PROVIDERS = (
    {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [
                {
                    "provider_id": "sso",
                    "name": OPTIONS.text("LAMSACH_OIDC_NAME"),
                    "client_id": OPTIONS.text("LAMSACH_OIDC_CLIENT"),
                    "secret": OPTIONS.text("LAMSACH_OIDC_SECRET"),
                    "settings": {"server_url": OIDC_URL},
                }
            ],
        }
    }
    if OIDC_URL
    else {}
)
MFA_ADAPTER = "lamsach.portal.accounts.factors.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Lamsach"
MFA_FORMS = {
    "activate_totp": "lamsach.portal.accounts.factors.ActivateForm",
    "add_webauthn": "lamsach.portal.accounts.factors.AddKeyForm",
    "edit_webauthn": "lamsach.portal.accounts.factors.EditKeyForm",
}
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not TLS
MFA_REQUIRED = OPTIONS.switch("LAMSACH_MFA")
USERSESSIONS_TRACK_ACTIVITY = True
ALLAUTH_TRUSTED_PROXY_COUNT = PROXIES
PEOPLE_DAYS = OPTIONS.number("LAMSACH_PEOPLE_DAYS")
DAYS_OFF = OPTIONS.days("LAMSACH_DAYS_OFF")
WORKING_DAYS = OPTIONS.days("LAMSACH_WORKING_DAYS")
IDLE_DAYS = OPTIONS.number("LAMSACH_IDLE_DAYS")
RETENTION_DAYS = OPTIONS.number("LAMSACH_RETENTION_DAYS")
QUESTION_DAYS = OPTIONS.number("LAMSACH_QUESTION_DAYS")
ARCHIVES = OPTIONS.text("LAMSACH_ARCHIVES")
DRAIN_SECONDS = OPTIONS.number("LAMSACH_DRAIN_SECONDS")
SILENT_SECONDS = OPTIONS.number("LAMSACH_SILENT_SECONDS")
METRICS_TOKEN = OPTIONS.text("LAMSACH_METRICS_TOKEN")
LISTS_PROXY = OPTIONS.text("LAMSACH_LISTS_PROXY")
LISTS_CA = OPTIONS.text("LAMSACH_LISTS_CA")
LISTS_MIRROR = OPTIONS.text("LAMSACH_LISTS_MIRROR")
AVREPORT_KEY = OPTIONS.text("LAMSACH_AVREPORT_KEY")
AVREPORT_PIN = OPTIONS.text("LAMSACH_AVREPORT_PIN")
OUTGOING_NETWORKS = OPTIONS.networks("LAMSACH_OUTGOING_NETWORKS")

LANGUAGES = language_choices()
LANGUAGE_CODE = known if (known := OPTIONS.text("LAMSACH_LANGUAGE")) in dict(LANGUAGES) else "vi"
FORMAT_MODULE_PATH = "lamsach.portal.formats"
USE_THOUSAND_SEPARATOR = True
TIME_ZONE = OPTIONS.text("LAMSACH_TIMEZONE")
USE_TZ = True

STATIC_URL = "/static/"
_sheets = (path for path in Path(__file__).parent.glob("*/static/**/*") if path.is_file())
_edition = f"{__version__}-{max((path.stat().st_mtime_ns for path in _sheets), default=0):x}"
STATIC_ROOT = DATA / "static" / _edition  # each version or change of the files has its own folder
STATICFILES_FINDERS = ["lamsach.portal.static_files.AppFinder"]
UPLOADS = OPTIONS.text("LAMSACH_UPLOADS")
STORAGES = {
    **storage_settings(UPLOADS, DATA),
    "staticfiles": {"BACKEND": "lamsach.portal.static_files.Storage"},
}
WHITENOISE_MAX_AGE = 3600
PUBLIC_PAGE_S = 1.0
"""Maximum age of a public page for visitors without a session (`public.page_cache`)."""

UPLOAD_LIMIT_BYTES = OPTIONS.number("LAMSACH_UPLOAD_MB") * 1_000_000
BODY_LIMIT_BYTES = UPLOAD_LIMIT_BYTES + 1_000_000  # with a form's other fields
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
FILE_UPLOAD_PERMISSIONS = 0o600

SMTP_URL = OPTIONS.text("LAMSACH_SMTP_URL")
MAIL_REPLY = OPTIONS.text("LAMSACH_MAIL_REPLY")
MAIL_DROP = OPTIONS.text("LAMSACH_MAIL_DROP")
MAIL_DAYS = OPTIONS.number("LAMSACH_MAIL_DAYS")
IMAP_URL = OPTIONS.text("LAMSACH_IMAP_URL")
MAIL_FILES_BYTES = OPTIONS.number("LAMSACH_MAIL_FILES_MB") * 1_000_000
MAIL_PER_MINUTE = OPTIONS.number("LAMSACH_MAIL_PER_MINUTE")
DEFAULT_FROM_EMAIL = OPTIONS.text("LAMSACH_MAIL_FROM")
EMAIL_BACKEND = "lamsach.portal.mail.letters.QueueBackend"

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = TLS
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "lamsach.portal.base.errors.csrf_failure"
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = TLS
SECURE_REDIRECT_EXEMPT = [r"^(health|ready|metrics)$"]
SECURE_HSTS_SECONDS = 31_536_000 if TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PROXIES else None
X_FRAME_OPTIONS = "DENY"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
        "json": {"()": "lamsach.portal.logs.JsonFormatter"},
    },
    "filters": {"discreet": {"()": "lamsach.portal.logs.Discreet"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "filters": ["discreet"],
            "formatter": "json" if OPTIONS.switch("LAMSACH_LOG_JSON") else "line",
        }
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"lamsach": {"level": "INFO"}},
}
