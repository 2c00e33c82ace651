"""A counter that tells whoever remembers claims that some were destroyed."""

from django.db import migrations

from daumoi.core.sql_migrations import RunSQLFile


class Migration(migrations.Migration):
    """A counter that tells whoever remembers claims that some were destroyed."""

    dependencies = [("people", "0001_claims")]
    operations = [RunSQLFile("daumoi.people", "0002_claim_epoch")]
