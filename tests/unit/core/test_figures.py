"""Figures of processes: written whole, read by others, left out when they are old."""

from __future__ import annotations

import os
import time
from pathlib import Path

import msgspec
import pytest
from prometheus_client import CollectorRegistry, Counter, generate_latest

from daumoi.core import figures
from daumoi.core.figures import FOLDER, AllProcesses, Publisher, Snapshot, published_alone, read_all


@pytest.fixture
def counted() -> tuple[CollectorRegistry, Counter]:
    registry = CollectorRegistry()
    return registry, Counter("daumoi_made_up", "Made up.", ("kind",), registry=registry)


def page(data_dir: Path, own: str = "server") -> str:
    registry = CollectorRegistry()
    registry.register(AllProcesses(data_dir, own))
    return generate_latest(registry).decode()


def test_what_one_process_counts_another_gives_with_its_name(
    tmp_path: Path, counted: tuple[CollectorRegistry, Counter]
) -> None:
    registry, counter = counted
    counter.labels("checkpoint").inc(3)
    Publisher(tmp_path, "intake", registry).write()
    text = page(tmp_path)
    assert 'daumoi_made_up_total{kind="checkpoint",process="intake"} 3.0' in text
    assert 'daumoi_process_up{process="intake"} 1.0' in text
    assert 'daumoi_process_up{process="worker"} 0.0' in text


def test_a_metric_without_figures_still_has_its_name_and_meaning(
    tmp_path: Path, counted: tuple[CollectorRegistry, Counter]
) -> None:
    Publisher(tmp_path, "worker", counted[0]).write()
    assert "# HELP daumoi_made_up_total Made up." in page(tmp_path)


def test_a_process_that_stopped_writing_is_down_and_its_figures_are_gone(
    tmp_path: Path, counted: tuple[CollectorRegistry, Counter]
) -> None:
    counted[1].labels("checkpoint").inc()
    publisher = Publisher(tmp_path, "worker", counted[0])
    publisher.write()
    (snapshot,) = read_all(tmp_path)
    snapshot.at = time.time() - figures.STALE_S - 1
    publisher.file.write_bytes(msgspec.json.encode(snapshot))
    assert 'daumoi_process_up{process="worker"} 0.0' in page(tmp_path)
    assert "daumoi_made_up" not in page(tmp_path)


def test_a_snapshot_holds_what_was_a_minute_before(
    tmp_path: Path, counted: tuple[CollectorRegistry, Counter], monkeypatch: pytest.MonkeyPatch
) -> None:
    registry, counter = counted
    now = [1_000_000.0]
    monkeypatch.setattr(figures.time, "time", lambda: now[0])
    publisher = Publisher(tmp_path, "intake", registry)
    for _ in range(100):
        counter.labels("checkpoint").inc()
        publisher.write()
        now[0] += 2.0
    (snapshot,) = read_all(tmp_path)
    assert 60 <= snapshot.at - snapshot.before_at <= 72
    (series,) = snapshot.families[0].series
    assert series.value - snapshot.before[series.key] == (snapshot.at - snapshot.before_at) / 2


def test_a_damaged_file_is_passed_over(tmp_path: Path, counted: tuple[CollectorRegistry, Counter]) -> None:
    Publisher(tmp_path, "intake", counted[0]).write()
    (tmp_path / FOLDER / "worker.json").write_bytes(b'{"process": "wor')
    assert [one.process for one in read_all(tmp_path)] == ["intake"]


def test_figures_are_the_hubs_own_and_no_half_file_stays(
    tmp_path: Path, counted: tuple[CollectorRegistry, Counter]
) -> None:
    publisher = Publisher(tmp_path, "intake", counted[0])
    publisher.write()
    assert os.stat(publisher.file).st_mode & 0o777 == 0o600  # noqa: PTH116
    assert [path.name for path in publisher.file.parent.iterdir()] == ["intake.json"]


def test_a_folder_that_cannot_be_written_costs_the_figures_and_nothing_else(
    tmp_path: Path, counted: tuple[CollectorRegistry, Counter]
) -> None:
    (tmp_path / FOLDER).write_text("a file where the folder should be")
    Publisher(tmp_path, "intake", counted[0]).write()
    assert read_all(tmp_path) == []


def test_of_two_imports_at_once_the_first_is_seen_and_nothing_stays(tmp_path: Path) -> None:
    with published_alone(tmp_path, "import"):
        until = time.monotonic() + 5
        while not (seen := read_all(tmp_path)) and time.monotonic() < until:
            time.sleep(0.01)
        first: list[Snapshot] = seen
        with published_alone(tmp_path, "import"):
            assert [one.began_at for one in read_all(tmp_path)] == [first[0].began_at]
        assert [one.process for one in read_all(tmp_path)] == ["import"]
    assert read_all(tmp_path) == []
