"""The log: records, receipts, heads and consumers."""

from django.db import migrations

from daumoi.core.sql_migrations import RunSQLFile


class Migration(migrations.Migration):
    """The log: records, receipts, heads and consumers."""

    dependencies = [("core", "0001_hub_facts")]
    operations = [RunSQLFile("daumoi.log", "0001_log")]
