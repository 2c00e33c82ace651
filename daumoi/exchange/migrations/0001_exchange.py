"""Sharing agreements and what readers have acknowledged."""

from django.db import migrations

from daumoi.core.sql_migrations import RunSQLFile


class Migration(migrations.Migration):
    """Sharing agreements and what readers have acknowledged."""

    dependencies = [("organisations", "0001_systems"), ("log", "0001_log")]
    operations = [RunSQLFile("daumoi.exchange", "0001_exchange")]
