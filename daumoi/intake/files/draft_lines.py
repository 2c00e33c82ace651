"""What all drafts are made with: which fields a kind takes, TOML texts, and what is left to a person."""

from daumoi.intake.files.mapping import load_mapping
from daumoi.intake.files.tables import MappingRefused
from daumoi.intake.files.targets import NoSuchField, Shape, resolve
from daumoi.kinds.kind import Kind


def takes(kind: Kind, name: str) -> bool:
    """Tell whether a kind has a field that a column can fill; the ref is one."""
    if name == "ref":
        return True
    if name.startswith("subject.") and kind.subject == "none":
        return False
    try:
        return resolve(kind, tuple(name.split("."))).shape not in (Shape.OBJECT, Shape.LIST)
    except NoSuchField:
        return False


def still_to_do(text: str, left: list[str]) -> str:
    """Say which columns are left out, and what the mapping lacks until it can be used."""
    lines = [f"# Columns left out: {', '.join(left)}."] if left else []
    try:
        load_mapping(text.encode())
    except MappingRefused as refused:
        lines += ["# Still to do:", *(f"#   {fault}" for fault in refused.faults)]
    return "\n" + "\n".join(lines) + "\n" if lines else ""


def quoted(text: str) -> str:
    """Write a TOML basic string."""
    escaped = (
        text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    )
    return f'"{escaped}"'
