"""How the figures of each process reach `/metrics` and `daumoi doctor`: a small file a process, written all 2 seconds.

The server answers `/metrics`; intake, worker, supervisor and imports are other processes. Each writes its figures into
`figures/<process>.json` of the data directory, beside its place and renamed, so that nobody reads half of it. A file
holds what the counters were about a minute ago as well: what happens now can be told from one look, without waiting.

No fsync: figures may be lost with the machine. No name of a system and nothing of a person is ever in them.
"""

import contextlib
import fcntl
import os
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from daumoi.core.meters import PROCESS

FOLDER = "figures"
WRITE_EVERY_S = 2.0
STALE_S = 15.0
"""Figures older than this are of a process that has ended, or stands still."""

LONG_RUNNING = ("server", "intake", "reader", "worker", "supervisor")
"""The processes of `daumoi up`; others, such as an import, come and go."""

_KEEP_EVERY_S = 10.0
_KEEP_FOR_S = 60.0
_READ_EVERY_S = 1.0


class Series(msgspec.Struct, array_like=True):
    """One figure: the name of its sample, its labels, its value."""

    name: str
    labels: dict[str, str]
    value: float

    @property
    def key(self) -> str:
        """The figure's name with its labels in order."""
        return series_key(self.name, self.labels)


class Family(msgspec.Struct, array_like=True):
    """All figures of one name."""

    name: str
    type: str
    help: str
    series: list[Series]


class Snapshot(msgspec.Struct):
    """The figures of one process at an instant (seconds of the Unix clock), and what they were a while before."""

    process: str
    began_at: float
    at: float
    families: list[Family]
    before_at: float
    before: dict[str, float]

    def is_fresh(self, now: float) -> bool:
        """Tell whether the process still writes."""
        return now - self.at < STALE_S


def series_key(name: str, labels: Mapping[str, str]) -> str:
    """Return how a figure is found among those of before."""
    return f"{name}{sorted(labels.items())}" if labels else name


def read_families(registry: Collector | CollectorRegistry) -> list[Family]:
    """Read a registry."""
    return [
        Family(
            metric.name,
            metric.type,
            metric.documentation,
            [Series(sample.name, dict(sample.labels), float(sample.value)) for sample in metric.samples],
        )
        for metric in registry.collect()
    ]


class Publisher:
    """Writes the figures of this process."""

    def __init__(self, data_dir: Path, process: str, registry: CollectorRegistry = PROCESS) -> None:
        """Name the file; nothing is written yet."""
        self.file = data_dir / FOLDER / f"{process}.json"
        self._process, self._registry = process, registry
        self._began_at = time.time()
        self._kept: deque[tuple[float, dict[str, float]]] = deque()
        self._due_at = 0.0

    def write(self) -> None:
        """Write the figures as they are now. A full disk costs the figures, never the work."""
        now = time.time()
        families = read_families(self._registry)
        if not self._kept or now - self._kept[-1][0] >= _KEEP_EVERY_S:
            self._kept.append((now, {one.key: one.value for family in families for one in family.series}))
        while len(self._kept) > 1 and now - self._kept[1][0] >= _KEEP_FOR_S:
            self._kept.popleft()
        before_at, before = self._kept[0]
        content = msgspec.json.encode(Snapshot(self._process, self._began_at, now, families, before_at, before))
        with contextlib.suppress(OSError):
            self.file.parent.mkdir(mode=0o700, exist_ok=True)
            draft = self.file.with_suffix(".draft")
            with open(draft, "wb", opener=_private) as file:
                file.write(content)
            draft.replace(self.file)

    def write_when_due(self) -> None:
        """Write if the last time is long enough ago; for a process that has a loop of its own."""
        now = time.monotonic()
        if now >= self._due_at:
            self._due_at = now + WRITE_EVERY_S
            self.write()

    def run(self, ending: threading.Event) -> None:
        """Write until told to end."""
        self.write()
        while not ending.wait(WRITE_EVERY_S):
            self.write()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


@contextlib.contextmanager
def published(data_dir: Path, process: str) -> Iterator[None]:
    """Write this process's figures in a thread, as long as the block runs."""
    ending = threading.Event()
    publisher = Publisher(data_dir, process)
    thread = threading.Thread(target=publisher.run, args=(ending,), name="figures", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join(timeout=2)


@contextlib.contextmanager
def published_alone(data_dir: Path, process: str) -> Iterator[None]:
    """Write the figures of a command that comes and goes; of several at once, those of the first."""
    folder = data_dir / FOLDER
    with contextlib.ExitStack() as stack:
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            lock = stack.enter_context((folder / f"{process}.lock").open("ab"))
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield
            return
        try:
            with published(data_dir, process):
                yield
        finally:
            (folder / f"{process}.json").unlink(missing_ok=True)


def read_all(data_dir: Path) -> list[Snapshot]:
    """Read the figures of all processes, old ones too; a file that is none is passed over."""
    found = []
    for file in sorted((data_dir / FOLDER).glob("*.json")):
        with contextlib.suppress(OSError, msgspec.MsgspecError):
            found.append(msgspec.json.decode(file.read_bytes(), type=Snapshot))
    return found


class AllProcesses(Collector):
    """Gives the figures of all processes as one page, each with the label `process`: one's own live, others by file."""

    def __init__(self, data_dir: Path, own: str) -> None:
        """Name the process that answers."""
        self._data_dir, self._own = data_dir, own
        self._read_at = float("-inf")
        self._others: list[Snapshot] = []

    def collect(self) -> Iterable[Metric]:
        now = time.time()
        if now - self._read_at >= _READ_EVERY_S:
            # The page is public: however often somebody asks, the files are read once a second.
            self._others, self._read_at = read_all(self._data_dir), now
        others = {one.process: one for one in self._others if one.process != self._own and one.is_fresh(now)}
        up = GaugeMetricFamily(
            "daumoi_process_up",
            "1 while a process writes its figures, 0 when it has not for 15 s.",
            labels=("process",),
        )
        for name in (*LONG_RUNNING, *(name for name in others if name not in LONG_RUNNING)):
            up.add_metric((name,), float(name == self._own or name in others))
        yield up
        merged: dict[str, Metric] = {}
        _merge(merged, self._own, read_families(PROCESS))
        for name, snapshot in sorted(others.items()):
            _merge(merged, name, snapshot.families)
        yield from merged.values()


def _merge(merged: dict[str, Metric], process: str, families: Sequence[Family]) -> None:
    for family in families:
        metric = merged.get(family.name)
        if metric is None:
            metric = merged[family.name] = Metric(family.name, family.help, family.type)
        for one in family.series:
            metric.add_sample(one.name, {"process": process, **one.labels}, one.value)
