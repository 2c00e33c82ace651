"""Attempts of webhooks in the words of the pages: what came of one, what it means, and what the hub did then."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext

from daumoi.console.tags import moment
from daumoi.exchange.webhooks.schedule import GONE, STEPS_S, result_of
from daumoi.exchange.webhooks.watching import Attempt

_THROTTLED, _REDIRECTS, _SERVER = 429, range(300, 400), range(500, 600)
_REFUSING = (401, 403)


def came(status: int | None, error: str | None) -> str:
    """Say what came of an attempt in a few words."""
    if status is not None:
        words = gettext("taken") if result_of(status) == "delivered" else gettext("not taken")
        return gettext("%(words)s, answer %(status)s") % {"words": words, "status": status}
    return {
        "address_refused": gettext("not sent: the address is not allowed"),
        "name_unknown": gettext("not sent: the name of the host is not known"),
        "timeout": gettext("no answer in time"),
        "certificate": gettext("certificate does not fit"),
        "tls": gettext("no secure connection"),
        "refused": gettext("connection refused"),
        "broken_off": gettext("connection broken off"),
        "not_http": gettext("the answer is not HTTP"),
    }.get(error or "", gettext("not sent: a fault of this hub"))


def colour(status: int | None) -> str:
    """Name the class of an attempt's badge."""
    return "bg-green-lt" if result_of(status) == "delivered" else "bg-red-lt"


def meaning(status: int | None, error: str | None) -> str:
    """Say what a failure means and what to do about it; the same advice as docs/runbooks/WebhookFailing.md."""
    if status is not None:
        return _of_status(status)
    return {
        "address_refused": gettext(
            "Its name leads into a network that this hub may not send to. If that is meant, the operator of the hub"
            " allows it in DAUMOI_WEBHOOK_ALLOW and starts the hub again."
        ),
        "name_unknown": gettext(
            "The name of its host is not known, or the resolver of this machine did not answer. Ask its contact for the"
            " right address; where it happens to many, the operator of the hub looks at the resolver."
        ),
        "timeout": gettext(
            "It did not answer within 15 seconds. Ask its contact to look at the server and the firewall; it should"
            " take a message first and work on it afterwards."
        ),
        "certificate": gettext(
            "Its TLS certificate has run out or does not fit its name. Ask its contact to renew it; the hub sends"
            " nothing to a server that it cannot recognise."
        ),
        "tls": gettext("A secure connection did not come about. Ask its contact to look at the TLS settings."),
        "refused": gettext("Nobody listens at this address. Ask its contact whether the server runs."),
        "broken_off": gettext(
            "The connection ended before the answer was whole, so the message counts as not taken. Ask its contact to"
            " look at the server and the firewall."
        ),
        "not_http": gettext("What answers there is no web server. Ask its contact for the right address."),
    }.get(
        error or "",
        gettext("The message could not be made or sent. Give the instant of this attempt to the operator of the hub."),
    )


def _of_status(status: int) -> str:
    if result_of(status) == "delivered":
        return gettext("The receiver has taken the message.")
    if status == GONE:
        return gettext("The receiver says that it wants no more messages at this address.")
    if status in _REDIRECTS:
        return gettext(
            "It sends the message on to another address, which the hub does not follow. Ask its owner to register the"
            " right address."
        )
    if status in _REFUSING:
        return gettext(
            "It did not accept the sender. Ask its contact whether it checks the signature with the keys of today."
        )
    if status == _THROTTLED:
        return gettext("It has too much to do; the hub waits as long as it asks for, a day at most.")
    if status in _SERVER:
        return gettext("Its server has a fault of its own. Ask its contact to look at its log at this instant.")
    return gettext("It refused the message. Tell its contact the answer, and ask for the right address.")


def then(each: Attempt, *, state: str, now: datetime) -> str:
    """Say what the hub did after an attempt. `state` is the webhook's of today."""
    if result_of(each.status) == "delivered":
        return gettext("Nothing more to do.") if each.is_test else gettext("Written down as delivered.")
    if each.is_test:
        return gettext("A test is sent once; nothing follows.")
    if each.again is not None:
        return gettext("Sent again on %(at)s.") % {"at": moment(each.again.at)}
    if each.status == GONE:
        return gettext("The webhook was switched off; the message waits.")
    if each.state == "failed" and state == "ended":
        return gettext("Not sent any more: the webhook has ended.")
    if each.state == "failed":
        return gettext("Given up after %(tries)s tries, until somebody sends it again.") % {"tries": len(STEPS_S)}
    if each.state == "withheld":
        return gettext("Not sent any more: the agreement gives nothing of it now.")
    if each.state == "open" and each.next_at is not None:
        return next_try(each.next_at, state=state, now=now)
    return gettext("Its message is not known any more: they are kept for 30 days.")


def next_try(at: datetime, *, state: str, now: datetime) -> str:
    """Say when a message that waits is tried again."""
    if state == "active":
        if at > now:
            return gettext("Is sent again on %(at)s.") % {"at": moment(at)}
        return gettext("Is sent as soon as its turn comes.")
    if state == "disabled":
        return gettext("Waits until the webhook is switched on again.")
    return gettext("Waits until the webhook goes on.")
