"""Django's settings, made from a hub. Nothing of Django is read from the environment."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connections

from daumoi.core.hub import Hub
from daumoi.core.migrating import django_database, prepare

ROOM = Path(__file__).parent
STATIC_FOLDER = ROOM / "static"
DEFAULT_LANGUAGE = "vi"
LANGUAGES = (("vi", "Tiếng Việt"), ("en", "English"))
SESSION_COOKIE = "daumoi_session"
PASSWORD_MIN = 12
_CONNECTION_KEPT_S = 60
_SECRET_NAME = "django-secret"  # noqa: S105 - the name of a key, not a key

_TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOM / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "daumoi.console.navigation.around",
            ],
            "libraries": {"console": "daumoi.console.tags"},
        },
    }
]


_SHIFT_S = 12 * 3600

_SIGN_IN: dict[str, Any] = {
    "AUTHENTICATION_BACKENDS": ["allauth.account.auth_backends.AuthenticationBackend"],
    # scrypt of the standard library: 16 MiB a sign-in, outside the interpreter's lock. Argon2 as Django sets it takes
    # 100 MiB and eight threads, in the process that also takes the records.
    "PASSWORD_HASHERS": ["django.contrib.auth.hashers.ScryptPasswordHasher"],
    "AUTH_PASSWORD_VALIDATORS": [
        {
            "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
            "OPTIONS": {"user_attributes": ("email", "name")},
        },
        {
            "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
            "OPTIONS": {"min_length": PASSWORD_MIN},
        },
        {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    ],
    "LOGIN_URL": "account_login",
    "SESSION_COOKIE_NAME": SESSION_COOKIE,
    # A shift: whoever stays longer signs in again. `guarded` marks cookies as secure wherever TLS is spoken.
    "SESSION_COOKIE_AGE": _SHIFT_S,
    "SESSION_EXPIRE_AT_BROWSER_CLOSE": True,
    "CSRF_COOKIE_NAME": "daumoi_csrf",
    "CSRF_COOKIE_HTTPONLY": True,
    "CSRF_FAILURE_VIEW": "daumoi.console.errors.form_expired",
    "MESSAGE_STORAGE": "django.contrib.messages.storage.session.SessionStorage",
    "ACCOUNT_ADAPTER": "daumoi.console.adapters.AccountAdapter",
    "ACCOUNT_USER_MODEL_USERNAME_FIELD": None,
    "ACCOUNT_LOGIN_METHODS": {"email"},
    "ACCOUNT_SIGNUP_FIELDS": ["email*", "password1*"],
    "ACCOUNT_EMAIL_VERIFICATION": "none",
    "ACCOUNT_EMAIL_NOTIFICATIONS": False,
    "ACCOUNT_SESSION_REMEMBER": False,
    "ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE": False,
    "MFA_ADAPTER": "daumoi.console.adapters.MFAAdapter",
    "MFA_SUPPORTED_TYPES": ["totp", "webauthn", "recovery_codes"],
    "MFA_PASSKEY_LOGIN_ENABLED": True,
    # Addresses are given by whoever invites, so there is nothing to confirm by mail.
    "MFA_ALLOW_UNVERIFIED_EMAIL": True,
    # A code is good for a minute and a half: clocks of telephones and servers are seldom the same to the second.
    "MFA_TOTP_TOLERANCE": 1,
}


def wanted(hub: Hub) -> dict[str, Any]:
    """Return what the pages need of Django. Templates and messages of ours are found by folder."""
    return {
        "SECRET_KEY": hub.keys.derived(_SECRET_NAME).hex(),
        "DEBUG": False,
        # Names are checked by daumoi.console.security.known_hosts, which can tell an address from a name.
        "ALLOWED_HOSTS": ["*"],
        "ROOT_URLCONF": "daumoi.console.urls",
        "MIDDLEWARE": [
            "daumoi.console.security.guarded",
            "daumoi.console.language.chosen",
            "daumoi.console.security.known_hosts",
            "daumoi.console.errors.explained",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "allauth.account.middleware.AccountMiddleware",
            "daumoi.console.access.Doorkeeper",
        ],
        "TEMPLATES": _TEMPLATES,
        "LANGUAGE_CODE": DEFAULT_LANGUAGE,
        "LANGUAGES": LANGUAGES,
        "LOCALE_PATHS": [ROOM / "locale"],
        "USE_I18N": True,
        "USE_TZ": True,
        "TIME_ZONE": "Asia/Ho_Chi_Minh",
        **_SIGN_IN,
    }


def configure(hub: Hub) -> None:
    """Give Django the settings of the pages; harmless when done before, or when the migrations configured it first."""
    values = wanted(hub)
    prepare(hub.dsn, **values)
    for name, value in values.items():
        setattr(settings, name, value)
    database = connections.databases["default"]
    database |= django_database(hub.dsn)
    database["CONN_MAX_AGE"] = _CONNECTION_KEPT_S
    database["CONN_HEALTH_CHECKS"] = True
    connections.close_all()
