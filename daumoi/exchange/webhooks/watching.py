"""What the hub's own staff see of a webhook: which keys sign, which messages wait, and every attempt with its request.

No secret and no body of people: bodies are kept nowhere, and a message that carries numbers alone is written again.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.core.sql import statements
from daumoi.exchange.agreements import versions
from daumoi.exchange.webhooks import endpoint as settings
from daumoi.exchange.webhooks import messages
from daumoi.exchange.webhooks.addresses import target_of
from daumoi.exchange.webhooks.endpoint import Endpoint
from daumoi.exchange.webhooks.messages import PING, Message

PAGE = 50
_WINDOW = 20_000
"""Attempts of a webhook before and behind a page that are looked through for others of the same messages."""
_NEWEST = 2**63 - 1
_SIGNATURE = "webhook-signature"
_FULL = b'{"type":"records.given"}'
"""Stands for a full body where only its headers are written again."""
_SQL = statements("daumoi.exchange", "watching")


class KeyShown(NamedTuple):
    """A key that signs: its number and form, since when and until when; None: for as long as none replaces it."""

    id: int
    form: str
    created_at: datetime
    until: datetime | None


class Tried(NamedTuple):
    """An attempt of a message, without what it said."""

    id: int
    at: datetime
    status: int | None
    error: str | None


class Waiting(NamedTuple):
    """A message that waits for its next try (`open`), or that was given up until it is sent again (`failed`)."""

    number: int
    """Of the kind."""
    kind: str
    first: int
    last: int
    records: int
    agreement: int
    version: int
    first_own: int | None
    taken_at: datetime
    state: str
    failures: int
    next_at: datetime
    last_try: Tried | None = None
    """None also where so many others were tried since that it was not looked for."""


class Attempt(NamedTuple):
    """One try, and what is known of its message today; without `taken_at` nothing is."""

    id: int
    number: int
    """Of the kind; 0 for a test."""
    kind: str | None
    first: int
    at: datetime
    milliseconds: int
    status: int | None
    error: str | None
    answer: str
    last: int | None
    records: int | None
    agreement: int | None
    version: int | None
    first_own: int | None
    taken_at: datetime | None
    state: str | None
    failures: int | None
    next_at: datetime | None
    message: str = ""
    tries: int = 1
    """Which try of its message it was."""
    is_least: bool = False
    """Whether there may have been more before: so many of the webhook's attempts are not looked through."""
    again: Tried | None = None
    """The try that followed."""

    @property
    def is_test(self) -> bool:
        """Tell whether it was a ping."""
        return self.number == PING


class Request(NamedTuple):
    """An attempt's request as it is written again today, by what the webhook is set to now."""

    origin: str
    """See `origin_of`."""
    headers: Mapping[str, str]
    """Without the signatures."""
    body: str | None
    """None where it carried records: those bodies are kept nowhere."""
    size: int | None
    tells_of_people: bool


def endpoint_of(connection: Connection, webhook: int) -> Endpoint:
    """Return what a webhook is set to, also of one that has ended."""
    row = connection.execute(_SQL["settings"], (webhook,)).fetchone()
    assert row is not None
    return settings.read(row[0])


def origin_of(endpoint: Endpoint) -> str:
    """Return scheme and host of an address. The path is left out: some receivers keep a secret in it."""
    target = target_of(endpoint.url)
    return f"{'https' if target.is_tls else 'http'}://{target.authority}"


def keys(connection: Connection, *, webhook: int, at: datetime) -> list[KeyShown]:
    """Return the keys that sign now, the oldest first."""
    return [KeyShown(*row) for row in connection.execute(_SQL["keys"], {"destination": webhook, "at": at})]


def waiting(
    connection: Connection, *, webhook: int, after: tuple[int, int] = (0, -1), most: int = PAGE
) -> tuple[list[Waiting], tuple[int, int] | None]:
    """Return messages that wait or were given up, by kind and number, and behind which the next page begins."""
    values = {"destination": webhook, "kind": after[0], "first": after[1], "most": most + 1}
    rows = connection.execute(_SQL["waiting"], values).fetchall()
    found = [Waiting(*row) for row in rows[:most]]
    row = connection.execute(_SQL["last_attempt"], (webhook,)).fetchone()
    failed = [(each.number, each.first) for each in found if each.failures]
    tried = _beside(connection, webhook, failed, upto=row[0]) if row and row[0] and failed else {}
    found = [
        each._replace(last_try=tried[each.number, each.first][-1][0]) if (each.number, each.first) in tried else each
        for each in found
    ]
    return found, (found[-1].number, found[-1].first) if len(rows) > most else None


def attempts(
    hub: Hub, connection: Connection, *, webhook: int, before: int | None = None, most: int = PAGE
) -> tuple[list[Attempt], int | None]:
    """Return attempts, the newest first, and before which number the next page begins; None at its end."""
    found = _attempts(hub, connection, webhook, before=_NEWEST if before is None else before, most=most + 1)
    return found[:most], found[most - 1].id if len(found) > most else None


def attempt(hub: Hub, connection: Connection, *, webhook: int, number: int) -> Attempt | None:
    """Return one attempt of a webhook, or None."""
    found = _attempts(hub, connection, webhook, before=number + 1, most=1, least=number)
    return found[0] if found else None


def _attempts(
    hub: Hub, connection: Connection, webhook: int, *, before: int, most: int, least: int = 0
) -> list[Attempt]:
    values = {"destination": webhook, "before": before, "least": least, "most": most}
    found = [Attempt(*row) for row in connection.execute(_SQL["attempts"], values)]
    if not found:
        return []
    keys = {(each.number, each.first) for each in found}
    beside = _beside(connection, webhook, keys, upto=found[0].id)
    return [_placed(hub, webhook, each, beside.get((each.number, each.first), [])) for each in found]


_Beside = tuple[Tried, int, datetime]
"""An attempt, with how many of the webhook's attempts were looked through before it, and when the oldest was."""


def _beside(
    connection: Connection, webhook: int, wanted: Collection[tuple[int, int]], *, upto: int
) -> dict[tuple[int, int], list[_Beside]]:
    """Return other attempts of messages by kind and first number, in order, as far as they are looked for."""
    kinds, firsts = zip(*wanted, strict=True)
    values = {"destination": webhook, "kinds": list(kinds), "firsts": list(firsts), "upto": upto, "window": _WINDOW}
    found: dict[tuple[int, int], list[_Beside]] = {}
    for row in connection.execute(_SQL["beside"], values):
        found.setdefault((row[0], row[1]), []).append((Tried(*row[2:6]), row[6], row[7]))
    return found


def _placed(hub: Hub, webhook: int, each: Attempt, beside: Sequence[_Beside]) -> Attempt:
    before = [tried for tried, _, _ in beside if tried.id <= each.id]
    is_cut = any(
        number == _WINDOW and (each.taken_at is None or each.taken_at < oldest) for _, number, oldest in beside[:1]
    )
    return each._replace(
        message=messages.message_id(hub.keys, webhook, each.number, each.first),
        tries=max(1, len(before)),
        is_least=is_cut,
        again=next((tried for tried, _, _ in beside if tried.id > each.id), None),
    )


def request(connection: Connection, endpoint: Endpoint, made: Attempt, *, receiver: int) -> Request | None:
    """Write the request of an attempt again; None where nothing is known of its message any more."""
    if made.taken_at is None or made.last is None or made.records is None:
        return None
    agreement, version = made.agreement or 0, made.version or 0
    message = Message(
        0, made.number, made.first, made.last, agreement, version, made.records, made.first_own, made.taken_at
    )
    body, tells_of_people = None, False
    if made.kind is None:
        body = messages.ping(message)
    else:
        under = versions(connection, [(agreement, version)], kind=made.kind)[agreement, version]
        if endpoint.is_thin(under):
            body = messages.thin(message, made.kind)
        else:
            tells_of_people = under.shows_people
    headers = messages.headers(
        endpoint,
        [],
        message=made.message,
        kind=made.kind or "",
        taken_at=made.taken_at,
        at=made.at,
        body=_FULL if body is None else body,
    )
    shown = {name: said for name, said in headers.items() if name != _SIGNATURE}
    return Request(
        origin=origin_of(endpoint),
        headers=shown,
        body=None if body is None else body.decode(),
        size=None if body is None else len(body),
        tells_of_people=tells_of_people,
    )
