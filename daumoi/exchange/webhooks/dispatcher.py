"""Sends what webhooks are to get: one thread does all work in the database, others do nothing but post.

A look takes results in, tries again what is due, then takes out what is new. All of it survives a kill at any moment: a
message is in the database before it leaves, and one whose result was not written down is sent again with the same id.
"""

import ssl
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from typing import NamedTuple

import psycopg
import structlog

from daumoi.core.clock import VIET_NAM_TIME
from daumoi.core.database import Connection, connect, sqlstate_of
from daumoi.core.faults import way_of
from daumoi.core.hub import Hub
from daumoi.core.problems import CallProblem
from daumoi.core.sql import statements
from daumoi.exchange import agreements
from daumoi.exchange.agreements import Agreements
from daumoi.exchange.webhooks import endpoint, messages, meters
from daumoi.exchange.webhooks.addresses import Guard
from daumoi.exchange.webhooks.again import Due, Prepared, prepare
from daumoi.exchange.webhooks.endpoint import Endpoint
from daumoi.exchange.webhooks.keys import open_keys
from daumoi.exchange.webhooks.messages import PING, Message
from daumoi.exchange.webhooks.posting import TOTAL_S, Answer, Post, Poster
from daumoi.exchange.webhooks.results import Noting, Result
from daumoi.exchange.webhooks.schedule import Health
from daumoi.exchange.webhooks.signing import SigningKey
from daumoi.exchange.webhooks.taking import NEAR, Memory, Stand, shares_reads
from daumoi.exchange.webhooks.writing import Outgoing, take
from daumoi.log.selectors import HeadFigure, heads
from daumoi.organisations import registry
from daumoi.organisations.registry import Registry

LOOK_EVERY_S = 0.2
SENDERS = 256
"""Threads that post. A receiver that is slow holds one a kind, for 15 s at most, so there are more than a few."""
_REST_LEAST_S = 0.02
"""After a look the database is left alone for as long as the look took, and no less: results come together."""
ATTEMPTS_KEPT = timedelta(days=30)
UNORDERED_OPEN_MAX = 200
"""Messages of a kind that may be set aside for an unordered webhook before no more are taken for it."""
_AT_ONCE = 4
"""Messages of a kind under way at once for an unordered webhook."""
_WAITS_S = 2.0
"""Between two looks whether a receiver may have again what it may not have now."""
_DELAYED_S = 1.0
_CLEANS_S, _MEASURES_S = 600.0, 5.0
_LOCK = 5002
_RETRY_S = 1.0
_SQL = statements("daumoi.exchange", "webhooks")
_log = structlog.get_logger("daumoi.exchange")
Key = tuple[int, int, int]
_Listed = list[tuple[Message, datetime]]


class _Webhook(NamedTuple):
    receiver: int
    endpoint: Endpoint
    kinds: list[str]
    state: str


class Dispatcher:
    """One of a hub: a second one waits until the first has ended."""

    def __init__(self, hub: Hub, *, senders: int = SENDERS, total_s: float = TOTAL_S) -> None:
        """Begin; nothing runs before `run` or `look`. `total_s`: seconds that an attempt may take."""
        self._hub = hub
        self._poster = Poster(Guard(hub.settings.webhook_allow), ssl.create_default_context(), total_s=total_s)
        self._senders = senders
        self._threads = ThreadPoolExecutor(senders, "webhook-post")
        self._results: SimpleQueue[Result] = SimpleQueue()
        self._ended: list[Result] = []
        self._wake = threading.Event()
        self._in_flight: set[Key] = set()
        self._memory = Memory()
        self._registry = Registry(0, {}, {})
        self._agreements = Agreements()
        self._webhooks: dict[int, _Webhook] = {}
        self._healths: dict[int, Health] = {}
        self._succeeded: dict[int, datetime | None] = {}
        self._open: dict[tuple[int, int], _Listed] = {}
        self._waiting: dict[Key, float] = {}
        self._turn = 0
        self._cleaned = self._measured = float("-inf")

    def run(self, ending: threading.Event) -> None:
        """Look five times a second until told to end; a database that goes away is waited for."""
        while not ending.is_set():
            try:
                with connect(self._hub.dsn, "daumoi webhooks") as connection:
                    if self._is_alone(connection):
                        self._work(connection, ending)
            except psycopg.Error as error:
                _log.warning("webhooks wait for the database", reason=sqlstate_of(error))
            except Exception as error:
                # What was under way is sent again: nothing of it is written down as taken.
                _log.error("webhooks: not handled", reason=type(error).__name__, way=way_of(error.__traceback__))
                self._forget()
            ending.wait(_RETRY_S)
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._poster.close()

    def _forget(self) -> None:
        """Begin anew, as after a start; what is still being posted notes its result when it ends."""
        self._memory, self._registry = Memory(), Registry(0, {}, {})
        self._agreements = Agreements()

    def close(self) -> None:
        """End the threads when what is under way has ended."""
        self._threads.shutdown()
        self._poster.close()

    def _is_alone(self, connection: Connection) -> bool:
        row = connection.execute("SELECT pg_try_advisory_lock(%s, 0)", (_LOCK,)).fetchone()
        return bool(row and row[0])

    def _work(self, connection: Connection, ending: threading.Event) -> None:
        begin_added_kinds(connection)
        while not ending.is_set():
            began = time.monotonic()
            self.look(connection)
            took = time.monotonic() - began
            ending.wait(max(_REST_LEAST_S, took))
            self._wake.wait(max(0.0, LOOK_EVERY_S - (time.monotonic() - began)))
            self._wake.clear()
        ends = time.monotonic() + 3
        while self._in_flight and time.monotonic() < ends:
            self._wake.wait(0.1)
            self._wake.clear()
            self._note_results(connection)

    @property
    def in_flight(self) -> int:
        """How many messages are being sent."""
        return len(self._in_flight)

    def look(self, connection: Connection) -> int:
        """Do what is to be done now; returns how many messages were sent off."""
        self._see(connection)
        self._note_results(connection)
        self._read_open(connection)
        sent = self._send(connection, self._ready_again(connection))
        sent += self._send_fresh(connection)
        if time.monotonic() - self._cleaned > _CLEANS_S:
            self._clean(connection)
        if time.monotonic() - self._measured > _MEASURES_S:
            self._measure(connection)
        return sent

    def _see(self, connection: Connection) -> None:
        """Read who there is, which agreements hold, and how the destinations stand."""
        if registry.version(connection) != self._registry.version:
            found = registry.load(connection)
            self._agreements = agreements.load(connection)
            self._registry = found
        self._webhooks = {}
        for row in connection.execute(_SQL["destinations"]):
            number, receiver, settings, kinds, state, failures, since, probe_at, succeeded_at = row
            self._webhooks[number] = _Webhook(receiver, endpoint.read(settings), kinds, state)
            self._healths[number] = Health(failures, since, probe_at)
            self._succeeded[number] = succeeded_at

    def _note_results(self, connection: Connection) -> None:
        while True:
            try:
                self._ended.append(self._results.get_nowait())
            except Empty:
                break
        if not self._ended:
            return
        # Kept until it is committed: where the database is away or busy, the next look writes it down.
        with connection.transaction():
            Noting(connection, self._healths, self._succeeded, self._hub.clock.now()).note(self._ended)
        self._in_flight.difference_update(result.message.key for result in self._ended)
        self._ended = []

    def _read_open(self, connection: Connection) -> None:
        self._open = defaultdict(list)
        for row in connection.execute(_SQL["open"], (UNORDERED_OPEN_MAX,)):
            self._open[row[0], row[1]].append((Message(*row[:10]), row[10]))

    def _ready_again(self, connection: Connection) -> list[Outgoing]:
        """Write the messages again that are due, by kind, as far as senders are free."""
        due = [each for each in self._due() if each.message.key not in self._in_flight][: self._free]
        names = {figure.number: figure.kind for figure in heads(connection)} if due else {}
        by_kind: dict[int, list[Due]] = defaultdict(list)
        for each in due:
            by_kind[each.message.kind].append(each)
        found = [_ping(each) for each in by_kind.pop(PING, [])]
        for kind, some in by_kind.items():
            try:
                prepared = prepare(self._hub, connection, self._registry, some, kind=names[kind])
            except CallProblem as problem:
                _log.warning("messages wait", reason=problem.code)
                prepared = Prepared([], some, [])
            until = time.monotonic() + _WAITS_S
            self._waiting.update({each.message.key: until for each in prepared.waiting})
            found += prepared.outgoing
            if prepared.withheld:
                with connection.transaction():
                    noting = Noting(connection, self._healths, self._succeeded, self._hub.clock.now())
                    noting.withhold(prepared.withheld)
        return found

    def _due(self) -> Iterable[Due]:
        now, monotonic = self._hub.clock.now(), time.monotonic()
        self._waiting = {key: until for key, until in self._waiting.items() if until > monotonic}
        of_each: dict[int, list[tuple[int, _Listed]]] = defaultdict(list)
        for (number, kind), listed in sorted(self._open.items()):
            of_each[number].append((kind, listed))
        for number, kinds in of_each.items():
            webhook = self._webhooks.get(number)
            if webhook is None:
                continue
            ready = [message for kind, listed in kinds if kind == PING for message, _ in listed]
            of_records = [(kind, listed) for kind, listed in kinds if kind != PING]
            if self._healths[number].is_open:
                ready += self._probe(number, of_records, now)
            else:
                for kind, listed in of_records:
                    ready += self._ready(number, kind, webhook, listed, now)
            yield from (Due(message, webhook.receiver, webhook.endpoint) for message in ready)

    def _probe(self, number: int, kinds: list[tuple[int, _Listed]], now: datetime) -> list[Message]:
        """Return the one message that an open circuit lets through: the oldest of the first kind that may go."""
        if not self._healths[number].may_try(now) or any(each[0] == number and each[1] for each in self._in_flight):
            return []
        return self._not_waiting([listed[0][0] for _, listed in kinds])[:1]

    def _ready(self, number: int, kind: int, webhook: _Webhook, listed: _Listed, now: datetime) -> list[Message]:
        if webhook.endpoint.ordered:
            return self._not_waiting([message for message, at in listed[:1] if at <= now])
        under_way = sum(key[:2] == (number, kind) for key in self._in_flight)
        ready = [message for message, at in listed if at <= now and message.key not in self._in_flight]
        return self._not_waiting(ready)[: max(0, _AT_ONCE - under_way)]

    def _not_waiting(self, ready: list[Message]) -> list[Message]:
        return [message for message in ready if message.key not in self._waiting]

    @property
    def _free(self) -> int:
        return max(0, self._senders - len(self._in_flight))

    def _send_fresh(self, connection: Connection) -> int:
        """Take out what is new and send it: destinations of a kind that stand near each other together."""
        figures = {figure.number: figure for figure in heads(connection)}
        groups = self._groups(figures, connection.execute(_SQL["standing"]).fetchall())
        if not groups:
            return 0
        self._turn = (self._turn + 1) % len(groups)
        sent = 0
        for kind, after, stands in groups[self._turn :] + groups[: self._turn]:
            free = self._free
            if free <= 0:
                break
            try:
                found = take(
                    self._hub,
                    connection,
                    self._registry,
                    stands[:free],
                    kind=kind,
                    after=after,
                    memory=self._memory,
                    monotonic=time.monotonic(),
                )
            except CallProblem as problem:
                _log.warning("records of webhooks wait", reason=problem.code)
            else:
                sent += self._send(connection, found)
        return sent

    def _groups(
        self, figures: dict[int, HeadFigure], rows: Iterable[tuple[int, int, int]]
    ) -> list[tuple[str, int, list[Stand]]]:
        """Return, by kind, who is served together: from where, and whom in the order in which they stand."""
        by_kind: dict[str, list[tuple[int, Stand]]] = defaultdict(list)
        found: list[tuple[str, int, list[Stand]]] = []
        for number, kind, taken in rows:
            stand = self._standing(number, figures[kind], taken) if kind in figures else None
            if stand is None:
                continue
            name, position = figures[kind].kind, self._memory.position(stand)
            if shares_reads(name, self._delay_of(stand, name)):
                by_kind[name].append((position, stand))
            else:
                found.append((name, position, [stand]))
        for name, standing in sorted(by_kind.items()):
            begins: int | None = None
            for position, stand in sorted(standing, key=lambda each: each[0]):
                if begins is None or position > begins + NEAR:
                    begins = position
                    found.append((name, begins, []))
                found[-1][2].append(stand)
        return found

    def _standing(self, number: int, figure: HeadFigure, taken: int) -> Stand | None:
        webhook = self._webhooks.get(number)
        if webhook is None or webhook.state != "active" or not endpoint.covers(webhook.kinds, figure.kind):
            return None
        key, health, monotonic = (number, figure.number), self._healths[number], time.monotonic()
        if self._memory.waits_until.get(key, 0) > monotonic:
            return None
        today = self._hub.clock.now().astimezone(VIET_NAM_TIME).date()
        agreement = self._agreements.of(webhook.receiver, figure.kind, on=today)
        if agreement is None:
            return None
        listed = self._open.get(key, [])
        if health.is_open and any(at == number and some for (at, _), some in self._open.items()):
            return None
        if health.is_open and not health.may_try(self._hub.clock.now()):
            return None
        under_way = sum(each[:2] == key for each in self._in_flight)
        if webhook.endpoint.ordered or health.is_open:
            if listed or under_way:
                return None
        elif len(listed) >= UNORDERED_OPEN_MAX or under_way >= _AT_ONCE:
            return None
        stand = Stand(number, webhook.receiver, webhook.endpoint, figure.number, taken)
        if self._memory.position(stand) >= figure.last_seq and not self._memory.is_long_silent(key, monotonic):
            return None
        if agreement.terms.delay_s:
            self._memory.waits_until[key] = monotonic + _DELAYED_S
        return stand

    def _delay_of(self, stand: Stand, kind: str) -> int:
        today = self._hub.clock.now().astimezone(VIET_NAM_TIME).date()
        agreement = self._agreements.of(stand.receiver, kind, on=today)
        return agreement.terms.delay_s if agreement else 0

    def _send(self, connection: Connection, outgoing: list[Outgoing]) -> int:
        if not outgoing:
            return 0
        keys = open_keys(self._hub, connection, {each.message.destination for each in outgoing})
        for each in outgoing:
            self._in_flight.add(each.message.key)
            self._threads.submit(self._post, each, keys.get(each.message.destination, []))
        return len(outgoing)

    def _post(self, each: Outgoing, keys: list[SigningKey]) -> None:
        """Make one attempt in a thread of the senders; whatever happens, its result is noted."""
        at = self._hub.clock.now()
        answer = Answer(None, "fault", 0.0)
        try:
            answer = self._attempt(each, keys, at)
        except Exception as error:
            _log.error("an attempt of a webhook failed by our fault", reason=type(error).__name__)
        self._results.put(Result(each.message, each.endpoint, answer, at, each.tells_of_people, each.again))
        self._wake.set()

    def _attempt(self, each: Outgoing, keys: list[SigningKey], at: datetime) -> Answer:
        headers = messages.headers(
            each.endpoint,
            keys,
            message=each.message.id(self._hub.keys),
            kind=each.kind,
            taken_at=each.message.taken_at,
            at=at,
            body=each.body,
        )
        return self._poster.post(Post(each.endpoint.url, headers, each.body))

    def _measure(self, connection: Connection) -> None:
        """Set the figures of all webhooks together."""
        now = self._hub.clock.now()
        counted = dict.fromkeys(("good", "failing", "warned", "disabled", "paused"), 0)
        open_circuits = 0
        for state, failures, since in connection.execute(_SQL["counts"]):
            health = Health(failures or 0, since)
            counted[health.standing(now) if state == "active" else state] += 1
            open_circuits += state == "active" and health.is_open
        for standing, count in counted.items():
            meters.DESTINATIONS.labels(standing).set(count)
        meters.OPEN_CIRCUITS.set(open_circuits)
        row = connection.execute(_SQL["slowest"], {"at": now}).fetchone()
        meters.SLOWEST.set(row[0] if row and row[0] else 0)
        self._poster.sweep()
        self._measured = time.monotonic()

    def _clean(self, connection: Connection) -> None:
        """Forget attempts and closed messages of more than 30 days, and keys that ended."""
        values = {"before": self._hub.clock.now() - ATTEMPTS_KEPT}
        while connection.execute(_SQL["forget_attempts"], values).rowcount:
            continue
        while connection.execute(_SQL["forget_messages"], values).rowcount:
            continue
        connection.execute(_SQL["forget_ended_keys"], {"at": self._hub.clock.now()})
        self._cleaned = time.monotonic()


def begin_added_kinds(connection: Connection) -> None:
    """Let webhooks begin in kinds that came with a later release, of which they get all."""
    connection.execute(_SQL["begin_added"])


def _ping(due: Due) -> Outgoing:
    return Outgoing(due.message, due.receiver, due.endpoint, "", messages.ping(due.message), False)
