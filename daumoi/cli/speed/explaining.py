"""Says what limits the hub now, in sentences: what was seen, and what to do. Pure: a situation in, sentences out."""

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from daumoi.cli.speed.situation import Situation

State = Literal["ok", "warn"]

_SLOW_FLUSH_S = 0.010
_SLOW_ROUND_TRIP_S = 0.002
_SLOW_COMMIT_S = 0.015
_SLOW_PAGE_S = 1.0
_SLOW_TURN_S = 0.25
_HEAD_WAITERS = 0.3
_RETRIED_SHARE = 0.05
_OLD_TRANSACTION_S = 30
_LAG_S = 120
_OVERDUE_S = 1800
_MANY_DEAD = 20_000
_BUSY = 0.9
_WAITS = 0.3
_MIB = 1024**2
_BLOCK = 8192

STAGE_ADVICE = {
    "connect": "a free connection is waited for: too many bodies at once; lower DAUMOI_BODIES_PER_CLIENT_MAX",
    "look": "receipts are looked up: their index is larger than memory holds; give PostgreSQL more shared_buffers",
    "claims": "people are looked up and new ones sealed: normal for first contacts; else see shared_buffers",
    "hold": "bad rows are held: see which codes at daumoi_intake_held_rows_total and ask the sender to mend them",
    "append": "rows are written: a faster disk or processor helps, and fewer bodies of one kind at once",
    "receipt": "receipts of submissions are written: many small bodies; ask senders for larger ones",
    "commit": "commits wait for the disk to flush: put the data directory on a disk with a protected write cache",
}
"""What it means, and what to do, when one stage takes most of storing."""


class Sentence(NamedTuple):
    """One finding."""

    state: State
    said: str


def explain(seen: Situation) -> list[Sentence]:
    """Say all that stands out, and one sentence of what the last minute was like."""
    found = [Sentence("warn", said) for part in _PARTS for said in part(seen)]
    return [*found, Sentence("ok", _summary(seen, nothing_found=not found))]


def _summary(seen: Situation, *, nothing_found: bool) -> str:
    measured = f"{_ms(seen.round_trip_s)} to the database and back"
    if seen.flush_s is not None:
        measured += f", {_ms(seen.flush_s)} to flush the disk"
    verdict = "nothing stands out" if nothing_found else "that is what limits now"
    if not seen.minute.span_s:
        return f"{verdict}; no figures of running processes yet; {measured}"
    rows = seen.minute.grown("daumoi_intake_received_rows_total") / seen.minute.span_s
    shares = _shares(seen)
    way = ", ".join(f"{stage} {share:.0%}" for stage, share in shares.items() if share >= 0.05)
    where = f" (time of a chunk: {way})" if way else ""
    return f"{verdict}; {rows:,.0f} rows a second in the last {seen.minute.span_s:.0f} s{where}; {measured}"


def _shares(seen: Situation) -> dict[str, float]:
    """Return the share of each stage in the time that chunks took, largest first."""
    seconds = seen.minute.by("daumoi_intake_stage_seconds_sum", "stage")
    whole = sum(seconds.values())
    ordered = sorted(seconds.items(), key=lambda pair: -pair[1])
    return {stage: spent / whole for stage, spent in ordered} if whole > 0 else {}


def _processes(seen: Situation) -> Iterator[str]:
    for name in seen.silent:
        yield f"the {name} process has written no figures for a while: it stands still or has ended; see log/{name}.log"


def _machine(seen: Situation) -> Iterator[str]:
    if seen.busy.working >= _BUSY:
        uses = ", ".join(
            f"{name} {cores:.1f}"
            for name in ("server", "intake", "reader", "worker")
            if (cores := seen.minute.cores_of(name)) >= 0.1
        )
        of_ours = f" (cores used by daumoi: {uses})" if uses else ""
        yield f"all processor cores are busy{of_ours}: see with `top` what else runs, or add cores"
    if seen.busy.waiting_for_disk >= _WAITS:
        yield f"cores wait for the disk {seen.busy.waiting_for_disk:.0%} of the time: use a faster disk, or more memory"


def _disk(seen: Situation) -> Iterator[str]:
    flush = seen.flush_s
    commit = seen.minute.quantile("daumoi_intake_stage_seconds", 0.5, stage="commit")
    if commit is not None and commit >= _SLOW_COMMIT_S:
        cause = "the disk is slow to flush" if flush is not None and flush >= _SLOW_FLUSH_S else "the disk is shared"
        measured = f" ({_ms(flush)} a flush)" if flush is not None else ""
        yield (
            f"commits take {_ms(commit)} at the median: {cause}{measured}; put the data directory on a disk with a "
            "protected write cache, and let nothing else write there"
        )
    elif flush is not None and flush >= _SLOW_FLUSH_S:
        yield (
            f"the disk takes {_ms(flush)} to flush, and each commit waits for that: single records come at most "
            f"{1 / flush:,.0f} groups a second and kind; use a disk with a protected write cache"
        )


def _distance(seen: Situation) -> Iterator[str]:
    if seen.round_trip_s >= _SLOW_ROUND_TRIP_S:
        yield (
            f"the smallest statement takes {_ms(seen.round_trip_s)}, and a chunk needs about twenty: the database is "
            "far away or overloaded; put it on this machine, or in the same rack"
        )


def _intake(seen: Situation) -> Iterator[str]:
    minute = seen.minute
    if not minute.span_s:
        return
    waited = minute.grown("daumoi_intake_wait_seconds_sum")
    read = minute.grown("daumoi_intake_stage_seconds_sum", stage="read")
    busy = waited + read > 0.2 * minute.span_s
    if busy and waited > read:
        share = waited / (waited + read)
        yield f"intake spends {share:.0%} of its time waiting for the database to store the chunk before"
    cores = max(minute.cores_of("intake"), minute.cores_of("reader"))
    if busy and read >= waited and cores >= 0.8:
        yield (
            f"reading takes {read / (waited + read):.0%} of intake's time and its process uses {cores:.1f} cores: a "
            "faster processor is what would help; the database and the disk keep up"
        )
    storing = {stage: spent for stage, spent in _shares(seen).items() if stage != "read"}
    whole = sum(storing.values())
    stage = max(storing, key=lambda name: storing[name], default="")
    took = minute.grown("daumoi_intake_store_seconds_sum")
    if stage and storing[stage] >= 0.5 * whole and took > 0.2 * minute.span_s:
        yield f"storing spends {storing[stage] / whole:.0%} of its time in the stage {stage}: {STAGE_ADVICE[stage]}"


def _head(seen: Situation) -> Iterator[str]:
    if not seen.minute.span_s:
        return
    for kind, seconds in sorted(seen.minute.by("daumoi_head_wait_seconds_sum", "kind").items()):
        waiters = seconds / seen.minute.span_s
        if waiters >= _HEAD_WAITERS:
            yield (
                f"the head of {kind} is waited for {min(waiters, 1):.0%} of the time ({waiters:.1f} writers wait): "
                "several bodies of one kind come at once, and one is stored at a time; more senders do not help here"
            )


def _retries(seen: Situation) -> Iterator[str]:
    tried = seen.minute.by("daumoi_intake_retries_total", "reason")
    chunks = seen.minute.grown("daumoi_intake_chunk_rows_count")
    again = sum(tried.values())
    if chunks >= 20 and again / chunks >= _RETRIED_SHARE:
        reason = max(tried, key=lambda name: tried[name])
        yield (
            f"{again / chunks:.0%} of the chunks are tried again, mostly for {reason}: several senders send the same "
            "records or people at once; let each send its own"
        )


def _single(seen: Situation) -> Iterator[str]:
    turn = seen.minute.quantile("daumoi_group_commit_wait_seconds", 0.5)
    if turn is not None and turn >= _SLOW_TURN_S:
        yield (
            f"single records wait {_ms(turn)} for their turn at the median: bulk bodies of the kind come between, or "
            "the disk is slow; ask who sends many one by one to send them together"
        )


def _readers(seen: Situation) -> Iterator[str]:
    for lag in seen.log.lags:
        if lag.consumer != "archive" and lag.records and lag.seconds >= _LAG_S:
            yield (
                f"the reader {lag.consumer} is {_time(lag.seconds)} behind ({lag.records:,} records of {lag.kind}): "
                "pages show old figures; see log/worker.log, and end the worker by its process id: it is started again"
            )
    for one in seen.log.overdue:
        if one.seconds >= _OVERDUE_S:
            yield (
                f"the archive of {one.kind} is {_time(one.seconds)} behind: see log/worker.log and the disk's room; "
                "records are safe meanwhile, bulk analysis misses the newest"
            )
    slow = seen.minute.by("daumoi_feed_page_seconds_count", "kind")
    for kind in sorted(slow):
        page = seen.minute.quantile("daumoi_feed_page_seconds", 0.5, kind=kind)
        if page is not None and page >= _SLOW_PAGE_S:
            yield f"a page of the feed {kind} takes {_ms(page)} at the median: readers may ask with a smaller `limit`"


def _database(seen: Situation) -> Iterator[str]:
    found = seen.database
    if found.oldest_transaction_s >= _OLD_TRANSACTION_S:
        yield (
            f"a transaction has been open for {_time(found.oldest_transaction_s)}; dead rows cannot be cleaned: "
            "find it in pg_stat_activity (xact_start) and end it with pg_terminate_backend(pid)"
        )
    used = sum(found.connections.values())
    if used >= 0.8 * found.connections_max:
        yield f"{used} of {found.connections_max} connections are used: end other programs, or raise max_connections"
    for table in found.tables:
        if table.name == "head" and table.dead >= _MANY_DEAD:
            yield (
                f"autovacuum has not reached head: {table.dead:,} dead rows slow every append; look for an old "
                "transaction, then run VACUUM head"
            )
    yield from _memory(seen)
    forced = seen.minute.by("daumoi_database_checkpoints_total", "reason").get("requested", 0)
    if forced >= 1:
        yield (
            f"a checkpoint was forced because {found.max_wal // _MIB} MiB of WAL were full: raise max_wal_size in "
            "postgresql.conf below its include, as far as the disk has room, and reload"
        )


def _memory(seen: Situation) -> Iterator[str]:
    found, memory = seen.database, seen.memory
    if memory is None or found.size <= found.shared_buffers:
        return
    wanted = min(memory // 4, 4096 * _MIB)
    read = seen.minute.grown("daumoi_database_blocks_read_total")
    hit = seen.minute.grown("daumoi_database_blocks_hit_total")
    if found.shared_buffers * 2 <= wanted:
        missed = (
            f"; {read / (read + hit):.0%} of the blocks were not in it in the last minute" if read + hit > 0 else ""
        )
        yield (
            f"shared_buffers is small for this machine: {found.shared_buffers // _MIB} MiB of {memory // _MIB} MiB"
            f"{missed}; set it to {wanted // _MIB}MB in postgresql.conf below its include, and start the hub again"
        )
    elif seen.minute.span_s and read * _BLOCK / seen.minute.span_s >= 50 * _MIB:
        rate = read * _BLOCK / seen.minute.span_s / _MIB
        yield f"PostgreSQL reads {rate:.0f} MiB/s that shared_buffers did not hold: more memory would help"


_PARTS: tuple[Callable[[Situation], Iterator[str]], ...] = (
    _processes,
    _machine,
    _disk,
    _distance,
    _intake,
    _head,
    _retries,
    _single,
    _readers,
    _database,
)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds >= 0.01 else f"{seconds * 1000:.2g} ms"


def _time(seconds: float) -> str:
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
