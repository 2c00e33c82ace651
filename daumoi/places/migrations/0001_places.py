"""Checkpoints by system and code."""

from django.db import migrations

from daumoi.core.sql_migrations import RunSQLFile


class Migration(migrations.Migration):
    """Checkpoints by system and code."""

    dependencies = [("core", "0001_hub_facts")]
    operations = [RunSQLFile("daumoi.places", "0001_places")]
