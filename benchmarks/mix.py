"""The mix that bulk intake is measured by: passages of people, some of them new, at checkpoints of one system."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass

FULL_PASSAGES = 1_000_000
CHECKPOINTS = 2_000
KNOWN_PEOPLE = FULL_PASSAGES // 5 * 4 // 5
_OPENED_AT = "2021-08-01T00:00:00+07:00"
_SURNAMES = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi")
_MIDDLES = ("Thị", "Văn", "Đức", "Ngọc", "Minh", "Hữu")
_NAMES = ("An", "Bình", "Chi", "Dũng", "Giang", "Hà", "Khánh", "Linh", "Mai", "Phúc", "Quân", "Trang")


@dataclass(frozen=True)
class Mix:
    """So many passages; for each million of them 200,000 people, of whom 20 % are new, and 2,000 checkpoints.

    Several series may follow each other: their records are new, and so is a fifth of their people.
    """

    passages: int
    series: str = "a"
    new_people_from: int = KNOWN_PEOPLE

    @property
    def people(self) -> int:
        return self.passages // 5

    @property
    def known_people(self) -> int:
        """People of this series whom the hub knows before."""
        return self.people * 4 // 5

    @staticmethod
    def checkpoint_lines() -> Iterator[bytes]:
        """Every checkpoint once."""
        for number in range(CHECKPOINTS):
            data = {"code": f"CP-{number}", "name": f"Chốt kiểm soát số {number}", "type": "road"}
            yield _line(
                {
                    "ref": f"cp-{number}",
                    "occurred_at": _OPENED_AT,
                    "area": {"scheme": "vn-2025", "code": "00004"},
                    "data": data,
                }
            )

    def earlier_lines(self) -> Iterator[bytes]:
        """One passage of each person that the hub knows already."""
        for number in range(KNOWN_PEOPLE):
            yield self._passage(f"earlier-{number}", number, number, 0)

    def lines(self) -> Iterator[bytes]:
        """The passages that are measured, in no order of people; every person comes."""
        choose = random.Random(f"2021-{self.series}")
        known = choose.sample(range(KNOWN_PEOPLE), min(self.known_people, KNOWN_PEOPLE))
        everybody = [*known, *range(self.new_people_from, self.new_people_from + self.people - len(known))]
        people = [everybody[number % len(everybody)] for number in range(self.passages)]
        choose.shuffle(people)
        for number, person in enumerate(people):
            yield self._passage(f"{self.series}-{number}", person, choose.randrange(CHECKPOINTS), number)

    def _passage(self, ref: str, person: int, checkpoint: int, second: int) -> bytes:
        day, clock = 1 + second // 86_400 % 28, second % 86_400
        names = (_SURNAMES[person % 8], _MIDDLES[person // 8 % 6], _NAMES[person // 48 % 12])
        return _line(
            {
                "ref": ref,
                "occurred_at": f"2021-08-{day:02}T{clock // 3600:02}:{clock // 60 % 60:02}:{clock % 60:02}+07:00",
                "subject": {
                    "national_id": f"0010{60 + person % 40}{person // 40:06}",
                    "full_name": " ".join(names),
                    "phone": f"09{person:08}",
                },
                "data": {
                    "checkpoint": f"CP-{checkpoint % CHECKPOINTS}",
                    "direction": "in" if second % 2 else "out",
                    "method": "national_id_qr",
                    "decision": "allowed",
                },
            }
        )


def _line(record: object) -> bytes:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def pieces(lines: Iterator[bytes], size_bytes: int = 256 * 1024) -> Iterator[bytes]:
    """Gather lines into pieces of a body."""
    piece = bytearray()
    for line in lines:
        piece += line
        if len(piece) >= size_bytes:
            yield bytes(piece)
            piece.clear()
    if piece:
        yield bytes(piece)
