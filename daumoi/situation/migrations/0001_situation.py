"""What is counted as records arrive."""

from django.db import migrations

from daumoi.core.sql_migrations import RunSQLFile


class Migration(migrations.Migration):
    """What is counted as records arrive."""

    dependencies = [("log", "0004_counters_move")]
    operations = [RunSQLFile("daumoi.situation", "0001_situation")]
