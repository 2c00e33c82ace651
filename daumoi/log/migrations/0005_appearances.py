"""In which records a claim is named, for the timeline of a person."""

from django.db import migrations

from daumoi.core.sql_migrations import RunSQLFile


class Migration(migrations.Migration):
    """In which records a claim is named, for the timeline of a person."""

    dependencies = [("log", "0004_counters_move")]
    operations = [RunSQLFile("daumoi.log", "0005_appearances")]
