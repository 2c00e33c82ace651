"""Hashes a password as signing in compares it. Loads Django: for commands that need it, not for every one."""

from daumoi.console import settings
from daumoi.core.hub import Hub


def hashed(hub: Hub, password: str) -> str:
    """Return the hash (scrypt, a salt of its own). Takes about a tenth of a second and 16 MiB, on purpose."""
    settings.configure(hub)
    from django.contrib.auth.hashers import make_password

    return make_password(password)
