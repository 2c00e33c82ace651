"""Settings come from the environment; all faults are reported at once, each with the variable and how to set it.

A secret may be given by `NAME` or, better, by `NAME_FILE`, the path of a file that holds it.
"""

import base64
import binascii
import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from daumoi.core.crypto import MASTER_KEY_BYTES

KIB, MIB, GIB = 1024, 1024**2, 1024**3


class SettingsFault(Exception):
    """One or more settings cannot be used; the message lists them all."""

    def __init__(self, faults: list[str]) -> None:
        """Keep the single faults and join them into one message, a line each."""
        self.faults = faults
        super().__init__("\n".join(faults))


@dataclass(frozen=True)
class Settings:
    """What can be set. Sizes in bytes, times in the unit of their name."""

    data_dir: Path
    database_url: str | None = None
    postgres_bin_dir: Path | None = None
    postgres_os_user: str = "daumoi-postgres"
    master_key: bytes | None = field(default=None, repr=False)
    wal_archive_dir: Path | None = None
    erasures_dir: Path | None = None
    trusted_proxies: tuple[str, ...] = ()
    body_json_max_bytes: int = 8 * MIB
    line_max_bytes: int = 1 * MIB
    small_body_max_bytes: int = 256 * KIB
    reject_max_rows: int = 10_000
    bad_rows_max: int = 50_000
    bodies_per_client_max: int = 32
    held_days: int = 30
    break_glass_hours: int = 4
    first_bad_rows_max: int = 1000
    held_rows_max: int = 100_000
    calls_per_second: int = 4000
    records_per_day: int = 100_000_000
    connections_max: int = 4000
    connections_per_address_max: int = 1000
    head_seconds: int = 10
    body_idle_seconds: int = 60
    body_min_bytes_per_second: int = 200
    storage_low_bytes: int = 2 * GIB
    segment_rows: int = 5_000_000
    archive_rows: int = 100_000
    export_days: int = 30
    retention_file: Path | None = None
    token_seconds: int = 3600
    webhook_allow: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()
    demo_people: int = 600
    log_level: str = "info"

    @property
    def erasures_folder(self) -> Path:
        """Where the list of erasures lies that restores repeat: `erasures` of the data directory unless set."""
        return self.erasures_dir if self.erasures_dir is not None else self.data_dir / "erasures"


@dataclass(frozen=True)
class _Variable:
    """One variable of the environment: which field it sets, how it is read, what it must be."""

    name: str
    attribute: str
    read: Callable[[str], Any]
    must_be: str
    secret: bool = False


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        value = int(text)
        if not (text.isascii() and low <= value <= high):
            raise ValueError
        return value

    return read


def _key(text: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        raise ValueError from None
    if len(key) != MASTER_KEY_BYTES:
        raise ValueError
    return key


def _log_level(text: str) -> str:
    if text not in ("debug", "info", "warning", "error"):
        raise ValueError
    return text


def _url(text: str) -> str:
    if not text.startswith(("postgresql://", "postgres://")):
        raise ValueError
    return text


def _folder(text: str) -> Path:
    path = Path(text)
    if not path.is_dir():
        raise ValueError
    return path


def _file(text: str) -> Path:
    path = Path(text)
    if not path.is_file():
        raise ValueError
    return path.absolute()


def _absolute(text: str) -> Path:
    path = Path(text)
    if not path.is_absolute():
        raise ValueError
    return path


def _networks(text: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())


def _number(name: str, attribute: str, low: int, high: int, unit: str) -> _Variable:
    return _Variable(name, attribute, _whole(low, high), f"a whole number of {unit} from {low} to {high}")


VARIABLES = (
    _Variable("DATABASE_URL", "database_url", _url, "an address such as postgresql://user@host/name", secret=True),
    _Variable(
        "DAUMOI_MASTER_KEY",
        "master_key",
        _key,
        "32 bytes in base64, made once by `openssl rand -base64 32` and kept apart from the back-ups",
        secret=True,
    ),
    _Variable("DAUMOI_POSTGRES_BIN_DIR", "postgres_bin_dir", _folder, "the folder of PostgreSQL's programs"),
    _Variable("DAUMOI_POSTGRES_OS_USER", "postgres_os_user", str, "the name of an account of this machine"),
    _Variable("DAUMOI_WAL_ARCHIVE_DIR", "wal_archive_dir", _absolute, "a folder, by its whole path"),
    _Variable("DAUMOI_ERASURES_DIR", "erasures_dir", _absolute, "a folder, by its whole path"),
    _Variable(
        "TRUSTED_PROXIES",
        "trusted_proxies",
        lambda text: tuple(part.strip() for part in text.split(",") if part.strip()),
        "addresses of proxies, with commas between",
    ),
    _number("DAUMOI_BODY_JSON_MAX_BYTES", "body_json_max_bytes", KIB, 64 * MIB, "bytes"),
    _number("DAUMOI_LINE_MAX_BYTES", "line_max_bytes", KIB, 16 * MIB, "bytes"),
    _number("DAUMOI_SMALL_BODY_MAX_BYTES", "small_body_max_bytes", 0, 4 * MIB, "bytes"),
    _number("DAUMOI_REJECT_MAX_ROWS", "reject_max_rows", 1, 10_000, "rows"),
    _number("DAUMOI_BAD_ROWS_MAX", "bad_rows_max", 1, 10_000_000, "rows"),
    _number("DAUMOI_FIRST_BAD_ROWS_MAX", "first_bad_rows_max", 1, 10_000_000, "rows"),
    _number("DAUMOI_HELD_ROWS_MAX", "held_rows_max", 1, 100_000_000, "rows"),
    _number("DAUMOI_CALLS_PER_SECOND", "calls_per_second", 1, 1_000_000, "calls"),
    _number("DAUMOI_RECORDS_PER_DAY", "records_per_day", 1, 10**12, "records"),
    _number("DAUMOI_CONNECTIONS_MAX", "connections_max", 10, 100_000, "connections"),
    _number("DAUMOI_CONNECTIONS_PER_ADDRESS_MAX", "connections_per_address_max", 1, 100_000, "connections"),
    _number("DAUMOI_HEAD_SECONDS", "head_seconds", 1, 600, "seconds"),
    _number("DAUMOI_BODY_IDLE_SECONDS", "body_idle_seconds", 1, 3600, "seconds"),
    _number("DAUMOI_BODY_MIN_BYTES_PER_SECOND", "body_min_bytes_per_second", 1, MIB, "bytes"),
    _number("DAUMOI_BODIES_PER_CLIENT_MAX", "bodies_per_client_max", 1, 1000, "bodies"),
    _number("DAUMOI_HELD_DAYS", "held_days", 1, 365, "days"),
    _number("DAUMOI_BREAK_GLASS_HOURS", "break_glass_hours", 1, 72, "hours"),
    _number("DAUMOI_STORAGE_LOW_BYTES", "storage_low_bytes", 0, 2**60, "bytes"),
    _number("DAUMOI_SEGMENT_ROWS", "segment_rows", 100, 1_000_000_000, "records"),
    _number("DAUMOI_ARCHIVE_ROWS", "archive_rows", 1, 10_000_000, "records"),
    _number("DAUMOI_EXPORT_DAYS", "export_days", 1, 365, "days"),
    _Variable("DAUMOI_RETENTION_FILE", "retention_file", _file, "the path of a file"),
    _number("DAUMOI_DEMO_PEOPLE", "demo_people", 0, 100_000, "people"),
    _number("DAUMOI_TOKEN_SECONDS", "token_seconds", 60, 3600, "seconds"),
    _Variable(
        "DAUMOI_WEBHOOK_ALLOW",
        "webhook_allow",
        _networks,
        "networks such as 10.20.0.0/16, with commas between",
    ),
    _Variable("DAUMOI_LOG_LEVEL", "log_level", _log_level, "debug, info, warning or error"),
)


def _given(variable: _Variable, environ: Mapping[str, str]) -> str | None:
    """Return the text of a variable from itself or its file; raises SettingsFault for an unreadable or double one."""
    direct = environ.get(variable.name) or None
    file = environ.get(f"{variable.name}_FILE") if variable.secret else None
    if direct and file:
        raise SettingsFault([f"{variable.name} and {variable.name}_FILE are both set: keep one of them."])
    if not file:
        return direct
    try:
        return Path(file).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        message = f"{variable.name}_FILE names a file that cannot be read: {file}. Give a readable file, or unset it."
        raise SettingsFault([message]) from None


def load(environ: Mapping[str, str], *, data_dir: Path) -> Settings:
    """Read the settings; raises SettingsFault with every fault at once. Values of secrets are never repeated."""
    values: dict[str, Any] = {}
    faults: list[str] = []
    for variable in VARIABLES:
        try:
            text = _given(variable, environ)
        except SettingsFault as fault:
            faults += fault.faults
            continue
        if text is None:
            continue
        try:
            values[variable.attribute] = variable.read(text)
        except ValueError:
            faults.append(f"{variable.name} must be {variable.must_be}. Set it so, or unset it.")
    if faults:
        raise SettingsFault(faults)
    return Settings(data_dir=data_dir, **values)
