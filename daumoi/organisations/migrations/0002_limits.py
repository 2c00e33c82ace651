"""What a system may do in a second and on a day, and how much of the day's it has used."""

from django.db import migrations

from daumoi.core.sql_migrations import RunSQLFile


class Migration(migrations.Migration):
    """What a system may do in a second and on a day, and how much of the day's it has used."""

    dependencies = [("organisations", "0001_systems")]
    operations = [RunSQLFile("daumoi.organisations", "0002_limits")]
