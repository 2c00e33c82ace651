"""Scheduled files: what was taken out for each day, and the files it was written into."""

from django.db import migrations

from daumoi.core.sql_migrations import RunSQLFile


class Migration(migrations.Migration):
    """Scheduled files: what was taken out for each day, and the files it was written into."""

    dependencies = [("exchange", "0003_webhooks")]
    operations = [RunSQLFile("daumoi.exchange", "0005_files")]
