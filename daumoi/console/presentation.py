"""Figures put in the words of the page, in the reader's language."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django.utils.translation import get_language, gettext

from daumoi.console.board import Look
from daumoi.console.selectors import Figures
from daumoi.kinds.registry import KINDS
from daumoi.log.identity_change import KIND_NAME as IDENTITY_CHANGE
from daumoi.log.selectors import ConsumerLag


@dataclass(frozen=True)
class Tile:
    """One tile: a kind, or all of them together (then without a name)."""

    name: str
    title: str
    records: int
    received_today: int
    newest_at: datetime | None
    held_open: int


@dataclass(frozen=True)
class Step:
    """Where a consumer stands in one kind."""

    kind: str
    title: str
    position: int
    lag: int


@dataclass(frozen=True)
class Consumer:
    """One internal reader: all kinds together, and one by one."""

    name: str
    title: str
    does: str
    position: int
    lag: int
    steps: tuple[Step, ...]


def kind_title(name: str) -> str:
    """Return a kind's title in the reader's language."""
    if name == IDENTITY_CHANGE:
        return gettext("Changes of identity")
    kind = KINDS.get(name)
    if kind is None:
        return name
    return kind.title_en if get_language() == "en" else kind.title_vi


def tiles(figures: Figures) -> list[Tile]:
    """Return a tile for all kinds together, then one for each."""
    single = [
        Tile(kind.name, kind_title(kind.name), kind.records, kind.received_today, kind.newest_at, kind.held_open)
        for kind in figures.kinds
    ]
    together = Tile(
        name="",
        title=gettext("All kinds"),
        records=sum(tile.records for tile in single),
        received_today=sum(tile.received_today for tile in single),
        newest_at=max((tile.newest_at for tile in single if tile.newest_at), default=None),
        held_open=sum(tile.held_open for tile in single),
    )
    return [together, *single]


def _consumer_words(name: str) -> tuple[str, str]:
    """Return a consumer's title and what it does; one without words here goes by its own name."""
    return {
        "counters": (gettext("Counters"), gettext("keep the number of records received each day")),
        "archive": (gettext("Archive"), gettext("writes older records to files; always runs behind by design")),
    }.get(name, (name, ""))


def _consumer(name: str, lags: list[ConsumerLag]) -> Consumer:
    title, does = _consumer_words(name)
    return Consumer(
        name=name,
        title=title,
        does=does,
        position=sum(lag.position for lag in lags),
        lag=sum(lag.lag for lag in lags),
        steps=tuple(Step(lag.kind, kind_title(lag.kind), lag.position, lag.lag) for lag in lags),
    )


def consumers(figures: Figures) -> list[Consumer]:
    """Return the internal readers by name."""
    ordered = sorted(figures.consumers, key=lambda lag: lag.name)
    return [_consumer(name, list(lags)) for name, lags in groupby(ordered, key=lambda lag: lag.name)]


def context(look: Look) -> dict[str, Any]:
    """Return what the templates show."""
    figures = look.figures
    if figures is None:
        return {"look": look}
    return {
        "look": look,
        "figures": figures,
        "tiles": tiles(figures),
        "consumers": consumers(figures),
        "empty": not any(kind.records or kind.held_open for kind in figures.kinds),
    }
