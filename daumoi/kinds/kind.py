"""What a kind of record is: a name, a number in the log, a wire schema, and an example."""

from dataclasses import dataclass
from typing import Any, Literal

from daumoi.kinds.envelope import Envelope


@dataclass(frozen=True, eq=False)
class Kind:
    """One kind of record. The number is its place in the log and is never used again for another.

    A kind is equal to itself alone, so that what is worked out from one can be kept by it.
    """

    name: str
    number: int
    version: int
    wire: type[Envelope]
    subject: Literal["required", "optional", "none"]
    title_en: str
    title_vi: str
    example: dict[str, Any]
    requires_area: bool = False
