"""What PostgreSQL is told: settings of the first start, settings of every start, and who may log in."""

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from daumoi.core.postgres.faults import StartFault

ROLE = "daumoi"
DATABASE = "daumoi"
PORT = 5432
FIRST_START_FILE = "daumoi.conf"
HBA_FILE = "daumoi_hba.conf"
IDENT_FILE = "daumoi_ident.conf"
SHARED_BUFFERS_VARIABLE = "DAUMOI_POSTGRES_SHARED_BUFFERS"
_MIB = 1024**2
_SHARED_BUFFERS_MOST_MIB = 4096
_MAX_WAL_MOST_MIB = 16 * 1024
_MAX_WAL_LEAST_MIB = 128
_CGROUP_MEMORY = Path("/sys/fs/cgroup/memory.max")

_FIRST_START = """\
# Written once, before the first start of this database. Own settings go below the include in postgresql.conf, or are
# made with ALTER SYSTEM; `daumoi doctor` fails when one of the first three is off: a power cut would lose records.
fsync = on
full_page_writes = on
synchronous_commit = on

shared_buffers = {shared_buffers_mib}MB
max_wal_size = {max_wal_mib}MB
checkpoint_timeout = 15min
wal_compression = pglz
max_connections = 100
deadlock_timeout = 1s
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'

# Nothing of a person may reach the log. The text of an error can repeat a value ("invalid input syntax ..."), so
# errors of a session go to that session alone; the log keeps what PostgreSQL says of itself.
log_min_messages = log
log_min_error_statement = panic
log_error_verbosity = terse
log_statement = none
log_min_duration_statement = -1
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_line_prefix = '%m [%p] %b '
log_startup_progress_interval = 5s
"""


def first_start_settings(data_dir: Path) -> str:
    """Return the settings written before the first start, from this machine's memory and free disk."""
    free_mib = shutil.disk_usage(data_dir).free // _MIB
    max_wal_mib = max(_MAX_WAL_LEAST_MIB, min(_MAX_WAL_MOST_MIB, free_mib // 5))
    shared_buffers_mib = max(16, min(_SHARED_BUFFERS_MOST_MIB, memory_bytes() // 4 // _MIB))
    return _FIRST_START.format(shared_buffers_mib=shared_buffers_mib, max_wal_mib=max_wal_mib)


def memory_bytes() -> int:
    """Return the memory that is ours: the machine's, or less when a container's limit says so."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(machine, int(_CGROUP_MEMORY.read_text("ascii")))
    except (OSError, ValueError):
        return machine


def start_options(postgres_dir: Path, socket_dir: Path, more: Mapping[str, str] | None = None) -> list[str]:
    """Return the settings of every start; the directory may have moved since the last one. Raises StartFault.

    more: settings of this start alone.
    """
    options = {
        "listen_addresses": "",
        "unix_socket_directories": f'"{socket_dir}"',
        "unix_socket_permissions": "0777",
        "port": str(PORT),
        "logging_collector": "off",
        "log_destination": "stderr",
        "hba_file": str(postgres_dir / HBA_FILE),
        "ident_file": str(postgres_dir / IDENT_FILE),
    }
    shared_buffers = os.environ.get(SHARED_BUFFERS_VARIABLE)
    if shared_buffers:
        if re.fullmatch(r"[1-9][0-9]{0,9}(kB|MB|GB)", shared_buffers, re.ASCII) is None:
            raise StartFault(f"{SHARED_BUFFERS_VARIABLE} must be a size such as 128MB. Set it so, or unset it.")
        options["shared_buffers"] = shared_buffers
    options |= more or {}
    return [part for name, value in options.items() for part in ("-c", f"{name}={value}")]


# A base back-up comes by the protocol of replication, which "all" does not stand for.
_HBA = "local all all peer map=hub\nlocal replication all peer map=hub\n"


def write_logins(postgres_dir: Path, names: set[str]) -> None:
    """Write who may log in: accounts of this machine, by name as the kernel tells it, as our one role; no passwords."""
    logins = "".join(f'hub "{name}" {ROLE}\n' for name in sorted(names))
    _replace(postgres_dir / HBA_FILE, f"# Rewritten at every start.\n{_HBA}")
    _replace(postgres_dir / IDENT_FILE, f"# Rewritten at every start.\n{logins}")


def _replace(path: Path, text: str) -> None:
    """Write a file anew, never through what lies there: the folder is another account's when we are root."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        # Whatever the umask: it lies in a closed folder, and PostgreSQL's own account has to read it.
        os.fchmod(handle, 0o644)
    draft.rename(path)
