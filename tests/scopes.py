"""Scopes of members who may see a part of the country."""

from daumoi.accounts.scope import Scope


def under(*paths: str) -> Scope:
    """Sees what lies at and below some paths, as an officer of these units does."""
    return Scope.of(member_id=2, label="ben@province.example", rights=(), paths=paths)
