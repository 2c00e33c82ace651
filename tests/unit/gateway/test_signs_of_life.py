"""What /readyz looks at."""

import asyncio
import socket
from pathlib import Path

from daumoi.gateway.health import listens


def test_a_socket_file_that_a_killed_process_left_behind_is_not_readiness(tmp_path: Path) -> None:
    path = tmp_path / "intake.sock"
    assert not asyncio.run(listens(path))
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        assert not asyncio.run(listens(path))
        listening.listen()
        assert asyncio.run(listens(path))
    assert path.is_socket()
    assert not asyncio.run(listens(path))
