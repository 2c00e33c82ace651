"""What is written before the first start: settings sized to the machine, and who may come in (design, section 4)."""

import os
import shutil
from pathlib import Path

GIB = 1024**3
MIB = 1024**2
ROLE = "daumoi"
DATABASE = "daumoi"
_SHARED_BUFFERS = "DAUMOI_POSTGRES_SHARED_BUFFERS"


def settings_text(folder: Path) -> str:
    """Return the settings of a new cluster."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    shared = os.environ.get(_SHARED_BUFFERS) or f"{min(memory // 4, 4 * GIB) // MIB}MB"
    wal = max(min(16 * GIB, shutil.disk_usage(folder).free // 5), GIB) // MIB
    settings = {
        "listen_addresses": "''",
        "max_connections": "100",
        "shared_buffers": f"'{shared}'",
        "max_wal_size": f"'{wal}MB'",
        "checkpoint_timeout": "'15min'",
        "wal_compression": "pglz",
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
        "jit": "off",
        # Nothing of a statement or a row may reach the log: it can be personal.
        "log_error_verbosity": "terse",
        "log_min_error_statement": "panic",
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
        "log_statement": "none",
        "log_min_duration_statement": "-1",
        "log_min_messages": "log",
        "log_checkpoints": "off",
    }
    return "".join(f"{name} = {value}\n" for name, value in settings.items())


ACCESS = "local all all peer map=daumoi\n"
"""pg_hba.conf: over the socket only, and only as who the kernel says one is."""


def map_text(*accounts: str) -> str:
    """pg_ident.conf: these accounts of the machine are the role of the hub."""
    return "".join(f"daumoi {account} {ROLE}\n" for account in dict.fromkeys(accounts))
