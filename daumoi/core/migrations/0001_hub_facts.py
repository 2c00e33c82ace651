"""Facts of the hub itself."""

from django.db import migrations

from daumoi.core.sql_migrations import RunSQLFile


class Migration(migrations.Migration):
    """Facts of the hub itself."""

    dependencies = []
    operations = [RunSQLFile("daumoi.core", "0001_hub_facts")]
