"""Erasures, and how far each has come."""

from django.db import migrations

from daumoi.core.sql_migrations import RunSQLFile


class Migration(migrations.Migration):
    """Erasures, and how far each has come."""

    dependencies = [("intake", "0001_intake")]
    operations = [RunSQLFile("daumoi.intake", "0002_erasure")]
