"""The files of the repository, as the tests of the repository see them."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_MADE = {".git", ".venv", "var", "build", "dist", "__pycache__", "node_modules"}


@cache
def files() -> tuple[Path, ...]:
    """Every file that is tracked, or would be: ignored ones are left out. Without git, all that is not made here."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        ).stdout.decode()
        found = [ROOT / name for name in listed.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        found = [path for path in ROOT.rglob("*") if not _MADE.intersection(path.relative_to(ROOT).parts)]
    return tuple(sorted(path for path in set(found) if path.is_file()))


def files_of(*suffixes: str, under: str = ".") -> list[Path]:
    """The files of these suffixes below a folder."""
    folder = ROOT / under
    return [path for path in files() if path.suffix in suffixes and path.is_relative_to(folder)]


def named(path: Path) -> str:
    """The path as people say it."""
    return path.relative_to(ROOT).as_posix()


def text_of(path: Path) -> str | None:
    """The text of a file, or None of one that is no text."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        return None


def rooms() -> list[Path]:
    """The rooms of the product: folders with code."""
    return sorted(
        path.parent for path in files() if path.match("daumoi/*/__init__.py") and path.parents[1].name == "daumoi"
    )
