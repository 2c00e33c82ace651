"""Intake and feeds at their doors, on a hub of its own, beside their budgets and a peer; `--quick` takes little."""

import argparse
import tempfile
from pathlib import Path

from benchmarks import fairness, jetstream, posts, reading, small_costs
from benchmarks.intake import Intake
from benchmarks.mix import FULL_PASSAGES
from benchmarks.table import Table
from tests.contract.records import a_report, the_bytes
from tests.hubs import Caller, HubServer

QUICK_PASSAGES = 50_000
LATER_PASSAGES = 200_000
STORED = (1_000_000, 10_000_000)
POSTS_S = 10.0
FAIR_CONNECTIONS = 16


def single_posts(partner: Caller, table: Table, connections: tuple[int, ...] = (1, 64, 256)) -> None:
    """Single posts, each waiting for its answer before its connection sends the next."""
    for many in connections:
        found = posts.post(
            partner.base_url,
            partner.token,
            "citizen_report",
            lambda _: the_bytes(a_report()),
            connections=many,
            seconds=POSTS_S,
        )
        figure = f"{found.per_second:,.0f}/s; p50 {found.p50_ms:.1f}, p90 {found.p90_ms:.1f}, p99 {found.p99_ms:.1f} ms"
        limit = {1: "HAPI, 2 processors: 99/s", 64: "2,500/s, p99 100 ms"}.get(many, "")
        table.say(f"single posts, {many} connection{'s' * (many > 1)}", figure, limit)


def bulk(intake: Intake, *, quick: bool) -> None:
    """Bulk intake into an empty hub, and into one that holds much."""
    intake.measure(QUICK_PASSAGES if quick else FULL_PASSAGES)
    for stored in () if quick else STORED:
        intake.fill_up_to(stored)
        intake.measure(LATER_PASSAGES)


def beside_bodies(single: Caller, bulk: Caller, table: Table) -> None:
    """Single posts of one client while another streams bulk bodies."""
    for same_kind in (True, False):
        for bodies in (1, 8):
            found = fairness.beside(
                single, bulk, same_kind=same_kind, bodies=bodies, connections=FAIR_CONNECTIONS, seconds=POSTS_S
            )
            posted = found.posted
            table.say(
                f"single posts beside {bodies} bulk {'bodies' if bodies > 1 else 'body'}"
                f" of {'their' if same_kind else 'another'} kind",
                f"{posted.per_second:,.0f}/s, p50 {posted.p50_ms:.0f}, p99 {posted.p99_ms:.0f} ms",
                f"limit p99 {fairness.LIMIT_P99_MS:.0f} ms",
            )
            table.say("  bulk rows meanwhile", f"{found.bulk_per_second:,.0f} records/s")
    one, many = fairness.shares(single, bulk, bodies=8, seconds=POSTS_S)
    table.say("one body beside 8 of another client", f"{one:,.0f} and {many:,.0f} records/s")


def main() -> None:
    """Measure everything once and print it."""
    options = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    options.add_argument("--quick", action="store_true", help="a twentieth of the records, and no filled store")
    quick = options.parse_args().quick
    table = Table()
    with tempfile.TemporaryDirectory(prefix="daumoi-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        server = HubServer(folder / "hub", DAUMOI_POSTGRES_SHARED_BUFFERS="4GB")
        server.start()
        try:
            assert server.process is not None
            partner = server.new_system(send="all", read="all", identity="given")
            blind = server.new_system(read="all")
            bulk(Intake(server, partner, table), quick=quick)
            single_posts(partner, table)
            beside_bodies(partner, server.new_system(send="all"), table)
            reading.catch_up(partner, table, "with identities", "50,000")
            reading.catch_up(blind, table, "by pseudonym", "20,000")
            reading.long_polls(partner, blind, table)
            reading.idle_polls(server.process.pid, blind, table)
        finally:
            server.stop()
    small_costs.measure(table)
    jetstream.measure(table)
    table.print_all()


if __name__ == "__main__":
    main()
