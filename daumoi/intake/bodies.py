"""Reads bodies: decompresses, cuts into rows, and hands them to a submission, without keeping more than one line."""

import json
import re
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from typing import Literal, NoReturn

import msgspec
import zstandard

from daumoi.core.problems import CallProblem
from daumoi.core.settings import Settings
from daumoi.intake.receipts import Receipt
from daumoi.intake.submissions import JSON_SPACE, Submission

ContentType = Literal["application/json", "application/x-ndjson"]
Encoding = Literal["gzip", "zstd"] | None

_BOM = b"\xef\xbb\xbf"
_GZIP_WINDOW = 31
_INFLATE_STEP = 256 * 1024
_ZSTD_STEP = 1024
"""Compressed bytes given to zstd at once: a kilobyte can grow to some thirty megabytes, a larger piece to gigabytes."""
_ZSTD_WINDOW = 1 << 27
_KEPT = 4096

UNPACKED_RATIO_MAX = 250
"""A body may unpack to so many times its size. Records of one form shrink to a tenth, the most alike to a hundredth."""
UNPACKED_FREE_BYTES = 64 * 1024 * 1024
"""What a body may unpack to in any case."""
ELEMENTS_MAX = 200_000
"""Elements of a JSON array: the shortest record has 40 bytes, so a body of 8 MiB cannot hold more of them."""
_COMMAS = 5 * ELEMENTS_MAX
_DEEP = 100_000
_BIG_JSON_BYTES = 256 * 1024
_cutting = threading.Lock()
"""One big JSON body at a time is cut: made of elements of two bytes, it takes 100 MB for a moment."""


class BodyBroken(Exception):
    """The body ended before its end: the sender went away, or its encoding is damaged."""


class HubStopping(Exception):
    """The hub goes down before the end of the body."""


def take(
    submission: Submission,
    pieces: Iterable[bytes],
    *,
    settings: Settings,
    content_type: ContentType,
    encoding: Encoding = None,
) -> Receipt:
    """Take a whole body and return its receipt.

    Raises CallProblem; for a body that breaks off it carries the receipt so far, and sending all again is safe.
    """
    try:
        plain = decompressed(pieces, encoding)
        if content_type == "application/json":
            submission.add(elements(_whole(plain, settings.body_json_max_bytes)))
        else:
            _take_lines(submission, plain, settings.line_max_bytes)
        return submission.finish()
    except BodyBroken as broken:
        receipt = submission.break_off()
        detail = f"{broken} What the receipt counts is stored; sending all of it again is safe."
        raise CallProblem("malformed_body", detail, receipt=receipt) from None
    except HubStopping:
        detail = "The hub is stopping. What the receipt counts is stored; sending all of it again is safe."
        headers = {"Retry-After": "5"}
        raise CallProblem("not_ready", detail, receipt=submission.break_off(), headers=headers) from None
    except CallProblem as problem:
        if problem.receipt is None and problem.code in ("malformed_body", "body_too_large"):
            problem.receipt = submission.break_off()
        raise
    finally:
        submission.close()


def decompressed(pieces: Iterable[bytes], encoding: Encoding) -> Iterator[bytes]:
    """Decompress a body piece by piece; raises BodyBroken where its encoding is damaged or ends too early."""
    if encoding is None:
        return iter(pieces)
    return _within_ratio(pieces, _gunzip if encoding == "gzip" else _unzstd)


def _within_ratio(pieces: Iterable[bytes], unpack: Callable[[Iterable[bytes]], Iterator[bytes]]) -> Iterator[bytes]:
    """Unpack until more comes out than any honest body holds; raises CallProblem body_too_large."""
    packed = unpacked = 0

    def counted() -> Iterator[bytes]:
        nonlocal packed
        for piece in pieces:
            packed += len(piece)
            yield piece

    for plain in unpack(counted()):
        unpacked += len(plain)
        if unpacked > UNPACKED_FREE_BYTES and unpacked > packed * UNPACKED_RATIO_MAX:
            detail = (
                f"The body unpacks to more than {UNPACKED_RATIO_MAX} times its size and {UNPACKED_FREE_BYTES} bytes. "
                "What the receipt counts is stored. Send the rest without Content-Encoding."
            )
            raise CallProblem("body_too_large", detail)
        yield plain


def _gunzip(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Inflate gzip, also of several members; never more than _INFLATE_STEP bytes at once."""
    inflater = zlib.decompressobj(_GZIP_WINDOW)
    fed = False
    try:
        for piece in pieces:
            rest = piece
            while rest:
                if inflater.eof:
                    inflater = zlib.decompressobj(_GZIP_WINDOW)
                fed = True
                yield inflater.decompress(rest, _INFLATE_STEP)
                rest = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
    except zlib.error:
        raise BodyBroken("The gzip data are damaged.") from None
    if fed and not inflater.eof:
        raise BodyBroken("The gzip data end too early.")


def _unzstd(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Decompress zstd, also of several frames."""
    decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    frame = decompressor.decompressobj()
    fed = False
    try:
        for piece in pieces:
            for start in range(0, len(piece), _ZSTD_STEP):
                rest = piece[start : start + _ZSTD_STEP]
                while rest:
                    if frame.eof:
                        frame = decompressor.decompressobj()
                    fed = True
                    yield frame.decompress(rest)
                    rest = frame.unused_data if frame.eof else b""
    except zstandard.ZstdError:
        raise BodyBroken("The zstd data are damaged.") from None
    if fed and not frame.eof:
        raise BodyBroken("The zstd data end too early.")


def _whole(pieces: Iterable[bytes], limit: int) -> bytes:
    body = bytearray()
    for piece in pieces:
        body += piece
        if len(body) > limit:
            detail = f"A JSON body has at most {limit} bytes; nothing was stored. NDJSON has no small limit: send that."
            raise CallProblem("body_too_large", detail)
    return bytes(body)


def elements(body: bytes) -> list[bytes]:
    """Cut a JSON body into its records: the elements of an array, or the one object; raises CallProblem."""
    if len(body) > _BIG_JSON_BYTES:
        with _cutting:
            return _elements(body)
    return _elements(body)


def _elements(body: bytes) -> list[bytes]:
    text = body.removeprefix(_BOM).strip(JSON_SPACE)
    if text.startswith(b"{"):
        if not _is_json(text):
            _refuse_json()
        return [text]
    if not text.startswith(b"["):
        _refuse_json()
    try:
        if text.count(b",") > _COMMAS:
            _cut(text)  # stops at the first element too many, before all of them take their memory
        found = msgspec.json.decode(text, type=list[msgspec.Raw])
        if len(found) > ELEMENTS_MAX:
            _refuse_length()
        return [bytes(element) for element in found]
    except (msgspec.DecodeError, RecursionError):
        # msgspec also refuses texts that are JSON, such as half a surrogate pair in a string: cut by hand then.
        return _cut(text) if _is_json(text) else _refuse_json()


def _refuse_length() -> NoReturn:
    detail = f"A JSON array has at most {ELEMENTS_MAX} elements; nothing was stored. Send NDJSON, one record a line."
    raise CallProblem("body_too_large", detail)


def _refuse_json() -> NoReturn:
    detail = "The body is not one JSON object, nor an array of them; nothing was stored."
    raise CallProblem("malformed_body", detail)


def _constant(_name: str) -> NoReturn:
    raise ValueError


def _is_json(text: bytes) -> bool:
    """Tell whether a text is JSON as far as Python can tell; text of other encodings and too deep text may be."""
    try:
        json.loads(text.decode("utf-8", "replace"), parse_constant=_constant, parse_int=len)
    except RecursionError:
        return True
    except ValueError:
        return False
    return True


_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},]', re.DOTALL)


def _cut(text: bytes) -> list[bytes]:
    """Cut a JSON array at its own commas."""
    found: list[bytes] = []
    depth, start = 0, 1
    for token in _TOKEN.finditer(text):
        mark = token.group()
        if mark in (b"[", b"{"):
            depth += 1
            if depth > _DEEP:
                _refuse_json()
        elif mark in (b"]", b"}"):
            depth -= 1
            if depth == 0:
                last = text[start : token.start()].strip(JSON_SPACE)
                return [*found, last] if last else found
        elif mark == b"," and depth == 1:
            found.append(text[start : token.start()].strip(JSON_SPACE))
            if len(found) > ELEMENTS_MAX:
                _refuse_length()
            start = token.end()
    _refuse_json()


def _take_lines(submission: Submission, pieces: Iterable[bytes], limit: int) -> None:
    """Cut NDJSON into lines; of a line beyond the limit only its start and its hash are kept."""
    rest = b""
    first = True
    long: _LongLine | None = None
    for piece in pieces:
        if not rest and long is None and not piece.strip(JSON_SPACE):
            # A body of nothing but line ends compresses to almost nothing: one by one they would cost seconds.
            submission.skip_blank(piece.count(b"\n"))
            first = first and b"\n" not in piece
            continue
        *lines, tail = piece.split(b"\n")
        if lines:
            if long is not None:
                long.add(lines.pop(0))
                submission.add_too_long(start=long.start, mark=long.mark())
                long = None
            else:
                lines[0] = rest + lines[0]
                if first:
                    lines[0] = lines[0].removeprefix(_BOM)
            submission.add(lines)
            rest, first = b"", False
        if long is not None:
            long.add(tail)
        elif len(rest) + len(tail) > limit:
            long, rest = _LongLine(rest + tail), b""
        else:
            rest += tail
    if long is not None:
        submission.add_too_long(start=long.start, mark=long.mark())
    elif rest:
        submission.add([rest.removeprefix(_BOM) if first else rest])


class _LongLine:
    """A line too long to keep: its start, and a hash that stands for all of it."""

    def __init__(self, start: bytes) -> None:
        self.start = start[:_KEPT]
        self._hash = blake2b(start, digest_size=32)

    def add(self, piece: bytes) -> None:
        self._hash.update(piece)

    def mark(self) -> bytes:
        return self._hash.digest()


def single_record(body: bytes, content_type: ContentType) -> bytes | None:
    """Return the one record of a small body, or None when it holds several or none.

    Raises CallProblem malformed_body for a JSON body that is none.
    """
    if content_type == "application/json":
        found = elements(body) if not body.removeprefix(_BOM).lstrip(JSON_SPACE).startswith(b"[") else []
        return found[0] if len(found) == 1 else None
    text = body.removeprefix(_BOM).strip(JSON_SPACE)
    # The row must be the first line: its number is part of the answer.
    return text if text and b"\n" not in body.rstrip(JSON_SPACE) and len(body) < _INFLATE_STEP else None
