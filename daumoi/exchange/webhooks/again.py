"""Asks the rights before a further try, and writes the same message again: the same numbers, and so the same id.

It is made from the log, under the version it was taken under, and gives only what the agreement of now gives too, as
that shows it: what has ended since does not leave, and nothing of people is kept beside the log for sending it. A
correction that lies outside by now goes as a withdrawal.
"""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.exchange import reading
from daumoi.exchange.agreements import Agreement, held_firm_all, versions
from daumoi.exchange.ledger import AsSent
from daumoi.exchange.reading import Portion
from daumoi.exchange.selection import Account, sent_now
from daumoi.exchange.webhooks import messages
from daumoi.exchange.webhooks.endpoint import Endpoint
from daumoi.exchange.webhooks.messages import Message
from daumoi.exchange.webhooks.writing import Outgoing, reader_of
from daumoi.organisations.registry import Registry


class Due(NamedTuple):
    """A message that is to be tried again."""

    message: Message
    receiver: int
    endpoint: Endpoint


class Withheld(NamedTuple):
    """A message of which nothing is left to give, and by which version."""

    message: Message
    sent: AsSent


class Prepared(NamedTuple):
    """What is to be sent, what waits because its receiver may not have it now, and of what nothing is left to give."""

    outgoing: list[Outgoing]
    waiting: list[Due]
    withheld: list[Withheld]


def prepare(hub: Hub, connection: Connection, registry: Registry, due: Sequence[Due], *, kind: str) -> Prepared:
    """Ask the rights of all messages of a kind at once, and write their bodies; one transaction."""
    now, found = hub.clock.now(), Prepared([], [], [])
    with connection.transaction():
        rights = held_firm_all(connection, system_ids=[each.receiver for each in due], kind=kind, now=now)
        for each in due:
            agreement = rights.get(each.receiver)
            if agreement is None or _is_too_soon(connection, each.message, agreement, now):
                found.waiting.append(each)
                continue
            outgoing = _written(hub, connection, registry, each, agreement)
            if outgoing is None:
                nothing = AsSent(each.message.records, (agreement.id, agreement.version), None)
                found.withheld.append(Withheld(each.message, nothing))
            else:
                found.outgoing.append(outgoing)
    return found


def _is_too_soon(connection: Connection, message: Message, agreement: Agreement, now: datetime) -> bool:
    """Tell whether a later version gives these records only after a delay that has not passed."""
    if not agreement.terms.delay_s or (message.agreement, message.version) == (agreement.id, agreement.version):
        return False
    at = reading.head(connection, agreement.kind)
    return reading.head_for(connection, agreement, at, destination=message.destination, now=now) < message.last


def _written(hub: Hub, connection: Connection, registry: Registry, due: Due, agreement: Agreement) -> Outgoing | None:
    message, kind = due.message, agreement.kind
    at = reading.head(connection, kind)
    if message.first < at.oldest:
        return None
    key = (message.agreement, message.version)
    under = versions(connection, [key], kind=kind)[key]
    account = Account(message.destination, at.seq, message.taken_at)
    chosen, _ = reading.chosen_of(
        hub,
        connection,
        under,
        at=at,
        after=message.first - 1,
        last=message.last,
        most=message.records,
        account=account,
    )
    kept = sent_now(
        hub,
        connection,
        agreement,
        chosen,
        taken_under=key,
        way="webhook",
        has_own=message.first_own is not None,
        account=account,
        number=at.kind,
    )
    if not kept:
        return None
    under_now, withheld = (agreement.id, agreement.version), message.records - len(kept)
    if due.endpoint.is_thin(agreement):
        body = messages.thin(message._replace(records=len(kept)), kind)
        sent = AsSent(withheld, under_now, None)
        return Outgoing(message, due.receiver, due.endpoint, kind, body, False, sent)
    given, reader, span = [each for _, each in kept], reader_of(registry, due.receiver), (message.first, message.last)
    owns = None if message.first_own is None else [message.first_own + place for place, _ in kept]
    portion = Portion(agreement, reader, given, span, owns)
    lines = reading.render(hub, connection, registry, portion, kind=at.kind, action="webhook.send")
    texts = [line.text for line in lines]
    sent = AsSent(withheld, under_now, sha256(b"".join(texts)).digest())
    body = messages.full(message, kind, texts)
    return Outgoing(message, due.receiver, due.endpoint, kind, body, agreement.shows_people, sent)
