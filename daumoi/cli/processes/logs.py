"""Structured logs: one JSON object a line, in files that rotate; no personal data and no library's own message."""

import logging
import logging.handlers
import sys
import threading
from types import TracebackType

import structlog

from daumoi.core.faults import way_of
from daumoi.core.settings import Settings

_FILE_BYTES = 32 * 1024 * 1024
_FILES = 5


def configure(settings: Settings, process: str) -> None:
    """Write this process's log to `log/<process>.log` of the data directory."""
    folder = settings.data_dir / "log"
    folder.mkdir(exist_ok=True, mode=0o700)
    handler = logging.handlers.RotatingFileHandler(
        folder / f"{process}.log", maxBytes=_FILE_BYTES, backupCount=_FILES, encoding="utf-8"
    )
    handler.setFormatter(logging.Formatter("%(message)s"))
    logging.basicConfig(level=logging.getLevelName(settings.log_level.upper()), handlers=[handler], force=True)
    # Libraries say what they like in their messages, values included: only ours are written.
    for name in ("uvicorn", "psycopg", "psycopg.pool", "procrastinate", "litestar", "django", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(settings.log_level.upper())),
        cache_logger_on_first_use=True,
    )
    sys.excepthook = _note_crash
    threading.excepthook = lambda args: _note_crash(args.exc_type, args.exc_value, args.exc_traceback)


def _note_crash(kind: type[BaseException], _error: BaseException | None, trace: TracebackType | None) -> None:
    """Log what ended a process or thread: its type and its way through our code, never its message.

    A message may repeat a value; Python would print it.
    """
    if issubclass(kind, KeyboardInterrupt):
        return
    structlog.get_logger("daumoi.crash").error("not handled", reason=kind.__name__, way=way_of(trace))
