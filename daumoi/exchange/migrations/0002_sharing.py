"""Sharing agreements with versions; ways out, and the account of what went out by each."""

from django.db import migrations

from daumoi.core.sql_migrations import RunSQLFile


class Migration(migrations.Migration):
    """Sharing agreements with versions; ways out, and the account of what went out by each."""

    dependencies = [("exchange", "0001_exchange")]
    operations = [RunSQLFile("daumoi.exchange", "0002_sharing")]
