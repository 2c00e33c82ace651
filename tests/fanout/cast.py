"""A hundred receivers: provinces of both schemes and a few of the whole country, by webhook, poll and stream.

Each province of before July 2025 has a webhook, each of today reads its feed, and some read the whole country; what they
are shown of people and of the facts differs from one to the next.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any, Literal

from daumoi.areas import selectors as areas
from daumoi.areas.unit import BEFORE, TODAY
from daumoi.core.hub import Hub
from daumoi.exchange.webhooks import services as webhooks
from daumoi.exchange.webhooks.endpoint import Endpoint
from daumoi.organisations import registry, services
from tests.integration.exchange.agreeing import agreed, terms_of

KINDS = ("citizen_report", "movement_declaration", "checkpoint_passage")
RECEIVERS = 100
Way = Literal["webhook", "poll", "stream"]
_FIELDS: tuple[dict[str, tuple[str, ...]], ...] = (
    {},
    {"citizen_report": ("category",), "checkpoint_passage": ("checkpoint", "direction", "decision")},
    {"movement_declaration": (), "checkpoint_passage": ("direction",)},
)


@dataclasses.dataclass(frozen=True)
class Receiver:
    """One of the hundred; `place` is its position among them."""

    place: int
    system: int
    way: Way
    areas: tuple[tuple[str, str], ...]
    identity: str
    client_id: str
    client_secret: str


def provinces(scheme: str) -> list[str]:
    """Codes of the units of the first level."""
    known = [(code, areas.find(scheme, code)) for code in areas.codes_of(scheme)]
    return [code for code, unit in known if unit is not None and unit.level == "province"]


def _wishes() -> Iterator[tuple[Way, tuple[tuple[str, str], ...], str, str]]:
    """Way, areas, identity and content of each, in order."""
    before, today = provinces(BEFORE), provinces(TODAY)
    for number, code in enumerate(before):
        identity = ("pseudonym", "given", "none")[number % 3]
        yield "webhook", ((BEFORE, code),), identity, "thin" if number % 5 == 4 else "full"
    yield "webhook", (), "pseudonym", "thin"
    for code in today[:20]:
        yield "poll", ((TODAY, code),), "pseudonym", ""
    for number, code in enumerate(today[20:]):
        yield "stream", ((TODAY, code),), ("given", "pseudonym")[number % 2], ""
    yield "poll", (), "none", ""
    yield "stream", (), "given", ""


def hundred(hub: Hub, address: str) -> list[Receiver]:
    """Make them all; webhooks go to `address` with the receiver's position behind it."""
    found = []
    for place, (way, within, identity, content) in enumerate(_wishes()):
        at = hub.clock.now()
        with hub.pool.connection() as connection, connection.transaction():
            code = f"receiver-{place}"
            made = services.add_system(connection, code=code, name=code, organisation=None, send=[], at=at)
            system = registry.load(connection).by_code(code)
        assert system is not None
        more: dict[str, Any] = {"fields": _FIELDS[place % 3], "location": place % 2 == 0}
        agreed(hub, system, terms_of(*KINDS, identity=identity, areas=within, **more))
        if way == "webhook":
            _webhook(hub, system.id, f"{address}/{place}", content)
        found.append(Receiver(place, system.id, way, within, identity, made.client_id, made.client_secret))
    assert len(found) == RECEIVERS
    return found


def _webhook(hub: Hub, system: int, url: str, content: Any) -> None:
    with hub.pool.connection() as connection, connection.transaction():
        webhooks.register(
            hub,
            connection,
            receiver=system,
            name="Nhận dữ liệu",
            kinds=KINDS,
            endpoint=Endpoint(url=url, content=content),
            from_beginning=True,
            at=hub.clock.now(),
        )
