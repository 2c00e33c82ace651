"""Organisations, their systems, and the clients that sign in for them."""

from django.db import migrations

from daumoi.core.sql_migrations import RunSQLFile


class Migration(migrations.Migration):
    """Organisations, their systems, and the clients that sign in for them."""

    dependencies = [("core", "0001_hub_facts")]
    operations = [RunSQLFile("daumoi.organisations", "0001_systems")]
