"""Which records are likely one event, and how many events and people there are."""

from django.db import migrations

from daumoi.core.sql_migrations import RunSQLFile


class Migration(migrations.Migration):
    """Which records are likely one event, and how many events and people there are."""

    dependencies = [("situation", "0001_situation")]
    operations = [RunSQLFile("daumoi.situation", "0002_likeness")]
