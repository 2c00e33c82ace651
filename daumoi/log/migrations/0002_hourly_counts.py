"""Records by hour of receipt, system and province."""

from django.db import migrations

from daumoi.core.sql_migrations import RunSQLFile


class Migration(migrations.Migration):
    """Records by hour of receipt, system and province."""

    dependencies = [("log", "0001_log")]
    operations = [RunSQLFile("daumoi.log", "0002_hourly_counts")]
