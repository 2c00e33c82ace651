"""Rows out of FHIR R4 in JSON: a Bundle, one resource, a list of them, or one a line (bulk export). Each is a row.

A resource that is not valid is a row with faults, and breaks only itself. References are followed
within a Bundle and within a resource.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, BinaryIO, NamedTuple

import msgspec
from msgspec import UNSET, Raw, UnsetType

from daumoi.core.problems import CallProblem
from daumoi.intake.bodies import elements
from daumoi.intake.files.paths import Resolve, Tree
from daumoi.intake.files.reading.lines import JSON_MAX_BYTES, NdjsonReader, members
from daumoi.intake.files.reading.rows import LINE_MAX_BYTES, Counted, FileRefused, SourceRow

_BOM = b"\xef\xbb\xbf"
_SAMPLE_BYTES = 64 * 1024
_TYPES_SHOWN = 12
_OLD_VERSIONS = "history"
_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class _Typed(msgspec.Struct):
    """What tells that an object is a resource."""

    resourceType: str


class _Entry(msgspec.Struct):
    """An entry of a Bundle."""

    fullUrl: str = ""
    resource: Raw | UnsetType = UNSET


class _Link(msgspec.Struct):
    """A link of a Bundle to its other pages."""

    relation: str = ""


class _Bundle(msgspec.Struct):
    """A Bundle, its entries unread."""

    type: str = ""
    entry: list[Raw] = []
    link: list[_Link] = []


class _Item(NamedTuple):
    """A resource before it is looked at."""

    line: int
    raw: bytes
    bundle: "_References | None" = None
    broken: SourceRow | None = None


def is_fhir(stream: BinaryIO) -> bool:
    """Tell whether a stream of JSON holds resources; it is left at its beginning."""
    sample = stream.read(_SAMPLE_BYTES)
    stream.seek(0)
    if b'"resourceType"' not in sample:
        return False
    if _in_lines(stream):
        return True
    text = stream.read(JSON_MAX_BYTES + 1).removeprefix(_BOM)
    stream.seek(0)
    return _typed(text) is not None or _typed(_first_element(text)) is not None


def _first_element(text: bytes) -> bytes:
    try:
        listed = msgspec.json.decode(text, type=list[Raw])
    except _BROKEN:
        return b""
    return bytes(listed[0]) if listed else b""


def _typed(text: bytes) -> str | None:
    try:
        return msgspec.json.decode(text, type=_Typed).resourceType
    except _BROKEN:
        return None


def _in_lines(stream: BinaryIO) -> bool:
    """Tell whether there is one resource a line, rather than one document; the first line may be a broken one."""
    first, second = _next_line(stream), _next_line(stream)
    stream.seek(0)
    if not second or first.startswith(b"[") or first.endswith((b"[", b":")):
        return False
    return _typed(first.removeprefix(_BOM)) is not None or _typed(second) is not None


def _next_line(stream: BinaryIO) -> bytes:
    while line := stream.readline(JSON_MAX_BYTES):
        if line.strip():
            return line.strip()
    return b""


class FhirReader:
    """The resources of one file; those of the types that are used are checked."""

    def __init__(
        self, stream: BinaryIO, *, used: frozenset[str] | None = None, line_max_bytes: int = LINE_MAX_BYTES
    ) -> None:
        """Open a file; `used` names the types of resource to check, None all. Raises FileRefused."""
        # Here, because its library takes longer to load than everything else that a command needs.
        from daumoi.intake.files.reading import fhir_models

        self._models = fhir_models
        self._used = used
        self._documents = Counter[str]()
        self._more_pages = False
        self._without_resource = 0
        self._lines = NdjsonReader(stream, line_max_bytes=line_max_bytes) if _in_lines(stream) else None
        self.counted = Counted() if self._lines else Counted(share=0.0)
        self._items = self._of_lines() if self._lines else self._of_document(_whole(stream))

    def rows(self) -> Iterator[SourceRow]:
        """Yield every resource; its `line` is its line, or its place among the entries of the Bundle, from 1."""
        for item in self._items:
            yield item.broken or self._row(item)

    def _row(self, item: _Item) -> SourceRow:
        cells = members(item.raw)
        if cells is None:
            return SourceRow(item.line, None, item.raw, "The resource is not one JSON object with each key once.")
        kind = cells.get("resourceType")
        if not self._models.is_resource(kind):
            return SourceRow(item.line, None, item.raw, "The object is no resource of FHIR R4: see its resourceType.")
        cells.resolve = _following(cells.whole, item.bundle)
        checked = self._used is None or kind in self._used
        faults = self._models.faults_of(kind, cells.whole) if checked else ()
        return SourceRow(item.line, cells, item.raw, faults=tuple(f"not FHIR R4: {fault}" for fault in faults))

    def remarks(self) -> list[str]:
        """Read to the end and say what there is: resources by type, those that are used and those that are not."""
        found = Counter(_typed(item.raw) or "not readable" for item in self._items)
        total = sum(found.values())
        parts = [f"FHIR R4, {self._form()}: {total:,} resource{'' if total == 1 else 's'}."]
        used = self._used if self._used is not None else frozenset(found)
        parts.append(f"Used: {_listed({name: found[name] for name in sorted(used)})}.")
        if ignored := {name: count for name, count in found.most_common() if name not in used}:
            parts.append(f"Not used: {_listed(ignored)}.")
        if self._without_resource:
            parts.append(f"Entries without a resource: {self._without_resource:,}; nothing is done for them.")
        if self._more_pages:
            parts.append("The Bundle says that a next page follows: this file is not the whole list.")
        return [" ".join(parts)]

    def _form(self) -> str:
        bundles = sorted(kind for kind in self._documents if kind)
        if self._lines is not None:
            return "one resource a line" + (f", with Bundles ({', '.join(bundles)})" if bundles else "")
        return f"Bundle of type {bundles[0]}" if bundles else "resources without a Bundle"

    def _of_lines(self) -> Iterator[_Item]:
        assert self._lines is not None
        for row in self._lines.lines():
            if row.raw == b"":
                self.counted.blank += 1
            elif row.code or not isinstance(row.raw, bytes):
                self.counted.rows += 1
                yield _Item(row.line, b"", broken=row)
            elif _typed(row.raw) == "Bundle":
                for item in self._of_bundle(row.raw):
                    self.counted.rows += 1
                    yield item._replace(line=row.line, broken=item.broken and replace(item.broken, line=row.line))
            else:
                self.counted.rows += 1
                yield _Item(row.line, row.raw)

    def _of_document(self, text: bytes) -> Iterator[_Item]:
        if _typed(text) == "Bundle":
            found = self._of_bundle(text)
            if any(item.broken is not None and item.line == 0 for item in found):
                raise FileRefused("The file is a Bundle whose type, entry or link is not as FHIR R4 has it. Mend it.")
        else:
            try:
                found = [_Item(number, raw) for number, raw in enumerate(elements(text), start=1)]
            except CallProblem:
                raise FileRefused(
                    "The file is not one JSON object, nor a list of them. Mend it where it breaks."
                ) from None
        return self._counting(found)

    def _counting(self, found: list[_Item]) -> Iterator[_Item]:
        for number, item in enumerate(found, start=1):
            self.counted.rows += 1
            self.counted.share = number / len(found)
            yield item

    def _of_bundle(self, text: bytes) -> list[_Item]:
        """Cut a Bundle into its resources. One that cannot be cut is a single broken row at line 0."""
        try:
            bundle = msgspec.json.decode(text, type=_Bundle)
        except _BROKEN:
            reason = "The Bundle's type, entry or link is not as FHIR R4 has it."
            return [_Item(0, b"", broken=SourceRow(0, None, text, reason))]
        if bundle.type == _OLD_VERSIONS:
            raise FileRefused(
                "The file is a Bundle of type history: it holds old versions beside the present ones."
                " Ask for the present state (a search or a bulk export) and import that."
            )
        self._documents[bundle.type] += 1
        self._more_pages = self._more_pages or any(link.relation == "next" for link in bundle.link)
        references = _References()
        found = []
        for number, raw in enumerate(bundle.entry, start=1):
            try:
                entry = msgspec.json.decode(raw, type=_Entry)
            except _BROKEN:
                broken = SourceRow(number, None, bytes(raw), "The entry of the Bundle is not as FHIR R4 has it.")
                found.append(_Item(number, b"", broken=broken))
                continue
            if entry.resource is UNSET:
                self._without_resource += 1
                continue
            references.add(entry.fullUrl, bytes(entry.resource))
            found.append(_Item(number, bytes(entry.resource), references))
        return found


def _whole(stream: BinaryIO) -> bytes:
    text = stream.read(JSON_MAX_BYTES + 1)
    if len(text) > JSON_MAX_BYTES:
        raise FileRefused(
            f"A JSON document is read whole, and this one is longer than {JSON_MAX_BYTES} bytes."
            " Ask for a bulk export, one resource a line."
        )
    return text.removeprefix(_BOM)


def _listed(counts: dict[str, int]) -> str:
    shown = [f"{count:,} {name}" for name, count in list(counts.items())[:_TYPES_SHOWN]]
    left = len(counts) - len(shown)
    return ", ".join(shown) + (f" and {left} more types" if left else "")


class _Named(msgspec.Struct):
    """What a resource is referred to by."""

    resourceType: str = ""
    id: str = ""


class _References:
    """What the references of one Bundle refer to, by full URL and by type and id."""

    def __init__(self) -> None:
        self._raw: dict[str, bytes | None] = {}
        self._read: dict[str, Tree | None] = {}

    def add(self, full_url: str, raw: bytes) -> None:
        """Note a resource; a name that two resources have refers to neither."""
        try:
            named = msgspec.json.decode(raw, type=_Named)
        except _BROKEN:
            return
        names = {full_url, f"{named.resourceType}/{named.id}" if named.resourceType and named.id else ""}
        for name in names - {""}:
            self._raw[name] = None if name in self._raw else raw

    def named(self, name: str) -> Any:
        """Return the resource of a name; None when the Bundle has none, or two."""
        if name not in self._read:
            raw = self._raw.get(name)
            self._read[name] = members(raw) if raw is not None else None
        found = self._read[name]
        return found.whole if found is not None else None


def _following(whole: dict[str, Any], bundle: _References | None) -> Resolve:
    """Return how references of a resource are followed: within itself (`#id`), and within its Bundle."""

    def resolve(reference: dict[str, Any]) -> Any:
        name: str = reference["reference"]
        if not name.startswith("#"):
            return bundle.named(name) if bundle is not None else None
        contained = whole.get("contained")
        inside = contained if isinstance(contained, list) else []
        return next((each for each in inside if isinstance(each, dict) and each.get("id") == name[1:]), None)

    return resolve
