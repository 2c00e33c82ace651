"""What an abuse costs the hub: memory at its peak and processor time, of the server and of the intake process."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Literal

from tests.crash import victims
from tests.hubs import HubServer

Role = Literal["server", "intake"]
ROLES: tuple[Role, ...] = ("server", "intake")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_USER, _SYSTEM = 11, 12  # fields of proc_pid_stat(5), counted behind the name
_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)
_NOW = re.compile(r"^VmRSS:\s+(\d+) kB", re.MULTILINE)


class Costs:
    """Memory and processor time since it was made."""

    def __init__(self, server: HubServer) -> None:
        """Take the present as the beginning; the kernel forgets the peaks of before (proc_pid_clear_refs(5))."""
        assert server.process is not None
        self._pids = {role: victims.wait_for(server.process.pid, server.data_dir, role).pid for role in ROLES}
        for pid in self._pids.values():
            Path(f"/proc/{pid}/clear_refs").write_text("5")
        self._memory = {role: _mib(pid, _NOW) for role, pid in self._pids.items()}
        self._time = {role: _seconds(pid) for role, pid in self._pids.items()}

    def memory_mib(self, role: Role) -> float:
        """The peak above the memory at the beginning."""
        return _mib(self._pids[role], _PEAK) - self._memory[role]

    def processor_s(self, role: Role) -> float:
        """The processor time used."""
        return _seconds(self._pids[role]) - self._time[role]

    def check(self, what: str, *, memory_mib: float, processor_s: float) -> None:
        """Print the figures, and hold both processes to the bounds."""
        for role in ROLES:
            memory, seconds = self.memory_mib(role), self.processor_s(role)
            said = f"{what}: the {role} process took {memory:.0f} MiB at its peak and {seconds:.2f} s of processor time"
            print(said)
            assert memory < memory_mib, f"{said}; the bound is {memory_mib:.0f} MiB"
            assert seconds < processor_s, f"{said}; the bound is {processor_s:.1f} s"


def _mib(pid: int, pattern: re.Pattern[str]) -> float:
    found = pattern.search(Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


def _seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    return (int(fields[_USER]) + int(fields[_SYSTEM])) / _TICKS_PER_S
