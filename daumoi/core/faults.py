"""What may be written of a fault of ours: its type and its way through the code, never its message.

A message may repeat a value that somebody sent.
"""

import traceback
from pathlib import Path
from types import TracebackType

_FRAMES = 12


def way_of(trace: TracebackType | None) -> list[str]:
    """Return the last places in the code that an error came through."""
    way = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)]
    return way[-_FRAMES:]
