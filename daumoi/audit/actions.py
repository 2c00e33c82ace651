"""The actions of the audit log in words."""

import tomllib
from functools import cache
from importlib.resources import files


@cache
def _words() -> dict[str, dict[str, str]]:
    return tomllib.loads((files("daumoi.audit") / "actions.toml").read_text("utf-8"))


def action_title(code: str, language: str | None) -> str:
    """Say an action in Vietnamese, or in English when asked for; one without words goes by its code."""
    found = _words().get(code)
    return code if found is None else found["en" if language == "en" else "vi"]
