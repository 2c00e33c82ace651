"""Django's settings, made from a hub. Nothing of Django is read from the environment."""

from pathlib import Path
from typing import Any

from django.conf import settings

from daumoi.core.hub import Hub
from daumoi.core.migrating import prepare

ROOM = Path(__file__).parent
STATIC_FOLDER = ROOM / "static"
DEFAULT_LANGUAGE = "vi"
LANGUAGES = (("vi", "Tiếng Việt"), ("en", "English"))
_SECRET_NAME = "django-secret"  # noqa: S105 - the name of a key, not a key

_TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOM / "templates"],
        "OPTIONS": {
            "context_processors": ["django.template.context_processors.request"],
            "libraries": {"console": "daumoi.console.tags"},
        },
    }
]


def wanted(hub: Hub) -> dict[str, Any]:
    """Return what the pages need of Django. Templates and messages are found by folder, so no application is needed."""
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
        ],
        "TEMPLATES": _TEMPLATES,
        "LANGUAGE_CODE": DEFAULT_LANGUAGE,
        "LANGUAGES": LANGUAGES,
        "LOCALE_PATHS": [ROOM / "locale"],
        "USE_I18N": True,
        "USE_TZ": True,
        "TIME_ZONE": "Asia/Ho_Chi_Minh",
    }


def configure(hub: Hub) -> None:
    """Give Django the settings of the pages; harmless when done before, or when the migrations configured it first."""
    values = wanted(hub)
    prepare(hub.dsn, **values)
    for name, value in values.items():
        setattr(settings, name, value)
