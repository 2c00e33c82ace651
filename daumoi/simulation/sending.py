"""Sends batches as a partner does: a token, bodies of NDJSON, and all of it again when the hub was not ready."""

from __future__ import annotations

import base64
import http.client
import ssl
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import msgspec

_TRIES = 8
_TIMEOUT_S = 120.0
_AGAIN = frozenset({401, 429, 503})
_OUTCOMES = ("received", "accepted", "corrected", "withdrawn", "repeated", "held")


class Refused(Exception):
    """The hub answered what no sender can mend by trying again; the message says what."""


@dataclass
class Partner:
    """One system at the door of the hub."""

    url: str
    client_id: str
    client_secret: str
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    """What the receipts said, by kind and outcome."""
    _token: str = ""
    _connection: http.client.HTTPConnection | None = None

    def send(self, kind: str, body: bytes, rows: int) -> None:
        """Send rows as NDJSON and add up the receipt; raises Refused."""
        for trial in range(_TRIES):
            status, headers, answer = self._post(f"/api/v1/records/{kind}", body)
            if status == 200:
                self._add(kind, answer)
                return
            if status not in _AGAIN:
                raise Refused(f"The hub answered {status} ({answer.get('code', 'no code')}) to {rows} {kind}.")
            if status == 401:
                self._token = ""
            time.sleep(min(float(headers.get("Retry-After", "1")), 10.0) if trial else 0.2)
        raise Refused(f"The hub did not take {rows} {kind} in {_TRIES} tries.")

    def _add(self, kind: str, receipt: dict[str, Any]) -> None:
        found = self.counts.setdefault(kind, dict.fromkeys(_OUTCOMES, 0))
        for name in _OUTCOMES:
            found[name] += receipt[name]

    def _post(self, path: str, body: bytes) -> tuple[int, dict[str, str], dict[str, Any]]:
        try:
            if not self._token:
                self._sign_in()
            return self._call(
                path, body, {"Authorization": f"Bearer {self._token}", "Content-Type": "application/x-ndjson"}
            )
        except (OSError, http.client.HTTPException):
            self._connection = None
            return 503, {}, {"code": "not_reached"}

    def _sign_in(self) -> None:
        basic = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"}
        status, _, answer = self._call("/api/v1/oauth/token", b"grant_type=client_credentials", headers)
        if status != 200:
            raise Refused(f"The hub gave no token ({status}, {answer.get('code', 'no code')}).")
        self._token = answer["access_token"]

    def _call(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, dict[str, str], dict[str, Any]]:
        if self._connection is None:
            self._connection = _connected(self.url)
        self._connection.request("POST", path, body, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        try:
            decoded = msgspec.json.decode(content, type=dict[str, Any])
        except msgspec.DecodeError:
            decoded = {}
        return answer.status, dict(answer.getheaders()), decoded


def _connected(url: str) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    host = parts.hostname or "127.0.0.1"
    if parts.scheme == "https":
        return http.client.HTTPSConnection(host, parts.port, timeout=_TIMEOUT_S, context=ssl.create_default_context())
    return http.client.HTTPConnection(host, parts.port, timeout=_TIMEOUT_S)
