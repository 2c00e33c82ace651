"""Members, memberships, invitations."""

from django.db import migrations, models

from daumoi.core.sql_migrations import RunSQLFile


class Migration(migrations.Migration):
    """The tables are plain SQL; the state tells Django's own applications what they refer to."""

    initial = True
    dependencies = [("core", "0001_hub_facts")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[RunSQLFile("daumoi.accounts", "0001_members")],
            state_operations=[
                migrations.CreateModel(
                    name="Member",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True)),
                        ("email", models.EmailField(unique=True, max_length=254)),
                    ],
                    options={"db_table": "member", "managed": False},
                )
            ],
        )
    ]
