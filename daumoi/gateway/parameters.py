"""Reads query parameters and path segments strictly: what is unknown, given twice or out of range is refused.

No message repeats a value: a value in the wrong place may be a person's.
"""

import re
from collections.abc import Collection
from urllib.parse import parse_qsl
from uuid import UUID

from daumoi.core.problems import CallProblem

SEQ_MAX = 2**63 - 1
_FIELDS_MAX = 20
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,19}", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


def _refused(detail: str) -> CallProblem:
    return CallProblem("bad_parameter", detail)


def whole_number(text: str, *, low: int, high: int) -> int | None:
    """Return a whole number written in ASCII digits, or None when it is none or lies outside the bounds."""
    if not _WHOLE.fullmatch(text):
        return None
    value = int(text)
    return value if low <= value <= high else None


def public_id(text: str) -> UUID | None:
    """Return an id in its usual spelling with four dashes, or None."""
    return UUID(text) if _UUID.fullmatch(text) else None


class Query:
    """The query parameters of one call, each given at most once and known by name."""

    def __init__(self, query_string: bytes, allowed: Collection[str] = ()) -> None:
        """Take the raw query; raises CallProblem bad_parameter for an unknown or repeated name."""
        self._given: dict[str, str] = {}
        if query_string:
            self._take(query_string, allowed)

    def _take(self, query_string: bytes, allowed: Collection[str]) -> None:
        try:
            pairs = parse_qsl(query_string.decode("latin-1"), keep_blank_values=True, max_num_fields=_FIELDS_MAX)
        except ValueError:
            raise _refused(f"A call has at most {_FIELDS_MAX} query parameters.") from None
        for name, value in pairs:
            if name not in allowed:
                shown = f" {name}" if _NAME.fullmatch(name) else ""
                known = f"Known here: {', '.join(sorted(allowed))}." if allowed else "This call takes none."
                raise _refused(f"The query parameter{shown} is not known. {known}")
            if name in self._given:
                raise _refused(f"The query parameter {name} is given twice; keep one of them.")
            self._given[name] = value

    def whole(self, name: str, default: int, *, low: int, high: int) -> int:
        """Return a whole number within the bounds, or the default when it is not given."""
        text = self._given.get(name)
        if text is None:
            return default
        value = whole_number(text, low=low, high=high)
        if value is None:
            raise _refused(f"{name} is a whole number from {low} to {high}.")
        return value

    def flag(self, name: str) -> bool:
        """Return true or false; false when it is not given."""
        return self.choice(name, ("true", "false"), "false") == "true"

    def choice(self, name: str, options: Collection[str], default: str) -> str:
        """Return one of the options, or the default when it is not given."""
        text = self._given.get(name, default)
        if text not in options:
            raise _refused(f"{name} is one of: {', '.join(sorted(options))}.")
        return text

    def text(self, name: str) -> str | None:
        """Return a value as given; an empty one counts as not given."""
        return self._given.get(name) or None

    def id(self, name: str) -> UUID | None:
        """Return an id; an empty one counts as not given."""
        text = self.text(name)
        if text is None:
            return None
        value = public_id(text)
        if value is None:
            raise _refused(f"{name} is an id as the answers give it, with four dashes.")
        return value
