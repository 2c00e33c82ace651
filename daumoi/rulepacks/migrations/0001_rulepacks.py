"""Rule packs, their versions, and every step of these."""

from django.db import migrations

from daumoi.core.sql_migrations import RunSQLFile


class Migration(migrations.Migration):
    """Rule packs, their versions, and every step of these."""

    dependencies = [("core", "0001_hub_facts")]
    operations = [RunSQLFile("daumoi.rulepacks", "0001_rulepacks")]
