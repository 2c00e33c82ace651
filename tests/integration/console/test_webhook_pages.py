"""Webhooks on the pages of their receiver: health, what waits, every attempt with its request, and steps with a reason."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from daumoi.core.hub import Hub
from daumoi.core.settings import load
from daumoi.exchange.webhooks import services
from daumoi.organisations.registry import System
from tests.integration.console.desk import Desk, statements_of
from tests.integration.console.sharing import KIND, SECRETS, set_up
from tests.integration.exchange.agreeing import agreed, terms_of
from tests.integration.exchange.webhooks.receiving import (
    ALLOWED,
    Hook,
    Looking,
    Receiver,
    a_receiver,
    a_webhook,
    looking,
)

QUERIES_OF_A_WEBHOOK = 23
"""The reader's standing, the way and its account, names, settings, keys, what waits, attempts and agreements."""
QUERIES_OF_ATTEMPTS = 14


@dataclass
class Pushing:
    """A desk, a hub that may send to this machine, a receiver behind a socket, and who sends to it."""

    desk: Desk
    hub: Hub
    system: System
    receiver: Receiver
    looks: Looking

    def move(self, **by: float) -> None:
        self.hub.clock.move(timedelta(**by))  # type: ignore[attr-defined]

    def page(self, hook: Hook, more: str = "", *, name: str = "otto", language: str = "en") -> str:
        return self.desk.as_member(name, language=language).get(f"/console/receivers/{hook.id}/{more}").text

    def post(self, hook: Hook, step: str, name: str = "otto", **data: Any) -> str:
        answer = self.desk.as_member(name).post(
            f"/console/receivers/{hook.id}/{step}/", data=data, follow_redirects=True
        )
        return answer.text if answer.status_code == 200 else str(answer.status_code)


@pytest.fixture(scope="module")
def pushing(desk: Desk) -> Iterator[Pushing]:
    _, system = set_up(desk)
    desk.add("lan", "security_monitor", area="vn-2025/01")
    agreed(desk.hub, system, terms_of(KIND, identity="given"))
    hub = replace(desk.hub, settings=load(ALLOWED, data_dir=desk.hub.settings.data_dir))
    with a_receiver() as receiver, looking(hub) as looks:
        yield Pushing(desk, hub, system, receiver, looks)


@pytest.fixture
def thin(pushing: Pushing) -> Iterator[Hook]:
    """A webhook that tells numbers alone, because its records tell of people."""
    pushing.receiver.requests.clear()
    pushing.receiver.behaviour = lambda came: 503
    hook = a_webhook(pushing.hub, pushing.system, f"{pushing.receiver.url}/secret-path", kinds=(KIND,), content=None)
    yield hook
    if hook.state != "ended":
        hook.do(services.end, at=pushing.hub.clock.now())


def said(page: str) -> str:
    """What a page says in its main part, without tags."""
    return html.unescape(re.sub(r"(?:<[^>]+>|\s)+", " ", page.partition("<main")[2].partition("</main>")[0]))


def attempt_links(page: str) -> list[str]:
    return re.findall(r"attempts/\d+/", page.partition('id="attempts"')[2])


def test_a_webhook_that_fails_says_what_is_wrong_what_waits_and_what_was_tried(pushing: Pushing, thin: Hook) -> None:
    pushing.looks.until_quiet()
    pushing.move(seconds=6)
    pushing.looks.until_quiet()
    page = pushing.page(thin)
    shown = said(page)

    assert "Failing since" in shown
    assert "waiting: 1, given up: 0" in shown
    listed = said(pushing.desk.as_member("otto").get("/console/receivers/").text)
    assert re.search(r"active failing since [\d/: ]+ not taken, answer 503 Citizens' reports", listed)
    assert "not taken, answer 503: Its server has a fault of its own." in shown
    assert "failures in a row: 2" in shown
    assert re.search(
        r"Citizens' reports 1 – 3 taken out [\d/: ]+ 3 2 Is sent again on [\d/: ]+\. not taken, answer 503", shown
    )
    tries = re.findall(r"1 – 3 msg_\w{12}… (\d) not taken, answer 503 \d+ ms (.*?)\.", shown)
    assert [number for number, _ in tries] == ["2", "1"]
    assert tries[0][1].startswith("Is sent again on")
    assert tries[1][1].startswith("Sent again on")
    assert "secret-path" not in page
    assert not any(key.shown in page for key in thin.keys)
    assert re.search(r"key \d+, shared secret, since [\d/: ]+ key \d+, Ed25519", shown)
    otto = pushing.desk.as_member("otto")
    assert len(statements_of(lambda: otto.get(f"/console/receivers/{thin.id}/"))) <= QUERIES_OF_A_WEBHOOK


def test_keys_in_rotation_stand_there_by_their_numbers_alone(pushing: Pushing, thin: Hook) -> None:
    made = thin.do(lambda connection, held: services.rotate(pushing.hub, connection, held, at=pushing.hub.clock.now()))
    page = pushing.page(thin)
    assert len(re.findall(r"key \d+, shared secret, since [\d/: ]+", said(page))) == 2
    assert len(re.findall(r"replaced, until [\d/: ]+", said(page))) == 2
    assert not any(key.shown in page for key in (*thin.keys, *made))


def test_the_request_of_an_attempt_is_shown_as_it_came_where_it_tells_of_nobody(pushing: Pushing, thin: Hook) -> None:
    pushing.looks.until_quiet()
    came = pushing.receiver.requests[-1]
    link = attempt_links(pushing.page(thin))[0]
    page = pushing.page(thin, link)
    shown = html.unescape(page)

    assert came.body.decode() in shown
    for name in ("webhook-id", "webhook-timestamp", "content-type", "user-agent", "content-length"):
        assert re.search(rf"^{name}: {re.escape(came.headers[name])}$", shown, re.M | re.I), name
    assert came.headers["webhook-signature"] not in shown
    assert not any(part in shown for part in re.findall(r"\S{20,}", came.headers["webhook-signature"]))
    assert "secret-path" not in page
    assert '<pre class="sent" tabindex="0">said</pre>' in page, "the answer told of nobody"
    assert pushing.desk.as_member("otto").get(f"/console/receivers/{thin.id}/attempts/0/").status_code == 404
    other = a_webhook(pushing.hub, pushing.system, "http://127.0.0.1:9/other", kinds=(KIND,))
    number = link.split("/")[1]
    answer = pushing.desk.as_member("otto").get(f"/console/receivers/{other.id}/attempts/{number}/")
    assert answer.status_code == 404, "an attempt is shown on the page of its own webhook alone"
    other.do(services.end, at=pushing.hub.clock.now())


def test_a_message_that_told_of_people_is_shown_nowhere_and_its_answer_neither(pushing: Pushing) -> None:
    pushing.receiver.behaviour = lambda came: 200
    hook = a_webhook(pushing.hub, pushing.system, f"{pushing.receiver.url}/full", kinds=(KIND,))
    pushing.looks.until_quiet()
    assert SECRETS[0].encode() in pushing.receiver.requests[-1].body
    listed = pushing.page(hook)
    page = pushing.page(hook, attempt_links(listed)[0])

    assert "Its body held records that tell of people. Bodies are kept nowhere" in page
    assert "What it said is not kept: the message told of people" in page
    assert "Written down as delivered." in listed
    assert not any(secret in text for secret in SECRETS for text in (listed, page))
    hook.do(services.end, at=pushing.hub.clock.now())


def test_attempts_and_waiting_messages_are_paged_by_key_at_the_same_price(
    pushing: Pushing, thin: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushing.looks.until_quiet()
    for _ in range(3):
        thin.do(lambda connection, held: services.ping(pushing.hub, connection, held, at=pushing.hub.clock.now()))
        pushing.looks.until_quiet()
    otto = pushing.desk.as_member("otto")
    whole = len(statements_of(lambda: otto.get(f"/console/receivers/{thin.id}/attempts/")))
    monkeypatch.setattr("daumoi.exchange.webhooks.watching.attempts.__kwdefaults__", {"before": None, "most": 2})
    first = pushing.page(thin, "attempts/")
    link = re.search(r'href="(\?before=\d+)"', first)
    assert link is not None
    second = pushing.page(thin, f"attempts/{link[1]}")
    tries = [re.findall(r"attempts/(\d+)/", each) for each in (first, second)]
    assert [len(each) for each in tries] == [2, 2]
    assert tries[0][1] > tries[1][0]
    assert "?before=" not in second
    assert len(statements_of(lambda: otto.get(f"/console/receivers/{thin.id}/attempts/"))) == whole
    for more in ("attempts/", "waiting/", f"attempts/{tries[0][0]}/"):
        asked = statements_of(partial(otto.get, f"/console/receivers/{thin.id}/{more}"))
        assert len(asked) <= QUERIES_OF_ATTEMPTS, more
    assert "1 – 3" in said(pushing.page(thin, "waiting/"))
    assert "No message waits" in pushing.page(thin, "waiting/?after=9-99999")


def test_a_test_and_one_message_again_need_a_reason_and_are_audited(pushing: Pushing, thin: Hook) -> None:
    pushing.looks.until_quiet()
    pushing.receiver.behaviour = lambda came: 204
    pushing.desk.look_past()
    begun = len(pushing.receiver.taken)
    assert "Give a reason" in pushing.post(thin, "test")
    assert "A test is sent within seconds" in pushing.post(thin, "test", reason="Bên nhận đã sửa")
    assert "The message is sent again" in pushing.post(thin, "resend", message=f"{KIND}-1", reason="Bên nhận đã sửa")
    for message in (f"{KIND}-2", f"{KIND}-x", "nothing", f"{KIND}-{10**30}"):
        assert "No message of this webhook begins" in pushing.post(thin, "resend", message=message, reason="x")
    pushing.looks.until_quiet()
    came = sorted(pushing.receiver.taken[begun:], key=lambda each: each.said["type"] != "webhook.test")
    assert [each.said["type"] for each in came] == ["webhook.test", *["records.available"] * 3]
    tested, again = pushing.desk.lines("webhook.test"), pushing.desk.lines("webhook.replay")
    assert [len(tested), len(again)] == [1, 1]
    ids = {each.id for each in came[:2]}
    assert {line[1] for line in (*tested, *again)} == {f"webhook {thin.id}, {each}" for each in ids}
    assert "No message waits" in pushing.page(thin)


def test_a_replay_says_how_much_it_is_before_it_sends_and_keeps_the_ids(pushing: Pushing, thin: Hook) -> None:
    pushing.receiver.behaviour = lambda came: 204
    pushing.looks.until_quiet()
    sent = [each.id for each in pushing.receiver.taken[-3:]]
    here = f"/console/receivers/{thin.id}/replay/"
    dirk = pushing.desk.as_member("dirk")
    pushing.desk.look_past()

    assert "one of them" in dirk.get(here, params={"kind": KIND}).text
    assert "choose which" in dirk.get(here, params={"after": "0"}).text
    assert "Write the hour" in dirk.get(here, params={"on": "01/08/2021", "at": "x"}).text
    for day in ("01/01/0001", "31/12/9999", "31/12/2019"):
        assert "Choose a day from 2020 until today." in dirk.get(here, params={"on": day}).text
    asked = dirk.get(here, params={"on": "01/08/2021", "at": "07:00"}).text
    assert "Together: messages 3, records 9." in asked
    assert re.search(r"Citizens' reports 1 3 9 ", said(asked))
    assert re.search(r"Citizens' reports 7 1 3 ", said(dirk.get(here, params={"on": "03/08/2021"}).text))
    assert "Nothing went out behind that" in dirk.get(here, params={"kind": KIND, "after": "9"}).text
    assert "Together: messages 2, records 6." in dirk.get(here, params={"kind": KIND, "after": "4"}).text
    assert pushing.looks.until_quiet() == 0, "nothing is sent before it is confirmed"

    assert pushing.post(thin, "replay", "otto", kind=KIND, after="0", reason="x") == "403"
    assert "Give a reason" in pushing.post(thin, "replay", "dirk", kind=KIND, after="0")
    done = pushing.post(thin, "replay", "dirk", kind=KIND, after="4", on="", at="", reason="Bên nhận mất dữ liệu")
    assert "Messages that are sent again: 2" in done
    pushing.looks.until_quiet()
    assert [each.id for each in pushing.receiver.taken[-5:]] == [*sent, *sent[1:]]
    (line,) = pushing.desk.lines("webhook.replay")
    assert line[1] == f"webhook {thin.id}, {KIND}, after 4, 2 messages"


def test_who_is_switched_on_again_on_the_page_has_its_five_days_again(pushing: Pushing, thin: Hook) -> None:
    pushing.looks.until_quiet()
    for days in (2, 2, 2):
        pushing.move(days=days)
        pushing.looks.until_quiet()
    assert thin.state == "disabled"
    page = pushing.page(thin, name="dirk")
    assert "No message was taken for five days." in page
    assert "let its owner do so: it goes on where it stood" in page
    assert "WebhookDisabled.md" in page
    assert "Năm ngày liền không nhận thông điệp nào." in pushing.page(thin, language="vi")
    assert "/resume/" not in pushing.page(thin), "switching on again is the owner's"

    assert "It goes on where it stopped." in pushing.post(thin, "resume", "dirk", reason="Bên nhận đã sửa máy chủ")
    pushing.looks.until_quiet()
    assert thin.state == "active"
    assert thin.row("failures FROM webhook_health WHERE destination_id = %(id)s") == 1
    pushing.receiver.behaviour = lambda came: 204
    pushing.move(days=1)
    pushing.looks.until_quiet()
    assert thin.delivered == 9


def test_a_pause_and_going_on_makes_all_that_waits_due_as_the_page_says(pushing: Pushing, thin: Hook) -> None:
    pushing.looks.until_quiet()
    for seconds in (6, 400, 2500, 9000):
        pushing.move(seconds=seconds)
        pushing.looks.until_quiet()
    assert "circuit broken: one try at a time" in pushing.page(thin)
    assert "pause the webhook and let it go on" in pushing.page(thin)
    pushing.receiver.behaviour = lambda came: 204
    assert pushing.looks.until_quiet() == 0
    pushing.post(thin, "pause", reason="Bên nhận đã sửa")
    pushing.post(thin, "resume", "dirk", reason="Bên nhận đã sửa")
    pushing.looks.until_quiet()
    assert thin.delivered == 9


def test_who_ends_a_webhook_on_the_page_ends_its_keys_and_what_waits(pushing: Pushing, thin: Hook) -> None:
    pushing.looks.until_quiet()
    assert "Its account is kept." in pushing.post(thin, "end", "dirk", reason="Không dùng nữa")
    assert thin.row("count(*) FROM webhook_message WHERE destination_id = %(id)s AND state = 'open'") == 0
    page = pushing.page(thin, name="dirk")
    assert "none" in said(page).partition("Keys that sign")[2][:10]
    assert "Not sent any more: the webhook has ended." in page
    assert "has ended: nothing is sent" in pushing.page(thin, "replay/", name="dirk")
    assert "has ended: nothing is sent" in pushing.post(thin, "test", reason="x")


def test_messages_that_no_agreement_gives_now_are_said_to_wait_for_it(pushing: Pushing, thin: Hook) -> None:
    pushing.looks.until_quiet()
    with pushing.hub.pool.connection() as connection:
        connection.execute("UPDATE agreement SET suspended_at = now() WHERE receiver = %s", (pushing.system.id,))
    try:
        assert "Messages wait that no agreement gives now" in pushing.page(thin)
    finally:
        with pushing.hub.pool.connection() as connection:
            connection.execute("UPDATE agreement SET suspended_at = NULL WHERE receiver = %s", (pushing.system.id,))


def test_who_does_not_see_the_whole_country_finds_no_attempt(pushing: Pushing, thin: Hook) -> None:
    pushing.looks.until_quiet()
    link = attempt_links(pushing.page(thin))[0]
    lan = pushing.desk.as_member("lan")
    for more in ("", "attempts/", "waiting/", link):
        assert lan.get(f"/console/receivers/{thin.id}/{more}").status_code == 404
    assert lan.post(f"/console/receivers/{thin.id}/test/", data={"reason": "x"}).status_code == 404
    assert pushing.desk.as_member("ben").get(f"/console/receivers/{thin.id}/attempts/").status_code == 403
