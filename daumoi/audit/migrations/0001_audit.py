"""Who looked at personal data, and why."""

from django.db import migrations

from daumoi.core.sql_migrations import RunSQLFile


class Migration(migrations.Migration):
    """Who looked at personal data, and why."""

    dependencies = [("core", "0001_hub_facts")]
    operations = [RunSQLFile("daumoi.audit", "0001_audit")]
