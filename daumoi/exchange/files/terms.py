"""How a destination of files wants its files: format, division, when a day is closed."""

from datetime import date, datetime, timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from daumoi.core.clock import midnight

Format = Literal["ndjson", "csv", "parquet"]
FORMATS: tuple[Format, ...] = ("ndjson", "csv", "parquet")
_SETTLED = timedelta(minutes=5)
"""After midnight, until what was received before it is surely committed: no transaction lives so long."""
_LEAST = timedelta(microseconds=1)


class FilesFault(ValueError):
    """The settings of a destination of files cannot be used; the text says which and what to do."""


class FileTerms(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The settings of one destination of files."""

    format: Format
    by_province: bool = False
    """One file for each province (of today's division) instead of one for the day."""
    closes_at_hour: Annotated[int, Meta(ge=0, le=23)] = 1
    """Hour of the following day (UTC+7) at which a day is closed and its files are made."""
    cloudevents: bool = False
    """Lines are CloudEvents; of NDJSON only."""
    begins_on: date
    """The first day (UTC+7, of receipt) of which files are made."""


def parse(said: str | bytes) -> FileTerms:
    """Read settings as they are stored or sent (JSON); raises FilesFault."""
    try:
        found = msgspec.json.decode(said, type=FileTerms)
    except msgspec.DecodeError as fault:
        place = str(fault).rpartition(" - at ")[2].strip("`$") if " - at " in str(fault) else ""
        raise FilesFault(f"The settings have not the right form{f' at {place}' if place else ''}.") from None
    check(found)
    return found


def check(terms: FileTerms) -> None:
    """Raise FilesFault for settings that contradict each other."""
    if terms.cloudevents and terms.format != "ndjson":
        raise FilesFault("CloudEvents are written as NDJSON alone: choose the format ndjson, or leave cloudevents out.")


def written(terms: FileTerms) -> str:
    """Write settings as they are stored."""
    return msgspec.json.encode(terms).decode()


def last_instant(day: date) -> datetime:
    """Return the last instant of a day of Viet Nam, as the database keeps instants."""
    return midnight(day + timedelta(days=1)) - _LEAST


def closes_at(day: date, terms: FileTerms, *, delay_s: int) -> datetime:
    """Return when a day's files may be made: at the hour agreed, when all is settled and the delay is over."""
    return midnight(day + timedelta(days=1)) + max(
        timedelta(hours=terms.closes_at_hour), timedelta(seconds=delay_s), _SETTLED
    )
