"""Runs the migrations of all rooms, with no more of Django than its migrations need."""

import pkgutil
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from daumoi.core.database import Connection

ROOMS = (
    "core",
    "organisations",
    "people",
    "places",
    "rulepacks",
    "accounts",
    "audit",
    "log",
    "intake",
    "exchange",
    "situation",
)
"""Rooms that own tables, lowest first."""

LIBRARIES = {
    "contenttypes": "django.contrib.contenttypes",
    "auth": "django.contrib.auth",
    "sessions": "django.contrib.sessions",
    "account": "allauth.account",
    "mfa": "allauth.mfa",
    "usersessions": "allauth.usersessions",
}
"""Applications of others that keep tables for the sign-in of staff, by label."""

MEMBER_MODEL = "accounts.Member"

_FOUNDATIONS = 1


def installed_apps() -> list[str]:
    """Name the rooms, and what their sign-in is made with, as Django applications."""
    return [*(f"daumoi.{room}" for room in ROOMS), *LIBRARIES.values()]


def django_database(dsn: str) -> dict[str, Any]:
    """Turn a libpq connection string into Django's form; migrations may wait two seconds for a lock, not longer."""
    parts = conninfo_to_dict(dsn)
    known = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    database: dict[str, Any] = {"ENGINE": "django.db.backends.postgresql", "NAME": "daumoi"}
    database |= {known[key]: str(value) for key, value in parts.items() if key in known}
    rest = {key: value for key, value in parts.items() if key not in known}
    database["OPTIONS"] = rest | {"options": "-c lock_timeout=2s -c client_min_messages=warning"}
    return database


def prepare(dsn: str, **more: Any) -> None:
    """Configure Django for this database, unless that was done already."""
    import django
    from django.conf import settings

    if not settings.configured:
        settings.configure(
            **(
                {
                    "DATABASES": {"default": django_database(dsn)},
                    "INSTALLED_APPS": installed_apps(),
                    "AUTH_USER_MODEL": MEMBER_MODEL,
                    # allauth refuses to load without it, even where no page is answered.
                    "MIDDLEWARE": ["allauth.account.middleware.AccountMiddleware"],
                    "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
                    "USE_TZ": True,
                    "LOGGING_CONFIG": None,
                }
                | more
            )
        )
        django.setup()


def known() -> set[tuple[str, str]]:
    """Return the migrations of this release, as (label, name): those of the rooms, and those of LIBRARIES."""
    folders = {room: files(f"daumoi.{room}.migrations") for room in ROOMS}
    folders |= {label: _folder(package) / "migrations" for label, package in LIBRARIES.items()}
    return {(label, found.name) for label, folder in folders.items() for found in pkgutil.iter_modules([str(folder)])}


def _folder(package: str) -> Path:
    """Return where a package lies without importing it: only the one at the top is looked up."""
    top, *below = package.split(".")
    spec = find_spec(top)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent.joinpath(*below)


def applied(connection: Connection) -> list[tuple[str, str]]:
    """Return the migrations of rooms and libraries that a database has seen; none where no hub has worked yet."""
    there = connection.execute("SELECT to_regclass('public.django_migrations') IS NOT NULL").fetchone()
    if there is None or not there[0]:
        return []
    rows = connection.execute(
        "SELECT app, name FROM public.django_migrations WHERE app = ANY(%s) ORDER BY app, name", ([*ROOMS, *LIBRARIES],)
    )
    return [(app, name) for app, name in rows]


def is_current(dsn: str) -> bool:
    """Tell whether exactly the migrations of this release have run; without Django, which takes half a second to load.

    Every command asks this at its start.
    """
    try:
        with psycopg.connect(dsn, connect_timeout=10) as connection:
            return set(applied(connection)) == known()
    except psycopg.Error:
        return False


def migrate(dsn: str) -> list[str]:
    """Bring the schema up to this release; returns the migrations that ran. Safe to run again and by two at once.

    Raises SchemaTooNew when the database was made by a later release.
    """
    if is_current(dsn):
        return []
    from django.db import connections
    from django.db.migrations.executor import MigrationExecutor

    prepare(dsn)
    connections.databases["default"] |= django_database(dsn)
    connection = connections["default"]
    connection.close()
    try:
        with connection.cursor() as cursor:
            # One at a time: two hubs started together would both create the same table.
            cursor.execute("SET lock_timeout = '60s'")
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", [_LOCK_SPACE, _FOUNDATIONS])
            cursor.execute("SET lock_timeout = '2s'")
        executor = MigrationExecutor(connection)
        on_disk = set(executor.loader.disk_migrations)
        foreign = [
            key
            for key in executor.loader.applied_migrations
            if (key[0] in ROOMS or key[0] in LIBRARIES) and key not in on_disk
        ]
        if foreign:
            raise SchemaTooNew(foreign)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        executor.migrate(executor.loader.graph.leaf_nodes(), plan)
        return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]
    finally:
        connection.close()


def pending(dsn: str) -> list[str]:
    """Return the migrations that have not run yet; raises psycopg.Error when the database does not answer."""
    with psycopg.connect(dsn, connect_timeout=10) as connection:
        left = known() - set(applied(connection))
    return sorted(f"{label}.{name}" for label, name in left)


_LOCK_SPACE = 0xDA0
"""First half of the advisory lock's key, so that it meets no other product's locks in a shared database."""


class SchemaTooNew(Exception):
    """The database was made by a later release of the product. Install that release, or restore an older back-up."""

    def __init__(self, migrations: list[tuple[str, str]]) -> None:
        """Name the migrations this release does not know."""
        names = ", ".join(f"{room}.{name}" for room, name in sorted(migrations))
        super().__init__(f"{self.__doc__} Unknown here: {names}.")
