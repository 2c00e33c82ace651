"""Asks the hub whether it takes records, as a load balancer would."""

import http.client
import json
import ssl

_TIMEOUT_S = 2.0
_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound


class Probe:
    """One address to ask."""

    def __init__(self, host: str, port: int, *, tls: bool) -> None:
        """Name the address that the hub listens on; a wildcard is asked at the loopback."""
        self._host, self._port, self._tls = _WILDCARDS.get(host, host), port, tls
        self._reason = "Nothing has answered yet."

    def is_ready(self) -> bool:
        """Tell whether /readyz answers 200."""
        connection = self._connection()
        try:
            connection.request("GET", "/readyz")
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            self._reason = "The server does not answer yet."
            return False
        finally:
            connection.close()
        if answer.status == http.client.OK:
            return True
        try:
            self._reason = str(json.loads(body)["detail"])
        except (ValueError, KeyError, TypeError):
            self._reason = f"/readyz answers {answer.status}."
        return False

    def reason(self) -> str:
        """Say why it was not ready when last asked."""
        return self._reason

    def _connection(self) -> http.client.HTTPConnection:
        if not self._tls:
            return http.client.HTTPConnection(self._host, self._port, timeout=_TIMEOUT_S)
        # Asked of ourselves on this machine; whether others trust the certificate is not what is tested.
        context = ssl._create_unverified_context()  # noqa: S323
        return http.client.HTTPSConnection(self._host, self._port, timeout=_TIMEOUT_S, context=context)
