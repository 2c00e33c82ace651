"""The member as Django's own applications need it: sign-in, sessions, second factors. All else is SQL.

Only the console loads this: importing it takes Django's authentication and django-allauth with it.
"""

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models


class MemberManager(BaseUserManager["Member"]):
    """Finds members by their address, whatever the letters' case."""

    def get_by_natural_key(self, username: str | None) -> "Member":
        """Return the member of an address; raises Member.DoesNotExist."""
        return self.get(email=(username or "").lower())


class Member(AbstractBaseUser):
    """Somebody who may sign in. Signs in by e-mail address; rights come from memberships alone."""

    id: Any = models.BigAutoField(primary_key=True)
    email: Any = models.EmailField(unique=True, max_length=254)
    name: Any = models.CharField(max_length=200)
    language: Any = models.CharField(max_length=2, default="vi")
    is_active: Any = models.BooleanField(default=True)
    is_demo: Any = models.BooleanField(default=False)
    must_change_password: Any = models.BooleanField(default=False)
    last_seen_at: Any = models.DateTimeField(null=True)
    created_at: Any = models.DateTimeField()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]
    objects = MemberManager()

    class Meta:
        """The table is made by SQL (0001_members.sql)."""

        db_table = "member"
        managed = False

    def get_full_name(self) -> str:
        """The member's own name."""
        return str(self.name)

    def has_perm(self, _perm: str, _obj: object = None) -> bool:
        """Nobody has a right of Django's own: rights are those of `Scope`."""
        return False
