"""A hundred receivers with different areas and fields, at a thousand records a second: each gets exactly its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fanout.cast import KINDS, RECEIVERS
from tests.fanout.running import HOOKS, run
from tests.hubs import HubServer

PER_SECOND = 1000
P99_S = 5.0
"""Of a machine with two cores on which other work may run: the figures of a quiet one are in docs/performance.md."""


@pytest.mark.timeout(1500)
@pytest.mark.parametrize("seconds", [60, pytest.param(600, marks=pytest.mark.soak)], ids=["a minute", "ten minutes"])
def test_a_hundred_receivers_get_each_record_of_theirs_once_and_the_days_add_up(
    seconds: int, tmp_path: Path, prepared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in HOOKS.items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / "fanout"
    folder.mkdir(mode=0o755)
    tmp_path.chmod(0o755)
    server = HubServer(folder / "hub", prepared=prepared, **HOOKS)
    server.start()
    try:
        found = run(server, folder, seconds=seconds, per_second=PER_SECOND)
    finally:
        server.stop()
    assert sum(found.accepted.values()) == seconds * PER_SECOND
    assert len(found.reckoned) == RECEIVERS * len(KINDS)
    assert found.wrong == []
    assert found.disordered == 0
    assert found.given > 3 * seconds * PER_SECOND, "the agreements give something"
    for way, delays in found.delays.items():
        p50, p99 = found.percentile(way, 0.5), found.percentile(way, 0.99)
        print(f"{way}: {len(delays):,} records, p50 {p50:.2f} s, p99 {p99:.2f} s, most {delays[-1]:.2f} s")
        assert p99 < P99_S
