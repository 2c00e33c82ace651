"""What was given under each agreement, summed up as it leaves."""

from django.db import migrations

from daumoi.core.sql_migrations import RunSQLFile


class Migration(migrations.Migration):
    """What was given under each agreement, summed up as it leaves."""

    dependencies = [("exchange", "0007_sent")]
    operations = [RunSQLFile("daumoi.exchange", "0008_given")]
