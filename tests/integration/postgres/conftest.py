"""A folder for clusters, and small buffers for all of them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from daumoi.core.postgres.configuration import SHARED_BUFFERS_VARIABLE


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A short folder, as sockets need it, that others may pass."""
    monkeypatch.setenv(SHARED_BUFFERS_VARIABLE, "16MB")
    made = Path(tempfile.mkdtemp(prefix="daumoi-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)
