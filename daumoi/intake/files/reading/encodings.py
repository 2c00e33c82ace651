"""In which encoding a text file is: as declared, by its first bytes, or by which reading gives Vietnamese words.

Nothing is guessed in silence: what was found is said, and where two readings are equally likely the file is refused.
"""

import codecs
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import BinaryIO

from daumoi.intake.files.reading.rows import FileRefused
from daumoi.intake.files.reading.vietnamese import from_tcvn3, from_vni, plausibility

SAMPLE_BYTES = 1024 * 1024
_BAD_LINES = 3
_WORDS_MIN = 3
"""Fewer words with marks than this tell nothing."""
_SURE = 0.9
_CLEARLY_BETTER = 0.2


@dataclass(frozen=True)
class Encoding:
    """How bytes become text."""

    name: str
    title: str
    codec: str
    errors: str = "surrogateescape"
    mend: Callable[[str], str] = str
    """What is still to be done to a line that the codec has read."""


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


UTF_8 = Encoding("utf-8", "UTF-8", "utf-8-sig")
UTF_16 = Encoding("utf-16", "UTF-16", "utf-16", "replace")
_UTF_16_LE = Encoding("utf-16-le", "UTF-16", "utf-16-le", "replace")
_UTF_16_BE = Encoding("utf-16-be", "UTF-16", "utf-16-be", "replace")
_1252 = Encoding("windows-1252", "Windows-1252", "cp1252")
_1258 = Encoding("windows-1258", "Windows-1258", "cp1258", mend=_composed)
_TCVN3 = Encoding("tcvn3", "TCVN3 (ABC)", "latin-1", mend=from_tcvn3)
_VNI = Encoding("vni", "VNI", "cp1252", mend=from_vni)
BY_NAME = {each.name: each for each in (UTF_8, UTF_16, _UTF_16_LE, _UTF_16_BE, _1252, _1258, _TCVN3, _VNI)}
_OF_ONE_BYTE = (_1252, _1258, _TCVN3, _VNI)


def choose(stream: BinaryIO, declared: Iterable[str]) -> tuple[Encoding, str]:
    """Return the encoding of a file and a remark about it (empty when there was nothing to find out).

    Of several that are declared the first is taken in which all of the file can be read. Raises FileRefused.
    """
    names = list(declared)
    if len(names) == 1:
        return BY_NAME[names[0]], ""
    for name in names:
        if _fits(stream, BY_NAME[name]):
            return BY_NAME[name], f"Encoding: {BY_NAME[name].title}, the first of those declared that fits."
    if names:
        raise FileRefused(f"The file is in none of the encodings declared: {', '.join(names)}. Mend [source].")
    return _found(stream.read(SAMPLE_BYTES))


def _fits(stream: BinaryIO, encoding: Encoding) -> bool:
    stream.seek(0)
    decoder = codecs.getincrementaldecoder(encoding.codec)("strict")
    try:
        while piece := stream.read(SAMPLE_BYTES):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    finally:
        stream.seek(0)
    return True


def _found(sample: bytes) -> tuple[Encoding, str]:
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return UTF_16, "Encoding found: UTF-16, by its first bytes."
    if sample.startswith(codecs.BOM_UTF8):
        return UTF_8, ""
    wide = _wide(sample)
    if wide is not None:
        return wide, "Encoding found: UTF-16 without a byte order mark."
    bad = [number for number, line in enumerate(_lines(sample), start=1) if not _is_utf8(line)]
    good = sum(1 for line in _lines(sample) if not line.isascii() and _is_utf8(line))
    if len(bad) <= good:
        # Also with some broken lines in it: those are rows to hold, not another encoding.
        return UTF_8, ""
    found = _of_one_byte(sample)
    if found is not None:
        return found
    if len(bad) < _BAD_LINES:
        return UTF_8, ""
    raise FileRefused(
        f"The file is not UTF-8 (line {bad[0]} is the first of {len(bad)} that are not), and no other encoding is sure."
        f" Give encoding under [source], one of {', '.join(BY_NAME)}, or save the file as UTF-8."
    )


def _lines(sample: bytes) -> list[bytes]:
    """Return the whole lines of a sample: its last one may be cut within a character."""
    lines = sample.split(b"\n")
    return lines[:-1] if len(sample) >= SAMPLE_BYTES and len(lines) > 1 else lines


def _wide(sample: bytes) -> Encoding | None:
    """Find UTF-16 by its zeros: every other byte of Latin text is one, and nearly all signs stand below U+2000."""
    half = len(sample) // 2
    zeros = (sample[0 : 2 * half : 2].count(0), sample[1 : 2 * half : 2].count(0))
    if half < 2 or max(zeros) <= half * 0.4 or min(zeros) >= half * 0.05:
        return None
    found = _UTF_16_BE if zeros[0] > zeros[1] else _UTF_16_LE
    text = sample[: 2 * half].decode(found.codec, "replace")
    return found if sum(sign < "\u2000" for sign in text) > 0.95 * len(text) else None


def _is_utf8(line: bytes) -> bool:
    if line.isascii():
        return True
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _of_one_byte(sample: bytes) -> tuple[Encoding, str] | None:
    """Find the reading of a file of one byte a character that gives Vietnamese words."""
    tried: list[tuple[float, Encoding, int, int]] = []
    for encoding in _OF_ONE_BYTE:
        try:
            words, good = plausibility(encoding.mend(sample.decode(encoding.codec)))
        except UnicodeDecodeError:
            continue
        if words >= _WORDS_MIN:
            tried.append((good / words, encoding, words, good))
    tried.sort(key=lambda each: each[0], reverse=True)
    if tried and tried[0][0] >= _SURE and (len(tried) == 1 or tried[0][0] - tried[1][0] >= _CLEARLY_BETTER):
        _, encoding, words, good = tried[0]
        return encoding, (
            f"Encoding found: {encoding.title}, in which {good} of {words} words with marks are Vietnamese."
            f' To be sure, give encoding = "{encoding.name}" under [source].'
        )
    return None
