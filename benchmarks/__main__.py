"""Intake and feeds at their doors, on a hub of its own, beside their budgets. `--full` takes the whole mix."""

import argparse
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import fairness, posts, raw_copy
from benchmarks.mix import FULL_PASSAGES, Mix, pieces
from tests.contract.records import a_report, the_bytes
from tests.crash.reckoning import dsn_of
from tests.hubs import Caller, HubServer, a_receipt

QUICK_PASSAGES = 100_000
POSTS_S = 10.0
POLLS = 20
FAIR_CONNECTIONS = 16
KIND = "checkpoint_passage"


def say(what: str, figure: str, limit: str = "") -> None:
    """Print one figure beside its limit."""
    print(f"{what:58} {figure:>26}   {limit}", flush=True)


def timed(call: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def send(partner: Caller, kind: str, lines: Iterator[bytes], rows: int) -> None:
    """Send lines as one body that is made while it is sent; every row must be accepted."""
    receipt = a_receipt(
        partner.http.post(
            f"/api/v1/records/{kind}",
            content=pieces(lines),
            headers={"Content-Type": "application/x-ndjson"},
            timeout=3600,
        )
    )
    assert receipt["accepted"] == rows, {**receipt, "problems": receipt["problems"][:3]}


def intake(server: HubServer, partner: Caller, mix: Mix) -> None:
    """Bulk intake, and what COPY alone needs for the same rows."""
    send(partner, "checkpoint", mix.checkpoint_lines(), mix.checkpoints)
    send(partner, KIND, mix.earlier_lines(), mix.known_people)
    lines = list(mix.lines())
    dsn = dsn_of(server)
    since = raw_copy.last_transaction(dsn)
    rate = mix.passages / timed(lambda: send(partner, KIND, iter(lines), mix.passages))
    say(
        f"bulk intake, {mix.passages:,} passages of {sum(map(len, lines)) // len(lines)} bytes",
        f"{rate:,.0f} records/s",
        "limit 25,000",
    )
    seconds, rows = raw_copy.seconds_to_copy(dsn, since=since)
    raw = mix.passages / seconds
    say(f"  COPY of the same {sum(rows.values()):,} rows in {len(rows)} tables", f"{raw:,.0f} records/s")
    say("  intake as a part of COPY", f"{100 * rate / raw:.0f} %", "limit 50 %")


def single_posts(partner: Caller) -> None:
    """Single posts at 1 and 64 connections."""
    for connections, limit in ((1, ""), (64, "limit 2,500, p99 100 ms")):
        found = posts.post(
            partner.base_url,
            partner.token,
            "citizen_report",
            lambda _: the_bytes(a_report()),
            connections=connections,
            seconds=POSTS_S,
        )
        figure = f"{found.per_second:,.0f}/s, p50 {found.p50_ms:.1f}, p99 {found.p99_ms:.1f} ms"
        say(f"single posts, {connections} connection{'s' * (connections > 1)}", figure, limit)


def catch_up(reader: Caller, what: str) -> None:
    """A reader that takes everything of one kind, page by page; lines are counted, not decoded."""
    began, after, lines = time.perf_counter(), 0, 0
    while True:
        answer = reader.get(f"/api/v1/feeds/{KIND}", after=after, limit=10_000)
        assert answer.status_code == 200, answer.text
        lines += answer.content.count(b"\n")
        after = int(answer.headers["Daumoi-Next"])
        if after >= int(answer.headers["Daumoi-Head"]):
            break
    say(f"feed catch-up, {what}", f"{lines / (time.perf_counter() - began):,.0f} records/s", "limit 50,000")


def long_polls(partner: Caller, other: Caller) -> None:
    """From the answer of a post to the answer of a poll that waited for it."""
    delays = []
    for _ in range(POLLS):
        head, arrived = partner.head("citizen_report"), [0.0]

        def wait(after: int = head, arrived: list[float] = arrived) -> None:
            assert other.get("/api/v1/feeds/citizen_report", after=after, wait=20).content
            arrived[0] = time.perf_counter()

        waiting = threading.Thread(target=wait)
        waiting.start()
        time.sleep(0.1)
        partner.receipt("citizen_report", a_report())
        answered = time.perf_counter()
        waiting.join()
        delays.append(1000 * max(0.0, arrived[0] - answered))
    say(
        "long poll, from the sender's answer to the reader's",
        f"p50 {statistics.median(delays):.0f}, max {max(delays):.0f} ms",
    )


def beside_bodies(single: Caller, bulk: Caller) -> None:
    """Single posts of one client while another streams bulk bodies."""
    for same_kind in (True, False):
        for bodies in (1, 8):
            found = fairness.beside(
                single, bulk, same_kind=same_kind, bodies=bodies, connections=FAIR_CONNECTIONS, seconds=POSTS_S
            )
            posted = found.posted
            say(
                f"single posts beside {bodies} bulk {'bodies' if bodies > 1 else 'body'}"
                f" of {'their' if same_kind else 'another'} kind",
                f"{posted.per_second:,.0f}/s, p50 {posted.p50_ms:.0f}, p99 {posted.p99_ms:.0f} ms",
                f"limit p99 {fairness.LIMIT_P99_MS:.0f} ms",
            )
            say("  bulk rows meanwhile", f"{found.bulk_per_second:,.0f} records/s")
    one, many = fairness.shares(single, bulk, bodies=8, seconds=POSTS_S)
    say("one body beside 8 of another client", f"{one:,.0f} and {many:,.0f} records/s")


def main() -> None:
    """Measure everything once and print it."""
    options = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    options.add_argument("--full", action="store_true", help=f"the whole mix: {FULL_PASSAGES:,} passages")
    mix = Mix(FULL_PASSAGES if options.parse_args().full else QUICK_PASSAGES)
    with tempfile.TemporaryDirectory(prefix="daumoi-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        server = HubServer(folder / "hub", DAUMOI_POSTGRES_SHARED_BUFFERS="1GB")
        server.start()
        try:
            partner = server.new_system(send="all", read="all", identity="given")
            blind = server.new_system(read="all")
            intake(server, partner, mix)
            single_posts(partner)
            catch_up(partner, "with identities")
            catch_up(blind, "by pseudonym")
            long_polls(partner, blind)
            beside_bodies(partner, server.new_system(send="all"))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
