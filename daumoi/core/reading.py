"""The right to read personal data in this one transaction of work: who has one has written why.

A selector over personal data takes a `Reading`. Only the audit service makes one, and it writes the line first, so that
a read without a purpose cannot be put into code (`tests/repository/test_readings.py` holds the second part).
"""

from typing import final


@final
class Reading:
    """One read that stands in the audit log already. Made by `daumoi.audit.services.read` alone."""

    __slots__ = ("actor", "entry", "purpose")

    entry: int
    """The number of the entry that says so."""
    actor: str
    purpose: str

    def __init__(self) -> None:
        """Refuse: write the line, and be handed one."""
        raise TypeError("a Reading is made by daumoi.audit.services.read, which writes who reads, whose, and why")

    @classmethod
    def of_entry(cls, entry: int, *, actor: str, purpose: str) -> "Reading":
        """Make the reading of an entry that was written; for the audit service."""
        made = object.__new__(cls)
        made.entry, made.actor, made.purpose = entry, actor, purpose
        return made
