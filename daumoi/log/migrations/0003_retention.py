"""Legal holds, the records they keep, and what is left to do after a drop."""

from django.db import migrations

from daumoi.core.sql_migrations import RunSQLFile


class Migration(migrations.Migration):
    """Legal holds, the records they keep, and what is left to do after a drop."""

    dependencies = [("log", "0002_hourly_counts")]
    operations = [RunSQLFile("daumoi.log", "0003_retention")]
