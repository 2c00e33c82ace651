"""Under which version what was taken out of the log was sent, and what of it was not."""

from django.db import migrations

from daumoi.core.sql_migrations import RunSQLFile


class Migration(migrations.Migration):
    """Under which version what was taken out of the log was sent, and what of it was not."""

    dependencies = [("exchange", "0006_proof")]
    operations = [RunSQLFile("daumoi.exchange", "0007_sent")]
