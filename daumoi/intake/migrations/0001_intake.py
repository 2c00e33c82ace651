"""Submissions, their problems, and held rows."""

from django.db import migrations

from daumoi.core.sql_migrations import RunSQLFile


class Migration(migrations.Migration):
    """Submissions, their problems, and held rows."""

    dependencies = [
        ("log", "0001_log"),
        ("people", "0001_claims"),
        ("places", "0001_places"),
        ("organisations", "0001_systems"),
    ]
    operations = [RunSQLFile("daumoi.intake", "0001_intake")]
