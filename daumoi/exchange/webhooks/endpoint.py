"""What a webhook is set to: where it goes, what it carries, in which order."""

from typing import Literal

import msgspec
from msgspec import Struct

from daumoi.exchange.agreements import Agreement
from daumoi.organisations.registry import EVERY_KIND

Content = Literal["thin", "full"]
State = Literal["active", "paused", "disabled", "ended"]
NAME_MAX = 100
WEBHOOKS_MAX = 20
"""Webhooks of one system that have not ended."""


class Endpoint(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The settings of a webhook, as its destination keeps them."""

    url: str
    content: Content | None = None
    """`thin`: numbers alone, the records are fetched from the feed; `full`: the lines. None: thin where the kind tells
    of people."""
    ordered: bool = True
    """One message of a kind at a time, the next only after it was delivered; else several, in any order."""
    cloudevents: bool = False
    """Also with the headers of CloudEvents 1.0, binary mode."""

    def is_thin(self, agreement: Agreement) -> bool:
        """Tell whether messages of a kind carry numbers alone."""
        return agreement.shows_people if self.content is None else self.content == "thin"


_READ = msgspec.json.Decoder(Endpoint).decode


def read(settings: str) -> Endpoint:
    """Read settings as they are kept."""
    return _READ(settings)


def written(endpoint: Endpoint) -> str:
    """Write settings as they are kept."""
    return msgspec.json.encode(endpoint).decode()


def covers(kinds: list[str], kind: str) -> bool:
    """Tell whether a webhook for these kinds takes a kind."""
    return EVERY_KIND in kinds or kind in kinds
