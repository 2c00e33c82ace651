"""What the processes of a hub use: processor time and memory, from /proc (proc(5)), by what they do."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_ROLES = ("server", "intake", "reader", "worker")


@dataclass(frozen=True)
class Process:
    """One process: its parent, what it does, processor seconds so far, and the most memory it ever held, in MiB."""

    pid: int
    parent: int
    role: str
    cpu_s: float
    peak_mib: float


def _all() -> Iterator[Process]:
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            command = (entry / "cmdline").read_bytes().split(b"\0")
            status = (entry / "status").read_text()
        except OSError:
            continue  # it ended while we looked
        peak = next((line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")), "0")
        seconds = (int(fields[11]) + int(fields[12])) / _TICKS
        yield Process(int(entry.name), int(fields[1]), _role(command), seconds, int(peak) / 1024)


def _role(command: list[bytes]) -> str:
    words = [part.decode(errors="replace") for part in command]
    if "daumoi.cli.processes" in words:
        return next((role for role in _ROLES if role in words), "other")
    return "database" if "postgres" in words[0] else "other"


def of_hub(supervisor: int) -> list[Process]:
    """Return the processes below a supervisor."""
    everything = list(_all())
    kept, grown = {supervisor}, True
    while grown:
        more = {process.pid for process in everything if process.parent in kept} - kept
        kept |= more
        grown = bool(more)
    return [process for process in everything if process.pid in kept]


def cpu_of(supervisor: int) -> Counter[str]:
    """Return processor seconds by role."""
    found: Counter[str] = Counter()
    for process in of_hub(supervisor):
        found[process.role] += process.cpu_s  # type: ignore[assignment]
    return found


def cpu_of_call(supervisor: int, call: Callable[[], object]) -> dict[str, float]:
    """Return the processor seconds that each role used during a call; a backend that ended meanwhile is not counted."""
    before = cpu_of(supervisor)
    call()
    after = cpu_of(supervisor)
    return {role: after[role] - before[role] for role in (*_ROLES, "database") if after[role] > before[role]}


def peaks_mib(supervisor: int) -> dict[str, float]:
    """Return the most memory that the server and the intake process ever held."""
    return {process.role: process.peak_mib for process in of_hub(supervisor) if process.role in ("server", "intake")}
