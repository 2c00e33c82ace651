"""Who acts, from where, and on what: the parts of a line."""

from collections.abc import Sequence
from dataclasses import dataclass

_TEXT_MAX = 500


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a member of staff, a system, the hub itself. Texts are cut at 500 characters when they are written."""

    id: str
    """Stable, with what it is before the colon: `member:…`, `system:hanoi-gates`, `cli:operator`, `hub`."""
    label: str = ""
    """As people know it."""
    role: str = ""
    """The role in which it acts."""
    origin: str = ""
    """The address it comes from; `command line` on the machine itself."""
    session: str = ""
    """The session of a member, the client of a system."""
    request: str = ""
    """The id of the request, as in the log of calls."""
    grant: int | None = None
    """The break-glass access under which it acts: every line it writes carries the number."""


HUB = Actor("hub", "daumoi", "hub", "hub")
"""The hub itself, where nobody asked."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is touched, by numbers: never a name, never an identifier, never a value that was searched for."""

    said: str
    """What kind of thing, with its number: `feed`, `person by phone`, `legal hold 3`."""
    kind: str | None = None
    """The kind of the records from `first` to `last`."""
    first: int | None = None
    last: int | None = None
    people: Sequence[int] = ()
    claims: Sequence[int] = ()


def cut(text: str, most: int = _TEXT_MAX) -> str:
    """Cut a text to what a line holds; the database keeps neither U+0000 nor lone surrogates."""
    text = text.replace("\x00", "").encode("utf-8", "replace").decode()
    return text if len(text) <= most else text[: most - 1] + "…"
