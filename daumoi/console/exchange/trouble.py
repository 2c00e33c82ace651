"""What is wrong with a way out, in plain words, and what to do: the advice of docs/runbooks, on the page itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.utils.translation import gettext

from daumoi.console.exchange import answering
from daumoi.console.tags import day, moment, number
from daumoi.exchange.files.watching import NotFetched
from daumoi.exchange.receivers import Going
from daumoi.exchange.webhooks import results, services
from daumoi.exchange.webhooks.schedule import DISABLES_AFTER, OPENS_AFTER, WARNS_AFTER
from daumoi.exchange.webhooks.watching import Waiting

_LATE = timedelta(days=1)
"""After which a feed that is not read, or a file that is not fetched, is trouble."""


class Trouble(NamedTuple):
    """One thing that is wrong."""

    title: str
    is_grave: bool
    advice: tuple[str, ...]
    runbook: str = ""
    """The page of docs/runbooks that its alert leads to."""


def reason_words(reason: str) -> str:
    """Say in the reader's language why a way out stands as it does, where the hub or its owner wrote that by rule."""
    return {
        results.GONE: gettext("The receiver answered 410: it wants no more messages."),
        results.NOTHING_TAKEN: gettext("No message was taken for five days."),
        services.PAUSED: gettext("Paused by its owner."),
        services.ENDED: gettext("Ended by its owner."),
    }.get(reason, reason)


def of_webhook(shown: dict[str, Any], waiting: list[Waiting], *, without: list[str], now: datetime) -> list[Trouble]:
    """Say what is wrong with a webhook, as its selectors show it. `without`: kinds that wait and no agreement gives."""
    found = []
    if shown["state"] == "disabled":
        found.append(_disabled(shown))
    elif shown["state"] == "active" and shown["failures_in_a_row"]:
        found.append(_failing(shown, waiting, now))
    if shown["messages_failed"]:
        title = gettext("Messages that were given up after ten tries: %(number)s") % {
            "number": number(shown["messages_failed"])
        }
        advice = (
            gettext("Look below which they are and what the receiver answered, and tell its contact."),
            gettext("When it is mended, send them again: one by one, or all from a number on. They keep their ids."),
        )
        found.append(Trouble(title, False, advice))
    if without:
        title = gettext("Messages wait that no agreement gives now: %(kinds)s") % {"kinds": ", ".join(without)}
        advice = (
            gettext("Look at the receiver's agreement: it is suspended, has ended, or does not hold today."),
            gettext("Nothing is lost: they go out when the agreement gives them again."),
        )
        found.append(Trouble(title, False, advice))
    return found


def _disabled(shown: dict[str, Any]) -> Trouble:
    title = gettext("Switched off on %(at)s: nothing is sent any more. %(reason)s") % {
        "at": moment(shown["state_at"]),
        "reason": reason_words(shown["state_reason"]),
    }
    advice = (
        gettext("Tell the receiver's contact which webhook it is, and since when."),
        gettext(
            "When the receiver works, send a test, then switch it on again here, or let its owner do so: it goes on"
            " where it stood, in order, with the same ids."
        ),
        gettext(
            "Do not wait long: what retention drops meanwhile is passed over. See how old the first message that"
            " waits is."
        ),
    )
    return Trouble(title, True, advice, "WebhookDisabled")


def _failing(shown: dict[str, Any], waiting: list[Waiting], now: datetime) -> Trouble:
    since = shown["failing_since"]
    is_warned = since is not None and now - since >= WARNS_AFTER
    title = gettext("Failing since %(at)s")
    if is_warned:
        title = gettext("It has taken no message for a day or longer, since %(at)s")
    title %= {"at": moment(since)}
    last = max((each.last_try for each in waiting if each.last_try), key=lambda each: each.id, default=None)
    advice = []
    if last is not None:
        advice.append(f"{answering.came(last.status, last.error)}: {answering.meaning(last.status, last.error)}")
    if shown["failures_in_a_row"] >= OPENS_AFTER:
        advice.append(gettext("After so many failures in a row one message at a time is tried, and nothing else."))
    if shown["tried_again_at"] is not None:
        advice.append(
            gettext("The next try is on %(at)s; when it is taken, all that waits goes out.")
            % {"at": moment(shown["tried_again_at"])}
        )
    advice.append(
        gettext(
            "Nobody need wait for that: send a test, and when it is taken, pause the webhook and let it go on. All that"
            " waits is due at once."
        )
    )
    advice.append(
        gettext("If it stays so, it is switched off on %(at)s. Nothing is lost by that: what comes waits in the log.")
        % {"at": moment(since + DISABLES_AFTER)}
    )
    if is_warned:
        advice.append(
            gettext(
                "If all webhooks fail, this hub does not reach them: look at its firewall, its resolver and its clock."
            )
        )
    return Trouble(title, is_warned, tuple(advice), "WebhookFailing" if is_warned else "")


def of_files(waits: NotFetched, *, kept_days: int, now: datetime) -> list[Trouble]:
    """Say what is wrong with a destination of files."""
    if waits.made_at is None or now - waits.made_at < _LATE:
        return []
    title = gettext("Files lie ready and are not fetched: %(number)s, the oldest of %(day)s") % {
        "number": number(waits.parts),
        "day": day(waits.oldest),
    }
    advice = (
        gettext("Tell the receiver's contact. It lists its files at /api/v1/files and fetches each by its name."),
        gettext("The oldest is removed on %(at)s.") % {"at": moment(waits.made_at + timedelta(days=kept_days))},
    )
    return [Trouble(title, False, advice)]


def of_feed(going: Going, *, now: datetime) -> list[Trouble]:
    """Say what is wrong with a feed, which its receiver reads by itself."""
    oldest = going.oldest_at
    if oldest is None or now - oldest < _LATE:
        return []
    title = gettext("It has not acknowledged what was received on %(at)s") % {"at": moment(oldest)}
    advice = (
        gettext("Ask the receiver's contact whether its reading job runs, and which answer it gets."),
        gettext("A receiver acknowledges by asking for what comes after the last number it has for sure."),
    )
    return [Trouble(title, False, advice)]
