"""What `daumoi doctor` says of speed, situation by situation."""

from __future__ import annotations

import math
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daumoi.cli.speed.explaining import STAGE_ADVICE, explain
from daumoi.cli.speed.measuring import Busy, busy_between, flush_seconds
from daumoi.cli.speed.minute import Minute
from daumoi.cli.speed.situation import Situation, silent_processes
from daumoi.core.meters import SECONDS
from daumoi.core.postgres_figures import TableFigure
from daumoi.intake.meters import STAGES
from daumoi.log.figures import ArchiveOverdue, LogFigures, ReaderLag
from tests.unit.cli.situations import GIB, NOW, SPAN_S, a_database, a_situation, a_snapshot, grew, spread

STAGE = "daumoi_intake_stage_seconds"


def warnings(seen: Situation) -> list[str]:
    return [sentence.said for sentence in explain(seen) if sentence.state == "warn"]


def the_warning(seen: Situation) -> str:
    (said,) = warnings(seen)
    return said


def test_a_hub_at_ease_has_nothing_that_stands_out() -> None:
    (sentence,) = explain(a_situation())
    assert sentence.state == "ok"
    assert sentence.said.startswith("nothing stands out; no figures of running processes yet; ")
    assert "0.1 ms to the database and back, 1 ms to flush the disk" in sentence.said


def test_the_summary_tells_rows_a_second_and_where_the_time_of_a_chunk_goes() -> None:
    figures = {
        **grew("daumoi_intake_received_rows_total", 5000 * SPAN_S, way="bulk"),
        **grew(f"{STAGE}_sum", 6.0, stage="read"),
        **grew(f"{STAGE}_sum", 3.0, stage="append"),
        **grew(f"{STAGE}_sum", 1.0, stage="commit"),
    }
    (sentence,) = explain(a_situation(a_snapshot("intake", figures)))
    assert "5,000 rows a second in the last 60 s (time of a chunk: read 60%, append 30%, commit 10%)" in sentence.said


def test_intake_that_waits_for_the_database_is_said_with_its_share() -> None:
    figures = {**grew("daumoi_intake_wait_seconds_sum", 42), **grew(f"{STAGE}_sum", 18, stage="read")}
    said = the_warning(a_situation(a_snapshot("intake", figures)))
    assert said == "intake spends 70% of its time waiting for the database to store the chunk before"


def test_intake_that_reads_all_the_time_is_limited_by_the_processor() -> None:
    figures = {
        **grew("daumoi_intake_wait_seconds_sum", 5),
        **grew(f"{STAGE}_sum", 50, stage="read"),
        **grew("daumoi_process_cpu_seconds_total", 57),
    }
    said = the_warning(a_situation(a_snapshot("intake", figures)))
    assert said.startswith("reading takes 91% of intake's time and its process uses 0.9 cores")


def test_slow_commits_on_a_slow_disk_name_the_disk() -> None:
    figures = spread(STAGE, {"0.01": 0, "0.025": 100, "+Inf": 100}, stage="commit")
    said = the_warning(a_situation(a_snapshot("intake", figures), flush_s=0.015))
    assert said.startswith("commits take 18 ms at the median: the disk is slow to flush (15 ms a flush)")


def test_slow_commits_on_a_fast_disk_say_that_it_is_shared() -> None:
    figures = spread(STAGE, {"0.01": 0, "0.025": 100, "+Inf": 100}, stage="commit")
    said = the_warning(a_situation(a_snapshot("intake", figures)))
    assert "the disk is shared (1 ms a flush)" in said


def test_a_slow_disk_is_said_before_anybody_sends() -> None:
    assert the_warning(a_situation(flush_s=0.02)).startswith("the disk takes 20 ms to flush")


def test_no_word_of_the_disk_when_the_database_is_elsewhere() -> None:
    (sentence,) = explain(a_situation(flush_s=None, memory=None))
    assert "flush" not in sentence.said


def test_a_head_that_is_waited_for_is_named_with_its_kind() -> None:
    figures = grew("daumoi_head_wait_seconds_sum", 24, kind="checkpoint_passage")
    said = the_warning(a_situation(a_snapshot("intake", figures)))
    assert said.startswith("the head of checkpoint_passage is waited for 40% of the time (0.4 writers wait)")


@pytest.mark.parametrize("stage", STAGES)
def test_the_stage_that_takes_most_of_storing_comes_with_its_advice(stage: str) -> None:
    figures = {
        **grew(f"{STAGE}_sum", 30, stage=stage),
        **grew(f"{STAGE}_sum", 10, stage="append" if stage != "append" else "look"),
        **grew("daumoi_intake_store_seconds_sum", 40),
    }
    said = the_warning(a_situation(a_snapshot("intake", figures)))
    assert said == f"storing spends 75% of its time in the stage {stage}: {STAGE_ADVICE[stage]}"


def test_chunks_that_are_tried_again_are_said_with_the_reason() -> None:
    figures = {
        **grew("daumoi_intake_retries_total", 30, reason="overtaken"),
        **grew("daumoi_intake_retries_total", 3, reason="deadlock"),
        **grew("daumoi_intake_chunk_rows_count", 100),
    }
    said = the_warning(a_situation(a_snapshot("intake", figures)))
    assert said.startswith("33% of the chunks are tried again, mostly for overtaken")


def test_single_records_that_wait_for_their_turn_are_said() -> None:
    figures = spread("daumoi_group_commit_wait_seconds", {"0.25": 0, "0.5": 10, "+Inf": 10})
    assert the_warning(a_situation(a_snapshot("server", figures))).startswith(
        "single records wait 375 ms for their turn"
    )


def test_a_stalled_reader_and_a_late_archive_are_said_in_hours() -> None:
    log = LogFigures(
        [
            ReaderLag("counters", "citizen_report", 12_000, 3 * 3600),
            ReaderLag("counters", "checkpoint", 5, 2.0),
            ReaderLag("archive", "citizen_report", 99_000, 20 * 3600),
        ],
        [ArchiveOverdue("citizen_report", 3 * 3600), ArchiveOverdue("checkpoint", 0)],
    )
    reader, archive = warnings(a_situation(log=log))
    assert reader.startswith("the reader counters is 3 hours behind (12,000 records of citizen_report)")
    assert archive.startswith("the archive of citizen_report is 3 hours behind")


def test_small_shared_buffers_on_a_large_machine_are_said_with_the_size_to_set() -> None:
    database = a_database(size=20 * GIB, shared_buffers=GIB // 8)
    said = the_warning(a_situation(database=database, memory=16 * GIB))
    assert said.startswith("shared_buffers is small for this machine: 128 MiB of 16384 MiB; set it to 4096MB")


def test_small_shared_buffers_hold_a_small_database() -> None:
    assert warnings(a_situation(database=a_database(size=GIB // 16, shared_buffers=GIB // 8), memory=16 * GIB)) == []


def test_dead_rows_old_transactions_and_used_up_connections_are_said() -> None:
    database = a_database(
        tables=[TableFigure("head", 6, 50_000, None)], oldest_transaction_s=400.0, connections={"idle": 95}
    )
    old, used, dead = warnings(a_situation(database=database))
    assert old.startswith("a transaction has been open for 7 minutes")
    assert used.startswith("95 of 100 connections are used")
    assert dead.startswith("autovacuum has not reached head: 50,000 dead rows")


def test_a_forced_checkpoint_is_said_with_the_present_limit() -> None:
    figures = grew("daumoi_database_checkpoints_total", 2, reason="requested")
    said = the_warning(a_situation(a_snapshot("worker", figures)))
    assert said.startswith("a checkpoint was forced because 4096 MiB of WAL were full")


def test_counts_that_postgres_kept_from_before_the_worker_do_not_count_as_grown() -> None:
    snapshot = a_snapshot("worker", grew("daumoi_database_checkpoints_total", 0, reason="requested"))
    snapshot.before.clear()
    assert warnings(a_situation(snapshot)) == []


def test_a_silent_process_and_a_busy_machine_are_said() -> None:
    seen = a_situation(
        a_snapshot("intake", grew("daumoi_process_cpu_seconds_total", 90)), silent=["worker"], busy=Busy(0.97, 0.4)
    )
    silent, busy, disk = warnings(seen)
    assert silent.startswith("the worker process has written no figures for a while")
    assert busy.startswith("all processor cores are busy (cores used by daumoi: intake 1.5)")
    assert disk.startswith("cores wait for the disk 40% of the time")


def test_a_far_database_is_said() -> None:
    assert the_warning(a_situation(round_trip_s=0.012)).startswith("the smallest statement takes 12 ms")


def test_figures_of_a_process_that_ended_are_left_out() -> None:
    old = a_snapshot("intake", grew("daumoi_intake_wait_seconds_sum", 42), at=NOW - 60)
    assert Minute([old], NOW).span_s == 0
    assert silent_processes([old, a_snapshot("server", {})], NOW) == ["intake", "reader", "worker", "supervisor"]


@given(
    st.lists(st.floats(min_value=0.0, max_value=12.0, allow_nan=False), min_size=1, max_size=200),
    st.floats(min_value=0.01, max_value=1.0),
)
def test_a_quantile_lies_in_the_bucket_of_the_value_it_stands_for(values: list[float], share: float) -> None:
    bounds = [*SECONDS, math.inf]
    counts = {
        "+Inf" if math.isinf(bound) else str(bound): float(sum(value <= bound for value in values)) for bound in bounds
    }
    found = Minute([a_snapshot("intake", spread("daumoi_wait_seconds", counts))], NOW).quantile(
        "daumoi_wait_seconds", share
    )
    true = sorted(values)[math.ceil(share * len(values) - 1e-9) - 1]
    upper = next(bound for bound in bounds if true <= bound)
    lower = max((bound for bound in bounds if bound < upper), default=0.0)
    assert found is not None
    assert lower <= found <= (SECONDS[-1] if math.isinf(upper) else upper) + 1e-9


def test_no_quantile_without_observations() -> None:
    still = a_snapshot("intake", spread("daumoi_wait_seconds", {"1.0": 0, "+Inf": 0}))
    assert Minute([still], NOW).quantile("daumoi_wait_seconds", 0.5) is None


def test_the_measure_of_the_disk_takes_less_than_a_second_and_leaves_nothing(tmp_path: Path) -> None:
    began = time.monotonic()
    assert 0 < flush_seconds(tmp_path) < 1
    assert time.monotonic() - began < 2
    assert list(tmp_path.iterdir()) == []


def test_busy_is_what_is_neither_idle_nor_waiting() -> None:
    #                   user, nice, system, idle, iowait, irq, softirq, steal
    assert busy_between([0, 0, 0, 0, 0, 0, 0, 0], [50, 0, 10, 20, 20, 0, 0, 0]) == Busy(0.6, 0.2)
    assert busy_between([], []) == Busy(0.0, 0.0)
