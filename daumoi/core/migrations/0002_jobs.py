"""The queue of scheduled jobs, in a schema of its own."""

from typing import Any

from django.db import migrations
from django.db.migrations.operations.base import Operation
from procrastinate.schema import SchemaManager


class MakeJobTables(Operation):
    """Runs the schema that the job library ships, inside the schema `jobs`."""

    reduces_to_sql = True
    reversible = False

    def state_forwards(self, app_label: str, state: Any) -> None:
        """The library's tables have no Django state."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Make the tables."""
        schema_editor.execute("CREATE SCHEMA jobs", params=None)
        schema_editor.execute("SET LOCAL search_path = jobs", params=None)
        schema_editor.execute(SchemaManager.get_schema(), params=None)
        schema_editor.execute("SET LOCAL search_path = public", params=None)

    def describe(self) -> str:
        """Say what runs."""
        return "make the job tables"


class Migration(migrations.Migration):
    """The queue of scheduled jobs, in a schema of its own."""

    dependencies = [("core", "0001_hub_facts")]
    operations = [MakeJobTables()]
