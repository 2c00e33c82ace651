"""SQL lives in files of its room; this loads them by name, and runs them as migrations."""

import re
from functools import cache
from importlib.resources import files
from typing import Any

from django.db.migrations.operations.base import Operation


@cache
def load(package: str, name: str) -> str:
    """Return the text of `<package>/sql/<name>.sql`."""
    return (files(package) / "sql" / f"{name}.sql").read_text("utf-8")


@cache
def statements(package: str, name: str) -> dict[str, str]:
    """Return the named statements of a file: each begins with a line `-- name: <its name>`."""
    parts = re.split(r"^-- name: ([a-z_0-9]+)\s*$", load(package, name), flags=re.MULTILINE)
    return {key: text.strip().rstrip(";") for key, text in zip(parts[1::2], parts[2::2], strict=True)}


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
