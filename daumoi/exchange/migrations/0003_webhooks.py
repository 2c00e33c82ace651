"""Webhooks: keys, messages under way, attempts, and how each destination stands."""

from django.db import migrations

from daumoi.core.sql_migrations import RunSQLFile


class Migration(migrations.Migration):
    """Webhooks: keys, messages under way, attempts, and how each destination stands."""

    dependencies = [("exchange", "0002_sharing")]
    operations = [RunSQLFile("daumoi.exchange", "0003_webhooks")]
