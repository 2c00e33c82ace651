"""SQL lives in files of its room; this loads them by name."""

import re
from functools import cache
from importlib.resources import files


@cache
def load(package: str, name: str) -> str:
    """Return the text of `<package>/sql/<name>.sql`."""
    return (files(package) / "sql" / f"{name}.sql").read_text("utf-8")


@cache
def statements(package: str, name: str) -> dict[str, str]:
    """Return the named statements of a file: each begins with a line `-- name: <its name>`."""
    parts = re.split(r"^-- name: ([a-z_0-9]+)\s*$", load(package, name), flags=re.MULTILINE)
    return {key: text.strip().rstrip(";") for key, text in zip(parts[1::2], parts[2::2], strict=True)}
