"""The packs that come with the product: one folder each, in `packs/`."""

from datetime import datetime
from hashlib import sha256
from importlib.resources import files

from daumoi.core.database import Connection
from daumoi.rulepacks import services
from daumoi.rulepacks.pack import Pack, Rule
from daumoi.rulepacks.reading import Heading, PackFault, pack_of, parse

ACTOR = "bundled with the product"


def codes() -> list[str]:
    """Return the codes of the bundled packs."""
    return sorted(folder.name for folder in (files(__package__) / "packs").iterdir() if folder.is_dir())


def _texts(code: str) -> dict[str, str]:
    folder = files(__package__) / "packs" / code
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".toml"))
    return {name: (folder / name).read_text("utf-8") for name in names}


def digest(code: str) -> bytes:
    """Return the SHA-256 of a pack's files, names included."""
    return sha256("\0".join(f"{name}\0{text}" for name, text in _texts(code).items()).encode()).digest()


def pack(code: str) -> Pack:
    """Read a bundled pack; raises PackFault, with the file of each fault."""
    heading: Heading | None = None
    rules: list[Rule] = []
    for name, text in _texts(code).items():
        try:
            found, more = parse(text)
        except PackFault as fault:
            raise PackFault([f"{name}: {each}" for each in fault.faults]) from None
        heading = found or heading
        rules += more
    if heading is None or heading.code != code:
        raise PackFault([f"{code}: no file has a table [pack] with this code."])
    return pack_of(heading, tuple(rules))


def install_all(connection: Connection, *, at: datetime) -> list[services.Noted]:
    """Take in the bundled packs that this hub has not seen. Safe to run at every start, and by two at once."""
    noted: list[services.Noted] = []
    for code in codes():
        seen = connection.execute("SELECT bundle_digest FROM rule_pack WHERE code = %s", (code,)).fetchone()
        if seen is not None and seen[0] is not None and bytes(seen[0]) == digest(code):
            continue
        with connection.transaction():
            noted += services.install(
                connection, pack=pack(code), digest=digest(code), by=ACTOR, at=at, remark="comes with the product"
            )
    return noted
