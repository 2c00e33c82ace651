"""Merges and splits are proposed, decided by somebody else, and can be undone; candidates carry a score."""

from django.db import migrations

from daumoi.core.sql_migrations import RunSQLFile


class Migration(migrations.Migration):
    """Merges and splits are proposed, decided by somebody else, and can be undone; candidates carry a score."""

    dependencies = [("people", "0002_claim_epoch")]
    operations = [RunSQLFile("daumoi.people", "0003_proposals")]
