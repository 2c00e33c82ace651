"""What every page carries and refuses: headers for the browser, and names it may be opened by."""

import ipaddress
import socket
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port

from daumoi.console import errors

Answer = Callable[[HttpRequest], HttpResponse]

HEADERS = {
    # Nothing inline and nothing from elsewhere: a text that slips into a page cannot become a script. Pictures may be
    # data: the style sheet brings its marks so, and the code of an authenticator app is one.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "camera=(), geolocation=(), microphone=(), payment=(), usb=(), publickey-credentials-get=(self)"
    ),
    "X-Robots-Tag": "noindex, nofollow",
}


def guarded(answer: Answer) -> Answer:
    """Add the headers to every answer; a page is asked for again each time, and differs by language.

    Under TLS every cookie is for TLS alone; on the loopback, where a hub may speak in clear, none could be.
    """

    def guard(request: HttpRequest) -> HttpResponse:
        response = answer(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-cache")
        response.headers.setdefault("Vary", "Cookie")
        if request.is_secure():
            for cookie in response.cookies.values():
                cookie["secure"] = True
        return response

    return guard


def known_hosts(answer: Answer) -> Answer:
    """Refuse a name that is not this machine's: a page of another site must not reach the hub under its own name.

    That trick (DNS rebinding) needs a name and a connection in clear. So an address is always good, under TLS the
    certificate speaks for the name, and behind a proxy (TRUSTED_PROXIES) the names are the proxy's to check.
    """
    own = {"localhost", socket.gethostname().lower()}

    def check(request: HttpRequest) -> HttpResponse:
        host, _ = split_domain_port(request.get_host())
        proven = request.is_secure() or bool(request.META.get("daumoi.behind_proxy"))
        if proven or host in own or host.endswith(".localhost") or _is_address(host):
            return answer(request)
        return errors.unknown_host(request)

    return check


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
