"""The address a hub listens on: who can reach it, and whether it is free."""

import ipaddress
import os
import socket
import ssl
from pathlib import Path

from daumoi.cli.stopped import Stopped
from daumoi.core.settings import Settings


def check_exposure(host: str, settings: Settings, tls_cert: Path | None, tls_key: Path | None) -> None:
    """Refuse an address beyond this machine without TLS or a trusted proxy (design, section 7); raises Stopped."""
    if (tls_cert is None) != (tls_key is None):
        raise Stopped("--tls-cert and --tls-key belong together: give both.")
    for path in (tls_cert, tls_key):
        if path is not None and not os.access(path, os.R_OK):
            raise Stopped(f"{path} cannot be read. Give the path of a PEM file that this user may read.")
    if tls_cert is not None and tls_key is not None:
        _check_pair(tls_cert, tls_key)
    if is_loopback(host) or tls_cert is not None or settings.trusted_proxies:
        return
    raise Stopped(
        f"{host} can be reached from other machines, and passwords and personal data would cross the network in clear. "
        "Give --tls-cert and --tls-key, or name the proxy that ends TLS by TRUSTED_PROXIES, or listen on 127.0.0.1."
    )


def _check_pair(tls_cert: Path, tls_key: Path) -> None:
    try:
        # A password that nobody could type: a key that wants one is refused instead of asking on the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tls_cert, tls_key, password=lambda: b"")
    except (OSError, ValueError):
        raise Stopped(
            f"{tls_cert} and {tls_key} are no certificate with its key. Give both as PEM files that belong together, "
            "the key without a password."
        ) from None


def is_loopback(host: str) -> bool:
    """Tell whether an address is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def bind(host: str, port: int) -> socket.socket:
    """Take a port, before anything is started, without listening yet: callers are refused until the server is up.

    Port 0 takes any free one. Raises Stopped.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        raise Stopped(f"{host} is no address of this machine. Give --host an address such as 127.0.0.1.") from None
    # A name such as localhost has two addresses; most callers try the IPv4 one.
    family, kind, protocol, _, address = min(found, key=lambda one: one[0] != socket.AF_INET)
    bound = socket.socket(family, kind, protocol)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(address)
    except OSError as fault:
        bound.close()
        raise Stopped(
            f"Port {port} of {host} cannot be used ({fault.strerror}). Choose another with --port, or end what uses it."
        ) from None
    return bound


def url_of(host: str, port: int, *, tls: bool) -> str:
    """Return the address that people and partners use."""
    shown = f"[{host}]" if ":" in host else host
    return f"{'https' if tls else 'http'}://{shown}:{port}"
