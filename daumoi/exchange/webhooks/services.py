"""Registers webhooks, changes them, replays and pings: for their owner, who finds no other system's.

Every service is keyword-only and part of the caller's transaction, which also writes the audit log.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.core.sql import statements
from daumoi.exchange.webhooks import endpoint as settings
from daumoi.exchange.webhooks.addresses import AddressRefused, Guard, target_of
from daumoi.exchange.webhooks.endpoint import NAME_MAX, WEBHOOKS_MAX, Endpoint
from daumoi.exchange.webhooks.keys import add_keys
from daumoi.exchange.webhooks.messages import message_id
from daumoi.exchange.webhooks.schedule import Health
from daumoi.exchange.webhooks.signing import SigningKey
from daumoi.intake.setup import numbered_kinds
from daumoi.log.selectors import head_numbers, numbers_at
from daumoi.organisations.registry import EVERY_KIND

PAUSED, ENDED = "Paused by its owner.", "Ended by its owner."
_SQL = statements("daumoi.exchange", "webhooks")


class WebhookFault(ValueError):
    """What is asked cannot be; the text says which and what to do."""


class NoSuchWebhook(Exception):
    """Your system has no webhook of this number."""


class Held(NamedTuple):
    """A webhook that is held for a change."""

    id: int
    kinds: list[str]
    endpoint: Endpoint
    state: str


def register(
    hub: Hub,
    connection: Connection,
    *,
    receiver: int,
    name: str,
    kinds: Sequence[str],
    endpoint: Endpoint,
    from_beginning: bool,
    at: datetime,
) -> tuple[int, list[SigningKey]]:
    """Make a webhook; returns its number and its keys, which are shown once. Raises WebhookFault.

    It gets what comes from now on, or with `from_beginning` all that is kept.
    """
    _check(hub, kinds, endpoint)
    if not 1 <= len(name.strip()) <= NAME_MAX:
        raise WebhookFault(f"A webhook has a name of 1 to {NAME_MAX} characters.")
    row = connection.execute(_SQL["count_of"], (receiver,)).fetchone()
    if row is not None and row[0] >= WEBHOOKS_MAX:
        raise WebhookFault(f"A system has at most {WEBHOOKS_MAX} webhooks. End one that is not used.")
    said = settings.written(endpoint)
    values = {"receiver": receiver, "name": name.strip(), "kinds": sorted(set(kinds)), "settings": said, "at": at}
    made = connection.execute(_SQL["make"], values).fetchone()
    if made is None:
        raise WebhookFault("Your system has a webhook of this name. Choose another name, or change that one.")
    connection.execute(_SQL["begin_all"], {"destination": made[0], "from_beginning": from_beginning})
    return made[0], add_keys(hub, connection, destination=made[0], at=at)


def _check(hub: Hub, kinds: Sequence[str], endpoint: Endpoint) -> None:
    known = {name for name, _ in numbered_kinds()} | {EVERY_KIND}
    if not kinds or set(kinds) - known:
        raise WebhookFault("kinds names at least one kind of /api/v1/kinds, or * for all that you may read.")
    try:
        Guard(hub.settings.webhook_allow).check_written(target_of(endpoint.url))
    except AddressRefused as refused:
        raise WebhookFault(str(refused)) from None


def hold(connection: Connection, *, receiver: int, webhook: int) -> Held:
    """Hold a webhook of a system until the caller's transaction ends; raises NoSuchWebhook."""
    row = connection.execute(_SQL["held"], (webhook, receiver)).fetchone()
    if row is None:
        raise NoSuchWebhook(NoSuchWebhook.__doc__)
    return Held(row[0], row[3], settings.read(row[4]), row[5])


def change(hub: Hub, connection: Connection, held: Held, *, kinds: Sequence[str], endpoint: Endpoint) -> None:
    """Set what a webhook is set to; raises WebhookFault. What is under way goes on with what it was."""
    _check(hub, kinds, endpoint)
    values = {"destination": held.id, "kinds": sorted(set(kinds)), "settings": settings.written(endpoint)}
    connection.execute(_SQL["change"], values)


def pause(connection: Connection, held: Held, *, at: datetime, why: str = PAUSED) -> None:
    """Send nothing until it is resumed; what comes meanwhile waits in the log."""
    if held.state != "active":
        raise WebhookFault(f"The webhook is {held.state}: only an active one can be paused.")
    _set(connection, held, "paused", why, at)


def resume(connection: Connection, held: Held, *, at: datetime, why: str = "") -> None:
    """Send again, from where it stood; also after the hub has disabled it. Raises WebhookFault.

    The failures before are forgotten, so that it has its five days again, and all that waits is due.
    """
    if held.state == "active":
        raise WebhookFault("The webhook is active already.")
    _set(connection, held, "active", why, at)
    well = Health()
    values = {"failures": well.failures, "since": None, "probe": None, "succeeded": None}
    connection.execute(_SQL["note_health"], {"destination": held.id} | values)
    connection.execute(_SQL["all_due"], {"destination": held.id, "at": at})


def end(connection: Connection, held: Held, *, at: datetime, why: str = ENDED) -> None:
    """End a webhook for good. What is under way is not sent and counts as failed; what it got stays in the account."""
    connection.execute(_SQL["drop_open"], {"destination": held.id, "at": at})
    _set(connection, held, "ended", why, at)
    connection.execute(_SQL["end_keys"], {"destination": held.id, "until": at})


def _set(connection: Connection, held: Held, state: str, why: str, at: datetime) -> None:
    connection.execute(_SQL["set_state"], {"destination": held.id, "state": state, "why": why, "at": at})


def rotate(hub: Hub, connection: Connection, held: Held, *, at: datetime) -> list[SigningKey]:
    """Make new keys, shown once; for a day the ones before sign beside them."""
    return add_keys(hub, connection, destination=held.id, at=at)


def ping(hub: Hub, connection: Connection, held: Held, *, at: datetime) -> str:
    """Send a test message, also while it is paused or disabled; returns its id. It is tried once."""
    row = connection.execute(_SQL["ping"], {"destination": held.id, "at": at}).fetchone()
    assert row is not None
    return message_id(hub.keys, held.id, 0, row[0])


class Reach(NamedTuple):
    """What a replay of one kind sends again."""

    kind: str
    first: int
    """The first number of the log that the first message holds."""
    messages: int
    records: int


def would_replay(
    connection: Connection, *, webhook: int, kinds: Sequence[str], after: int | None, since: datetime | None
) -> list[Reach]:
    """Say what `replay` with the same values would send again, by kind; kinds of which it is nothing are left out.

    Raises WebhookFault.
    """
    named = {_numbered(kind): kind for kind in kinds}
    firsts = _firsts(connection, webhook, list(named), after=after, since=since)
    values = {"destination": webhook, "kinds": list(firsts), "firsts": list(firsts.values())}
    return [Reach(named[row[0]], *row[1:]) for row in connection.execute(_SQL["would_replay"], values)]


def replay(
    connection: Connection, held: Held, *, kind: str, after: int | None, since: datetime | None, at: datetime
) -> int:
    """Send again what went out behind a number, or was received since an instant, with the same ids.

    Returns how many messages are sent again. `after` is a number as the receiver was given them. In ordered mode
    nothing new goes before they are delivered. Raises WebhookFault.
    """
    number = _numbered(kind)
    first = _firsts(connection, held.id, [number], after=after, since=since)[number]
    return _again(connection, held, number, first, head_numbers(connection)[number][0], at)


def _numbered(kind: str) -> int:
    number = dict(numbered_kinds()).get(kind)
    if number is None:
        raise WebhookFault("kind is one of those of /api/v1/kinds.")
    return number


def _firsts(
    connection: Connection, webhook: int, numbers: Sequence[int], *, after: int | None, since: datetime | None
) -> dict[int, int]:
    """Return, by kind, the number of the log from which it is sent again."""
    if since is not None and after is None:
        instant = since - timedelta(microseconds=1)
        known = numbers_at(connection, [instant])
        return {number: known.get((number, instant), 0) + 1 for number in numbers}
    if after is None or since is not None:
        raise WebhookFault("Say from where: after, a number, or since, an instant; one of them.")
    found = {}
    for number in numbers:
        row = connection.execute(_SQL["of_own_number"], (webhook, number, after + 1)).fetchone()
        found[number] = int(row[0]) if row is not None and row[0] is not None else after + 1
    return found


def resend(hub: Hub, connection: Connection, held: Held, *, message: str, at: datetime) -> None:
    """Send one message again, by its id; raises WebhookFault where it is not known."""
    for kind, first in connection.execute(_SQL["messages_of"], (held.id,)):
        if message_id(hub.keys, held.id, kind, first) == message:
            _again(connection, held, kind, first, first, at)
            return
    raise WebhookFault("This webhook has sent no message of this id in the last 30 days.")


def resend_stretch(hub: Hub, connection: Connection, held: Held, *, kind: str, first: int, at: datetime) -> str:
    """Send the message of one stretch again, by its first number of the log; returns its id. Raises WebhookFault."""
    values = {"destination": held.id, "kind": _numbered(kind), "first": first}
    if connection.execute(_SQL["stretch_of"], values).fetchone() is None:
        raise WebhookFault("No message of this webhook begins with this number.")
    _again(connection, held, values["kind"], first, first, at)
    return message_id(hub.keys, held.id, values["kind"], first)


def _again(connection: Connection, held: Held, kind: int, first: int, last: int, at: datetime) -> int:
    values = {"destination": held.id, "kind": kind, "from": first, "to": last, "at": at}
    connection.execute(_SQL["mend_stretches"], values)
    return connection.execute(_SQL["replay"], values).rowcount
