"""Statements that were signed, and what the nightly recount of deliveries found."""

from django.db import migrations

from daumoi.core.sql_migrations import RunSQLFile


class Migration(migrations.Migration):
    """Statements that were signed, and what the nightly recount of deliveries found."""

    dependencies = [("exchange", "0005_files")]
    operations = [RunSQLFile("daumoi.exchange", "0006_proof")]
