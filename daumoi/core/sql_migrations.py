"""Runs SQL files as migrations; apart from `core.sql`, so that only who migrates loads Django."""

from typing import Any

from django.db.migrations.operations.base import Operation

from daumoi.core.sql import load


class RunSQLFile(Operation):
    """A migration step that runs one SQL file; its reverse is `<name>.down.sql`, or it says why there is none."""

    reduces_to_sql = True
    reversible = False

    def __init__(self, package: str, name: str) -> None:
        """Name the file `<package>/sql/<name>.sql`."""
        self.package, self.name = package, name

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Tables of the hot paths have no Django state: they are read with SQL."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Run the file."""
        schema_editor.execute(load(self.package, self.name), params=None)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Refuse: what was accepted is never dropped by a migration."""
        raise RuntimeError("migrations of the log are not reversed: they would drop accepted records")

    def describe(self) -> str:
        """Say which file runs."""
        return f"run {self.package}/sql/{self.name}.sql"
