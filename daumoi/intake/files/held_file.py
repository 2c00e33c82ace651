"""The file of held rows beside the input: whole or not at all, and for its owner's eyes alone."""

import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

from daumoi.intake.files.passes import Sent


class HeldFile:
    """One JSON object a line; takes its place under its name only when all of it is written."""

    def __init__(self, target: Path) -> None:
        """Name the file; nothing is written before the first row."""
        self._target = target
        self._file: Any = None
        self._temporary: Path | None = None

    def __enter__(self) -> "HeldFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
        if self._temporary is not None:
            self._temporary.unlink(missing_ok=True)

    def write(self, kind: str, problem: dict[str, Any], sent: Sent) -> None:
        """Add a held row: where it stood, why it is held, and the record as it was mapped."""
        row = {
            "kind": kind,
            "row": sent.source_line,
            "held_id": problem["held_id"],
            "faults": problem["faults"],
            **({"notes": list(sent.notes)} if sent.notes else {}),
            **_content(sent),
        }
        self._open().write(msgspec.json.encode(row) + b"\n")

    def keep(self, *, ended: bool) -> Path | None:
        """Put the file in its place. With no rows an old one is removed, if the import went to its end."""
        if self._temporary is None:
            if ended:
                self._target.unlink(missing_ok=True)
            return None
        self._file.flush()
        os.fsync(self._file.fileno())
        self._temporary.replace(self._target)
        self._temporary = None
        return self._target

    def _open(self) -> Any:
        if self._file is None:
            # mkstemp makes the file 0600 from its first moment on.
            handle, name = tempfile.mkstemp(prefix=f".{self._target.name}.", dir=self._target.parent)
            self._temporary = Path(name)
            self._file = os.fdopen(handle, "wb")
        return self._file


def _content(sent: Sent) -> dict[str, Any]:
    """The record, or the text when it is no JSON that can be shown as such."""
    if not sent.too_long_mark:
        try:
            msgspec.json.decode(sent.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass
        else:
            # As it was sent to the letter: a key given twice is the fault that somebody looks for.
            return {"record": msgspec.Raw(sent.body)}
    return {"text": sent.body.decode("utf-8", "backslashreplace")}
