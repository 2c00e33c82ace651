"""The counters move to the room `situation`."""

from django.db import migrations

from daumoi.core.sql_migrations import RunSQLFile


class Migration(migrations.Migration):
    """The counters move to the room `situation`."""

    dependencies = [("log", "0003_retention")]
    operations = [RunSQLFile("daumoi.log", "0004_counters_move")]
