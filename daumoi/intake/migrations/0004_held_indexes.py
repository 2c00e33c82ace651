"""Indexes for the pages of held rows and of records, built while rows come in."""

from django.db import migrations

from daumoi.core.sql_migrations import RunSQLFile


class Migration(migrations.Migration):
    """Indexes for the pages of held rows and of records, built while rows come in.

    Not atomic: an index is built concurrently outside of a transaction. What a killed try left is dropped first.
    """

    atomic = False
    dependencies = [("intake", "0003_mending")]
    operations = [
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS held_group"),
        RunSQLFile("daumoi.intake", "0004_held_groups"),
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS held_mended"),
        RunSQLFile("daumoi.intake", "0005_held_mended"),
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS held_closed_by_centre"),
        RunSQLFile("daumoi.intake", "0006_held_closed_by"),
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS submission_numbers"),
        RunSQLFile("daumoi.intake", "0007_submission_numbers"),
    ]
