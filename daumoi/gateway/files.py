"""GET /api/v1/files, …/files/{name} and /api/v1/keys: files made for the caller, and the keys their manifests carry.

A file is read in pieces by threads; between them it is looked whether the caller may still have it: a suspension
ends a fetch that is under way. It counts as fetched when its last piece has been taken.
"""

import base64
import re
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.response import Stream
from litestar.types import ASGIApp

from daumoi.audit import heads
from daumoi.core.hub import Hub
from daumoi.core.problems import CallProblem
from daumoi.exchange import statements as proof
from daumoi.exchange.files import fetching, manifest
from daumoi.exchange.files.fetching import LISTED_MAX, Opened
from daumoi.gateway.answers import json_answer
from daumoi.gateway.calls import Call, call_of
from daumoi.gateway.gate import LOG_KINDS, Gate
from daumoi.gateway.parameters import Query

LISTED = 100
_PIECE_BYTES = 256 * 1024
_NAME = re.compile(r"[a-z0-9_.-]{1,200}", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
MEDIA_TYPES = {
    ".json": "application/json",
    ".ndjson": "application/x-ndjson",
    ".csv": "text/csv; charset=utf-8",
    ".parquet": "application/vnd.apache.parquet",
}
AUDIT_KEY_ID = "audit-head-1"


def _day_of(query: Query) -> date | None:
    text = query.text("day")
    if text is None:
        return None
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else _no_day()
    except ValueError:
        return _no_day()


def _no_day() -> date:
    raise CallProblem("bad_parameter", "day is a date: YYYY-MM-DD.")


def _public_keys(hub: Hub) -> list[dict[str, str]]:
    found = (
        (manifest.KEY_ID, "manifests of files", manifest.public_key(hub.keys)),
        (AUDIT_KEY_ID, "heads of the audit log", heads.public_key(hub.keys)),
        (proof.KEY_ID, "statements of a day", proof.signing_key(hub.keys).public_key()),
    )
    return [
        {
            "kty": "OKP",
            "crv": "Ed25519",
            "alg": "EdDSA",
            "use": "sig",
            "kid": name,
            "x": base64.urlsafe_b64encode(key.public_bytes_raw()).rstrip(b"=").decode(),
            "signs": signs,
        }
        for name, signs, key in found
    ]


async def pieces(gate: Gate, call: Call, name: str, opened: Opened) -> AsyncIterator[bytes]:
    """Yield a file; raises CallProblem where the right to it ends or changes meanwhile: the answer breaks off."""
    with opened.content as content:
        left = opened.bytes
        while left and (piece := await gate.read(content.read, _PIECE_BYTES)):
            if gate.active(call.caller.client_id) is None:
                raise CallProblem("unauthorized")
            agreement = gate.agreement(call.system, opened.kind)
            # What the gate knows may be a moment older than what the file was opened under.
            if (agreement.id, agreement.version) > opened.under:
                raise CallProblem("no_agreement", "The agreement has changed since the file was opened.")
            left -= len(piece)
            yield piece
    if not left:
        await gate.read(fetching.acknowledge, gate.hub, name=name)


def handlers(gate: Gate) -> list[HTTPRouteHandler]:
    """Make the endpoints of files and keys."""

    @get("/api/v1/files")
    async def files(request: Request[Any, Any, Any]) -> ASGIApp:
        """List the caller's own files, in the order of their names."""
        query = Query(request.scope["query_string"], ("kind", "day", "after", "limit"))
        kind, after = query.text("kind"), query.text("after") or ""
        if kind is not None and kind not in LOG_KINDS:
            raise CallProblem("unknown_kind")
        if after and not _NAME.fullmatch(after):
            raise CallProblem("bad_parameter", "after is the name of a file, as the list before gave it under next.")
        found = await gate.read(
            fetching.page,
            gate.hub,
            system=call_of(request.scope).system,
            kind=kind,
            day=_day_of(query),
            after=after,
            limit=query.whole("limit", LISTED, low=1, high=LISTED_MAX),
        )
        return json_answer({"items": found.files, "next": found.next})

    @get("/api/v1/files/{name:str}")
    async def file(request: Request[Any, Any, Any]) -> Stream:
        """Give one of the caller's own files."""
        Query(request.scope["query_string"])
        name = request.path_params["name"]
        if not _NAME.fullmatch(name):
            raise CallProblem("not_found")
        call = call_of(request.scope)
        opened = await gate.read(fetching.open_file, gate.hub, system=call.system, name=name, by=call.actor)
        media_type = MEDIA_TYPES[name[name.rindex(".") :]]
        headers = {
            "Content-Length": str(opened.bytes),
            "Content-Disposition": f'attachment; filename="{name}"',
        }
        return Stream(pieces(gate, call, name, opened), media_type=media_type, headers=headers)

    @get("/api/v1/keys")
    async def keys(request: Request[Any, Any, Any]) -> ASGIApp:
        """Give the public keys that the hub signs with, as JWK (RFC 8037)."""
        Query(request.scope["query_string"])
        return json_answer({"keys": _public_keys(gate.hub)})

    return [files, file, keys]
