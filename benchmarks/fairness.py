"""Single posts of one client while another client streams bulk bodies, of the same kind and of another one.

The bodies are sent by a process of their own: threads beside the one that posts would delay it by themselves.
"""

import itertools
import multiprocessing
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from types import TracebackType

import httpx

from benchmarks import posts
from benchmarks.mix import Mix, pieces
from tests.contract.records import a_checkpoint, a_passage, a_report, the_bytes
from tests.hubs import NDJSON, NO_TLS, Caller, a_receipt

KIND = "checkpoint_passage"
LIMIT_P99_MS = 250.0
_CODE = "FAIR-1"
_PIECE_BYTES = 64 * 1024
_MIX = Mix(20_000)
_REF = b'"ref":"'
_spawning = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Streamed:
    """What became of the bodies of one client."""

    rows: int
    seconds: float
    faults: list[str]

    @property
    def per_second(self) -> float:
        """Rows answered for each second."""
        return self.rows / self.seconds


class Streams:
    """Bulk bodies of one client that go on until they are told to end."""

    def __init__(self, partner: Caller, bodies: int) -> None:
        """Register the checkpoints that the passages name."""
        a_receipt(partner.send("checkpoint", *(line.rstrip() for line in _MIX.checkpoint_lines())))
        self._ending: Event = _spawning.Event()
        self._begun: Event = _spawning.Event()
        self._found: Queue[Streamed] = _spawning.Queue()
        self._process = _spawning.Process(
            target=_stream,
            args=(partner.base_url, partner.token, bodies, self._begun, self._ending, self._found),
            daemon=True,
        )
        self.streamed: Streamed | None = None

    def __enter__(self) -> "Streams":
        """Begin, and wait until the bodies are under way."""
        self._process.start()
        assert self._begun.wait(60), "the bodies did not begin"
        time.sleep(1)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End the bodies where they are; each gets its receipt."""
        self._ending.set()
        self.streamed = self._found.get(timeout=120)
        self._process.join(30)
        assert not self.streamed.faults, self.streamed.faults


def _stream(base_url: str, token: str, bodies: int, begun: Event, ending: Event, found: "Queue[Streamed]") -> None:
    """Send the bodies, from a thread each; the same passages again and again, under refs that nobody has used."""
    made = list(pieces(_MIX.lines(), _PIECE_BYTES))
    marks, guard = itertools.count(time.time_ns()), threading.Lock()
    rows, faults = [0], list[str]()

    def body() -> Iterator[bytes]:
        while True:
            ref = b"%bfair-%d-" % (_REF, next(marks))
            for piece in made:
                if ending.is_set():
                    return
                yield piece.replace(_REF, ref)

    def send() -> None:
        headers = {"Content-Type": NDJSON, "Authorization": f"Bearer {token}"}
        with httpx.Client(verify=NO_TLS, timeout=300, headers=headers) as client:
            answer = client.post(f"{base_url}/api/v1/records/{KIND}", content=body())
        with guard:
            if answer.status_code == httpx.codes.OK and answer.json()["accepted"] == answer.json()["received"]:
                rows[0] += answer.json()["accepted"]
            else:
                faults.append(answer.text[:300])

    threads = [threading.Thread(target=send) for _ in range(bodies)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    begun.set()
    for thread in threads:
        thread.join()
    found.put(Streamed(rows[0], time.perf_counter() - began, faults))


@dataclass(frozen=True)
class Beside:
    """How fast single posts were answered, and how many bulk rows a second were stored beside them."""

    posted: posts.Posted
    bulk_per_second: float


def beside(single: Caller, bulk: Caller, *, same_kind: bool, bodies: int, connections: int, seconds: float) -> Beside:
    """Post single records of one client while another streams so many bodies of passages."""
    if same_kind:
        a_receipt(single.send("checkpoint", a_checkpoint({"code": _CODE}, ref="fair-checkpoint")))
    with Streams(bulk, bodies) as streams:
        found = posts.post(
            single.base_url,
            single.token,
            KIND if same_kind else "citizen_report",
            lambda _: the_bytes(a_passage(_CODE) if same_kind else a_report()),
            connections=connections,
            seconds=seconds,
        )
    assert streams.streamed is not None
    return Beside(found, streams.streamed.per_second)


def shares(one: Caller, other: Caller, *, bodies: int, seconds: float) -> tuple[float, float]:
    """Let one client stream one body and another so many of the same kind; returns the rows a second of each."""
    with Streams(one, 1) as alone, Streams(other, bodies) as many:
        time.sleep(seconds)
    assert alone.streamed is not None and many.streamed is not None
    return alone.streamed.per_second, many.streamed.per_second
