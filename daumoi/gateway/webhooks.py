"""/api/v1/webhooks: a system manages its own webhooks; what another system has is not found."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from litestar import Request, delete, get, patch, post
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp

from daumoi.audit import services as audit
from daumoi.audit.actors import Subject
from daumoi.core.database import Connection
from daumoi.core.hub import Hub
from daumoi.core.problems import CallProblem
from daumoi.exchange.webhooks import selectors, services
from daumoi.exchange.webhooks.endpoint import Content, Endpoint
from daumoi.exchange.webhooks.selectors import ATTEMPTS_LISTED, Shown
from daumoi.exchange.webhooks.services import Held, NoSuchWebhook, WebhookFault
from daumoi.exchange.webhooks.signing import SigningKey
from daumoi.gateway import bodies
from daumoi.gateway.answers import JSON, json_answer
from daumoi.gateway.calls import Call, call_of
from daumoi.gateway.gate import Gate
from daumoi.gateway.parameters import SEQ_MAX, Query, whole_number

BODY_MAX_BYTES = 64 * 1024
_ID_MAX = 2**31 - 1
_T = TypeVar("_T")


class Registration(msgspec.Struct, forbid_unknown_fields=True):
    """A webhook that is to be made."""

    name: str
    url: str
    kinds: list[str]
    content: Content | None = None
    ordered: bool = True
    cloudevents: bool = False
    from_beginning: bool = False


class Change(msgspec.Struct, forbid_unknown_fields=True):
    """What is to be changed; what is not given stays."""

    url: str | msgspec.UnsetType = msgspec.UNSET
    kinds: list[str] | msgspec.UnsetType = msgspec.UNSET
    content: Content | msgspec.UnsetType | None = msgspec.UNSET
    ordered: bool | msgspec.UnsetType = msgspec.UNSET
    cloudevents: bool | msgspec.UnsetType = msgspec.UNSET
    state: str | msgspec.UnsetType = msgspec.UNSET
    """`active` or `paused`."""


class Again(msgspec.Struct, forbid_unknown_fields=True):
    """What is to be sent again: one message, or a kind from a number or an instant on."""

    message: str | None = None
    kind: str | None = None
    after: int | None = None
    since: datetime | None = None


# Made before any thread runs (see daumoi/kinds/decoding.py).
_REGISTRATION = msgspec.json.Decoder(Registration)
_CHANGE = msgspec.json.Decoder(Change)
_AGAIN = msgspec.json.Decoder(Again)


async def _body(gate: Gate, request: Request[Any, Any, Any], decoder: msgspec.json.Decoder[_T], said: str) -> _T:
    """Read the body; raises CallProblem, which repeats no value."""
    Query(request.scope["query_string"])
    bodies.require_type(request.scope, JSON)
    encoded = bodies.encoding(request.scope)
    sent = await bodies.whole(request.receive, limit=BODY_MAX_BYTES, settings=gate.hub.settings)
    try:
        return decoder.decode(bodies.plain(sent, encoded, limit=BODY_MAX_BYTES))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise CallProblem("malformed_body", f"The body is an object with {said}.") from None


def _id_of(request: Request[Any, Any, Any]) -> int:
    found = whole_number(request.path_params["webhook_id"], low=1, high=_ID_MAX)
    if found is None:
        raise _unknown()
    return found


def _unknown() -> CallProblem:
    return CallProblem("not_found", "Your system has no webhook of this id.")


def _changing(hub: Hub, call: Call, webhook: int, action: str, work: Callable[[Connection, Held, datetime], _T]) -> _T:
    """Do something to a webhook of the caller and write the line of the audit log, in one transaction."""
    at = hub.clock.now()
    try:
        with hub.pool.connection() as connection, connection.transaction():
            held = services.hold(connection, receiver=call.system.id, webhook=webhook)
            done = work(connection, held, at)
            _note(connection, call, webhook, action, at)
            return done
    except NoSuchWebhook:
        raise _unknown() from None
    except WebhookFault as fault:
        raise CallProblem("malformed_body", str(fault)) from None


def _note(connection: Connection, call: Call, webhook: int, action: str, at: datetime) -> None:
    subject = Subject(f"webhook {webhook}")
    audit.write(connection, at=at, by=call.actor, action=action, subject=subject, purpose="data_sharing")


def _one(hub: Hub, call: Call, webhook: int) -> Shown:
    with hub.pool.connection() as connection:
        found = selectors.webhooks(connection, receiver=call.system.id, webhook=webhook, now=hub.clock.now())
    if not found:
        raise _unknown()
    return found[0]


def _keys(keys: Sequence[SigningKey]) -> dict[str, str]:
    """What the receiver verifies by; the secret is shown once and not again."""
    return {"secret" if key.form == "hmac" else "public_key": key.shown for key in keys}


def _register(hub: Hub, call: Call, asked: Registration) -> Shown:
    at = hub.clock.now()
    endpoint = Endpoint(url=asked.url, content=asked.content, ordered=asked.ordered, cloudevents=asked.cloudevents)
    try:
        with hub.pool.connection() as connection, connection.transaction():
            made, keys = services.register(
                hub,
                connection,
                receiver=call.system.id,
                name=asked.name,
                kinds=asked.kinds,
                endpoint=endpoint,
                from_beginning=asked.from_beginning,
                at=at,
            )
            _note(connection, call, made, "webhook.add", at)
    except WebhookFault as fault:
        raise CallProblem("malformed_body", str(fault)) from None
    return _one(hub, call, made) | _keys(keys)


def _change(hub: Hub, call: Call, webhook: int, asked: Change) -> Shown:
    def work(connection: Connection, held: Held, at: datetime) -> None:
        given = {name: value for name, value in msgspec.structs.asdict(asked).items() if value is not msgspec.UNSET}
        state = given.pop("state", None)
        kinds = given.pop("kinds", held.kinds)
        if given or kinds is not held.kinds:
            endpoint = msgspec.structs.replace(held.endpoint, **given)
            services.change(hub, connection, held, kinds=kinds, endpoint=endpoint)
        if state == "active":
            services.resume(connection, held, at=at)
        elif state == "paused":
            services.pause(connection, held, at=at)
        elif state is not None:
            raise WebhookFault("state is active or paused; DELETE ends a webhook.")

    _changing(hub, call, webhook, "webhook.change", work)
    return _one(hub, call, webhook)


def _end(hub: Hub, call: Call, webhook: int) -> dict[str, str]:
    _changing(hub, call, webhook, "webhook.end", lambda connection, held, at: services.end(connection, held, at=at))
    return {"state": "ended"}


def _rotate(hub: Hub, call: Call, webhook: int) -> dict[str, str]:
    def work(connection: Connection, held: Held, at: datetime) -> dict[str, str]:
        return _keys(services.rotate(hub, connection, held, at=at))

    return _changing(hub, call, webhook, "webhook.keys", work)


def _test(hub: Hub, call: Call, webhook: int) -> dict[str, str]:
    def work(connection: Connection, held: Held, at: datetime) -> str:
        return services.ping(hub, connection, held, at=at)

    return {"message": _changing(hub, call, webhook, "webhook.test", work)}


def _again(hub: Hub, call: Call, webhook: int, asked: Again) -> dict[str, int]:
    def work(connection: Connection, held: Held, at: datetime) -> int:
        if asked.message is not None:
            if asked.kind is not None or asked.after is not None or asked.since is not None:
                raise WebhookFault("Give message alone, or kind with after or since.")
            services.resend(hub, connection, held, message=asked.message, at=at)
            return 1
        if asked.after is not None and not 0 <= asked.after < SEQ_MAX:
            raise WebhookFault("after is a number of the kind, or 0.")
        if asked.since is not None and asked.since.tzinfo is None:
            raise WebhookFault("since is an instant with an offset, such as 2021-08-01T08:00:00+07:00.")
        return services.replay(connection, held, kind=asked.kind or "", after=asked.after, since=asked.since, at=at)

    return {"messages": _changing(hub, call, webhook, "webhook.replay", work)}


def _attempts(hub: Hub, call: Call, webhook: int, before: int | None, limit: int) -> Shown:
    _one(hub, call, webhook)
    with hub.pool.connection() as connection:
        return selectors.attempts(hub, connection, webhook=webhook, before=before, limit=limit)


def _all_handlers(gate: Gate) -> list[HTTPRouteHandler]:
    @get("/api/v1/webhooks")
    async def webhooks(request: Request[Any, Any, Any]) -> ASGIApp:
        """List the caller's own webhooks."""
        Query(request.scope["query_string"])
        system = call_of(request.scope).system

        def work() -> list[Shown]:
            with gate.hub.pool.connection() as connection:
                return selectors.webhooks(connection, receiver=system.id, webhook=None, now=gate.hub.clock.now())

        return json_answer({"items": await gate.read(work)})

    @post("/api/v1/webhooks")
    async def register_webhook(request: Request[Any, Any, Any]) -> ASGIApp:
        """Make a webhook and show its keys, once."""
        call = call_of(request.scope)
        asked = await _body(gate, request, _REGISTRATION, "name, url and kinds, and what else the reference names")
        return json_answer(await gate.write(call.system, _register, gate.hub, call, asked))

    return [webhooks, register_webhook]


def _one_handlers(gate: Gate) -> list[HTTPRouteHandler]:
    @get("/api/v1/webhooks/{webhook_id:str}")
    async def webhook(request: Request[Any, Any, Any]) -> ASGIApp:
        """Show a webhook, and how it stands."""
        Query(request.scope["query_string"])
        return json_answer(await gate.read(_one, gate.hub, call_of(request.scope), _id_of(request)))

    @patch("/api/v1/webhooks/{webhook_id:str}")
    async def change_webhook(request: Request[Any, Any, Any]) -> ASGIApp:
        """Change, pause or resume a webhook."""
        call = call_of(request.scope)
        number = _id_of(request)
        asked = await _body(gate, request, _CHANGE, "any of url, kinds, content, ordered, cloudevents and state")
        return json_answer(await gate.write(call.system, _change, gate.hub, call, number, asked))

    @delete("/api/v1/webhooks/{webhook_id:str}", status_code=200)
    async def end_webhook(request: Request[Any, Any, Any]) -> ASGIApp:
        """End a webhook for good."""
        Query(request.scope["query_string"])
        call = call_of(request.scope)
        return json_answer(await gate.write(call.system, _end, gate.hub, call, _id_of(request)))

    @get("/api/v1/webhooks/{webhook_id:str}/attempts")
    async def webhook_attempts(request: Request[Any, Any, Any]) -> ASGIApp:
        """List the attempts of 30 days, the newest first."""
        query = Query(request.scope["query_string"], ("before", "limit"))
        before = query.whole("before", 0, low=0, high=SEQ_MAX)
        limit = query.whole("limit", ATTEMPTS_LISTED, low=1, high=ATTEMPTS_LISTED)
        call = call_of(request.scope)
        return json_answer(await gate.read(_attempts, gate.hub, call, _id_of(request), before or None, limit))

    return [webhook, change_webhook, end_webhook, webhook_attempts]


def _doing_handlers(gate: Gate) -> list[HTTPRouteHandler]:
    @post("/api/v1/webhooks/{webhook_id:str}/test")
    async def test_webhook(request: Request[Any, Any, Any]) -> ASGIApp:
        """Send a test message; its attempt shows what came of it."""
        Query(request.scope["query_string"])
        call = call_of(request.scope)
        return json_answer(await gate.write(call.system, _test, gate.hub, call, _id_of(request)))

    @post("/api/v1/webhooks/{webhook_id:str}/secret")
    async def replace_webhook_keys(request: Request[Any, Any, Any]) -> ASGIApp:
        """Make new keys and show them, once."""
        Query(request.scope["query_string"])
        call = call_of(request.scope)
        return json_answer(await gate.write(call.system, _rotate, gate.hub, call, _id_of(request)))

    @post("/api/v1/webhooks/{webhook_id:str}/replay")
    async def replay_webhook(request: Request[Any, Any, Any]) -> ASGIApp:
        """Send again what went out before, with the same ids."""
        call = call_of(request.scope)
        number = _id_of(request)
        asked = await _body(gate, request, _AGAIN, "message, or kind with after (a number) or since (an instant)")
        return json_answer(await gate.write(call.system, _again, gate.hub, call, number, asked))

    return [test_webhook, replace_webhook_keys, replay_webhook]


def handlers(gate: Gate) -> list[HTTPRouteHandler]:
    """Make the endpoints of webhooks."""
    return [*_all_handlers(gate), *_one_handlers(gate), *_doing_handlers(gate)]
