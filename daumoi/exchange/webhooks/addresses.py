"""Which addresses a webhook may be sent to: public ones, and networks that the hub's operator allows.

A name is resolved once for an attempt, every address it has is checked, and a checked one is connected to: a name that
changes its address between check and use (DNS rebinding) gains nothing. Redirects are never followed.
"""

import ipaddress
import socket
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple
from urllib.parse import urlsplit

URL_MAX = 2000
RESOLVES_S = 15.0
RESOLVERS = 32
"""Names that are looked up at once: one that hangs holds up no other."""
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str, int], Sequence[str]]

_NEVER = tuple(
    ipaddress.ip_network(said)
    for said in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # between a provider and its customers
        "100.100.100.200/32",  # metadata of one cloud
        "169.254.0.0/16",  # link-local, with the metadata of most clouds
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "64:ff9b::/96",  # IPv4 translated into IPv6
        "64:ff9b:1::/48",
        "2001::/32",  # Teredo: an IPv4 address inside
        "2002::/16",  # 6to4: an IPv4 address inside
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
)
"""Networks that are refused beside those the standard library calls not global."""


class AddressRefused(Exception):
    """The address cannot be used; the message says why and what to do, and repeats no value."""


class NameUnknown(AddressRefused):
    """The name of the host leads to no address, now or at all."""


class Target(NamedTuple):
    """Where a webhook goes, as its address says."""

    is_tls: bool
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The Host header."""
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return shown if self.port == (443 if self.is_tls else 80) else f"{shown}:{self.port}"


def target_of(url: str) -> Target:
    """Take an address apart; raises AddressRefused."""
    if len(url) > URL_MAX or not url.isascii() or any(ord(sign) <= 32 or ord(sign) == 127 for sign in url):
        raise AddressRefused(
            f"The address is ASCII without spaces, at most {URL_MAX} characters; write other names in their IDNA form."
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise AddressRefused("The address cannot be read. It is https://, a name and a path.") from None
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise AddressRefused("The address begins with https:// and names a host.")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise AddressRefused("The address holds no user, password or fragment. Messages are signed instead.")
    if port == 0:
        raise AddressRefused("The port lies between 1 and 65535.")
    is_tls = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(is_tls, parts.hostname, port or (443 if is_tls else 80), path)


def resolved(host: str, port: int) -> list[str]:
    """Ask the machine's resolver for all addresses of a name; raises AddressRefused."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NameUnknown("The name of the host is not known. Check the address.") from None
    return [str(entry[4][0]) for entry in found]


class Guard:
    """Says which addresses may be connected to; `allowed` networks are the operator's setting DAUMOI_WEBHOOK_ALLOW."""

    def __init__(self, allowed: Sequence[Network] = (), *, resolve: Resolve = resolved) -> None:
        """Take the networks that are allowed although they are not public."""
        self._allowed, self._resolve = tuple(allowed), resolve
        # The resolver of a machine has no limit that a caller could set, so others ask it.
        self._resolvers = ThreadPoolExecutor(RESOLVERS, "webhook-resolve")
        self._lock = threading.RLock()
        self._under_way: dict[tuple[str, int], Future[Sequence[str]]] = {}

    def checked(self, target: Target, *, within_s: float = RESOLVES_S) -> list[str]:
        """Resolve once and return the addresses that may be connected to, in the resolver's order.

        Raises AddressRefused where one of them is not allowed, and for plain HTTP to an address that is not in an
        allowed network; TimeoutError where the machine's resolver does not answer in time.
        """
        found = list(dict.fromkeys(self._asked(target).result(within_s)))
        if not found:
            raise NameUnknown("The name of the host has no address.")
        for said in found:
            self._check(said, is_tls=target.is_tls)
        return found

    def _asked(self, target: Target) -> "Future[Sequence[str]]":
        """Ask for a name, once for all who want to know it at this moment: one that hangs holds up one resolver."""
        key = target.host, target.port
        with self._lock:
            under_way = self._under_way.get(key)
            if under_way is None or under_way.done():
                under_way = self._under_way[key] = self._resolvers.submit(self._resolve, *key)
                under_way.add_done_callback(lambda _: self._under_way.pop(key, None))
            return under_way

    def check_written(self, target: Target) -> None:
        """Check what can be said of an address before it is used: a written-out IP address, and plain HTTP.

        Raises AddressRefused. Names are checked at each use.
        """
        try:
            ipaddress.ip_address(target.host)
        except ValueError:
            if not target.is_tls and not self._allowed:
                raise AddressRefused("Messages go by https:// only.") from None
            return
        self._check(target.host, is_tls=target.is_tls)

    def _check(self, said: str, *, is_tls: bool) -> None:
        try:
            address: Address = ipaddress.ip_address(said.partition("%")[0])
        except ValueError:
            raise AddressRefused("The name of the host has no usable address.") from None
        if any(address in network for network in self._allowed):
            return
        if not is_public(address):
            raise AddressRefused(
                "The host lies in a network that messages do not go to (private, loopback, link-local, multicast or"
                " reserved). Name a public address, or ask the operator to allow the network: DAUMOI_WEBHOOK_ALLOW."
            )
        if not is_tls:
            raise AddressRefused("Messages go by https:// only.")


def is_public(address: Address) -> bool:
    """Tell whether an address is of the open Internet. IPv4 addresses in the clothes of IPv6 are not."""
    if isinstance(address, ipaddress.IPv6Address) and (address.ipv4_mapped is not None or int(address) >> 32 == 0):
        return False
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified:
        return False
    return not any(address.version == network.version and address in network for network in _NEVER)
