"""Writes down what came of attempts: each attempt, what it does to its message, and to its destination."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import structlog

from daumoi.audit import services as audit
from daumoi.audit.actors import HUB, Subject
from daumoi.core.database import Connection
from daumoi.core.sql import statements
from daumoi.exchange import ledger
from daumoi.exchange.ledger import AsSent
from daumoi.exchange.webhooks import meters
from daumoi.exchange.webhooks.again import Withheld
from daumoi.exchange.webhooks.endpoint import Endpoint
from daumoi.exchange.webhooks.messages import PING, Message
from daumoi.exchange.webhooks.posting import Answer
from daumoi.exchange.webhooks.schedule import Health, is_used_up, result_of, wait_s

ANSWER_KEPT_BYTES = 1024
GONE = "The receiver answered 410: it wants no more messages."
NOTHING_TAKEN = "No message was taken for five days."
"""Why the hub switches a webhook off, as its destination keeps it."""
_SUCCESS_NOTED_S = 10
_SQL = statements("daumoi.exchange", "webhooks")
_log = structlog.get_logger("daumoi.exchange")


class Result(NamedTuple):
    """One attempt that ended."""

    message: Message
    endpoint: Endpoint
    answer: Answer
    at: datetime
    tells_of_people: bool
    again: AsSent | None = None
    """Of a further try: what of the stretch it did not hold."""


def kept_answer(result: Result) -> str:
    """Return the first 1 KiB of an answer; nothing where the message told of people, because it may repeat them."""
    if result.tells_of_people:
        return ""
    return result.answer.body[:ANSWER_KEPT_BYTES].decode("utf-8", "replace").replace("\x00", "�")


class Noting:
    """Writes results in the order in which they came; one transaction of the caller."""

    def __init__(
        self, connection: Connection, healths: dict[int, Health], succeeded: dict[int, datetime | None], now: datetime
    ) -> None:
        """Take how the destinations stood; what changes is changed there too."""
        self._connection, self._healths, self._succeeded, self._now = connection, healths, succeeded, now
        self._attempts: list[dict[str, Any]] = []
        self._closed: list[dict[str, Any]] = []
        self._given_up: list[dict[str, Any]] = []
        self._moved: set[tuple[int, int]] = set()

    def note(self, results: Sequence[Result]) -> None:
        """Write all of them."""
        for result in results:
            self._note(result)
        with self._connection.cursor() as cursor:
            cursor.executemany(_SQL["note_attempt"], self._attempts)
            if self._closed:
                cursor.executemany(_SQL["close_message"], self._closed)
            if self._given_up:
                cursor.executemany(_SQL["give_up"], self._given_up)
        self._move()

    def withhold(self, found: Sequence[Withheld]) -> None:
        """Close messages of which the agreement gives nothing any more: nothing is sent, and the next ones go on."""
        for message, sent in found:
            self._note_sent(message, sent)
            self._close(message, "withheld", message.failures, began=self._now)
        with self._connection.cursor() as cursor:
            cursor.executemany(_SQL["close_message"], self._closed)
        self._move()

    def _move(self) -> None:
        if self._moved:
            destinations, kinds = zip(*sorted(self._moved), strict=True)
            values = {"destinations": list(destinations), "kinds": list(kinds), "at": self._now}
            self._connection.execute(_SQL["delivered_so_far"], values)

    def _note(self, result: Result) -> None:
        message, answer = result.message, result.answer
        said = result_of(answer.status)
        self._attempts.append(
            {
                "destination": message.destination,
                "kind": message.kind,
                "first": message.first,
                "at": result.at,
                "ms": int(answer.seconds * 1000),
                "status": answer.status,
                "error": answer.error,
                "answer": kept_answer(result),
            }
        )
        meters.ATTEMPTS.labels(said).inc()
        if message.kind == PING:
            self._close(message, "delivered" if said == "delivered" else "failed", message.failures, began=result.at)
        elif said == "delivered":
            if result.again is not None:
                self._note_sent(message, result.again)
            self._succeed(message, began=result.at)
        else:
            self._fail(result, is_gone=said == "gone")

    def _close(self, message: Message, state: str, failures: int, *, began: datetime) -> None:
        values = {"state": state, "failures": failures, "at": self._now, "began": began}
        self._closed.append(_of(message) | values)
        if message.kind != PING:
            self._moved.add((message.destination, message.kind))

    def _note_sent(self, message: Message, sent: AsSent) -> None:
        """Note what of a message was not sent; one that had gone before is not made less by going again."""
        if self._connection.execute(_SQL["went_before"], _of(message)).fetchone() is None:
            ledger.note_sent(
                self._connection, destination=message.destination, kind=message.kind, first=message.first, sent=sent
            )

    def _succeed(self, message: Message, *, began: datetime) -> None:
        destination = message.destination
        self._close(message, "delivered", message.failures, began=began)
        before, last = self._healths.get(destination, Health()), self._succeeded.get(destination)
        if before.is_open:
            # Of a receiver that takes others meanwhile, what failed keeps its steps, and Retry-After holds.
            self._connection.execute(_SQL["all_due"], {"destination": destination, "at": self._now})
        elif not before.failures and last is not None and self._now - last < timedelta(seconds=_SUCCESS_NOTED_S):
            return
        self._succeeded[destination] = self._now
        self._keep(destination, before.after_success(), succeeded=self._now)

    def _fail(self, result: Result, *, is_gone: bool) -> None:
        message, answer, now = result.message, result.answer, self._now
        failures = message.failures + 1
        wait = wait_s(
            failures,
            chance=random.random(),  # noqa: S311 - a jitter, no secret
            status=answer.status,
            retry_after_s=answer.retry_after_s,
        )
        again_at = now + timedelta(seconds=wait)
        health = self._healths.get(message.destination, Health()).after_failure(now, again_at=again_at)
        self._keep(message.destination, health, succeeded=None)
        if is_used_up(failures) and not result.endpoint.ordered:
            self._close(message, "failed", failures, began=result.at)
            self._given_up.append(_of(message) | {"at": now})
        else:
            values = {"failures": failures, "next": again_at, "began": result.at}
            self._connection.execute(_SQL["put_off"], _of(message) | values)
        if is_gone:
            self._disable(message.destination, GONE)
        elif health.standing(now) == "disabled":
            self._disable(message.destination, NOTHING_TAKEN)

    def _keep(self, destination: int, health: Health, *, succeeded: datetime | None) -> None:
        self._healths[destination] = health
        values = {"destination": destination, "failures": health.failures, "since": health.failing_since}
        self._connection.execute(_SQL["note_health"], values | {"probe": health.probe_at, "succeeded": succeeded})

    def _disable(self, destination: int, why: str) -> None:
        values = {"destination": destination, "state": "disabled", "why": why, "at": self._now}
        if self._connection.execute(_SQL["set_state"], values).rowcount:
            subject = Subject(f"webhook {destination}")
            audit.write(
                self._connection,
                at=self._now,
                by=HUB,
                action="webhook.disable",
                subject=subject,
                purpose="administration",
                reason=why,
            )
            _log.warning("a webhook is disabled", destination=destination)


def _of(message: Message) -> dict[str, int]:
    return {"destination": message.destination, "kind": message.kind, "first": message.first}
