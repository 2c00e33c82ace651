"""What the centre did with held rows."""

from django.db import migrations

from daumoi.core.sql_migrations import RunSQLFile


class Migration(migrations.Migration):
    """What the centre did with held rows."""

    dependencies = [("intake", "0002_erasure")]
    operations = [RunSQLFile("daumoi.intake", "0003_mending")]
