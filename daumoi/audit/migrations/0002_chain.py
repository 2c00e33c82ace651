"""The audit log as a chain of sealed lines with signed heads, and break-glass access."""

from django.db import migrations

from daumoi.core.sql_migrations import RunSQLFile


class Migration(migrations.Migration):
    """The audit log as a chain of sealed lines with signed heads, and break-glass access."""

    dependencies = [("audit", "0001_audit")]
    operations = [RunSQLFile("daumoi.audit", "0002_chain")]
