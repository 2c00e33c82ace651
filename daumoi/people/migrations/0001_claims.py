"""Claims of identity, the people they name, and their blind indexes."""

from django.db import migrations

from daumoi.core.sql_migrations import RunSQLFile


class Migration(migrations.Migration):
    """Claims of identity, the people they name, and their blind indexes."""

    dependencies = [("core", "0001_hub_facts")]
    operations = [RunSQLFile("daumoi.people", "0001_claims")]
