"""Names as people in Viet Nam have them, by frequency."""

from collections.abc import Callable

Roll = Callable[[], float]
"""Draws from 0 up to 1. `choice` and `randint` of the standard library cost ten times as much as this and an index."""

SURNAMES = {
    "Nguyễn": 38.4, "Trần": 11.0, "Lê": 9.5, "Phạm": 7.1, "Hoàng": 3.0, "Huỳnh": 2.1, "Phan": 4.5, "Vũ": 2.2, "Võ": 1.7,
    "Đặng": 2.1, "Bùi": 2.0, "Đỗ": 1.4, "Hồ": 1.3, "Ngô": 1.3, "Dương": 1.0, "Lý": 0.5, "Đinh": 1.0, "Trương": 1.0,
    "Đoàn": 0.9, "Mai": 0.8, "Tô": 0.5, "Cao": 0.6, "Lâm": 0.6, "Châu": 0.4, "Tạ": 0.4, "Hà": 0.5, "Quách": 0.2,
}  # fmt: skip
"""Per cent of people. Those of the first fourteen names after Lê Trung Hoa, Họ và tên người Việt Nam (2005); Hoàng and
Huỳnh, Vũ and Võ share theirs by region. The rest fills up, roughly."""

_MIDDLE_MALE = ("Văn", "Văn", "Văn", "Hữu", "Đức", "Minh", "Quang", "Công", "Xuân", "Anh", "Thanh", "Hoàng", "")
_MIDDLE_FEMALE = ("Thị", "Thị", "Thị", "Thị", "Ngọc", "Thu", "Thanh", "Kim", "Mỹ", "Phương", "Diệu", "Hồng", "")
_GIVEN_MALE = (
    "Hùng", "Dũng", "Tuấn", "Minh", "Nam", "Long", "Sơn", "Hải", "Thắng", "Cường", "Phúc", "Khoa", "Huy", "Đạt", "Bình",
    "Quân", "Tùng", "Vinh", "Thành", "Trung", "Kiên", "Hòa", "Lộc", "Tài", "Thịnh", "An", "Khánh", "Bảo", "Duy",
)  # fmt: skip
_GIVEN_FEMALE = (
    "Lan", "Hương", "Hoa", "Mai", "Thủy", "Hằng", "Hà", "Linh", "Nga", "Thảo", "Trang", "Hạnh", "Phượng", "Nhung",
    "Dung", "Loan", "Oanh", "Liên", "Tâm", "Vy", "Ngân", "Quỳnh", "Châu", "Thư", "Ánh", "Xuân", "Bích", "Tuyết", "Hòa",
)  # fmt: skip
_HIGHLAND_MALE = ("Y Blăm Niê", "Y Thuyên Êban", "A Tuynh", "K'Brèo", "Y Phôn Ksor", "Rơ Châm Hvil", "Đinh Hơ Lưk")
_HIGHLAND_FEMALE = ("H'Lan Niê", "H’Blăm Êban", "Y Nhiên", "Ka Dung", "H'Yer Ksor", "Rơ Châm Hbut")
_FOREIGN = (("Kim Min-jun", "KR"), ("O'Connor Liam", "IE"), ("García López María José", "ES"), ("Sato Yui", "JP"),
            ("Müller Jörg", "DE"), ("Smith John Paul", "GB"), ("Wang Xiaoming", "CN"))  # fmt: skip


_BY_WEIGHT = tuple(name for name, per_cent in SURNAMES.items() for _ in range(round(per_cent * 10)))
_MIDDLE = {"male": _MIDDLE_MALE, "female": _MIDDLE_FEMALE}
_GIVEN = {"male": _GIVEN_MALE, "female": _GIVEN_FEMALE}
_HIGHLAND = {"male": _HIGHLAND_MALE, "female": _HIGHLAND_FEMALE}


def surname(roll: Roll) -> str:
    """Draw a family name by its frequency."""
    return _BY_WEIGHT[int(roll() * len(_BY_WEIGHT))]


def middle(roll: Roll, sex: str) -> str:
    """Draw a middle name, which may be empty."""
    found = _MIDDLE[sex]
    return found[int(roll() * len(found))]


def given(roll: Roll, sex: str) -> str:
    """Draw a given name."""
    found = _GIVEN[sex]
    return found[int(roll() * len(found))]


def highland(roll: Roll, sex: str) -> str:
    """Draw a name of the highlands, which has no family name in front."""
    found = _HIGHLAND[sex]
    return found[int(roll() * len(found))]


def foreign(roll: Roll) -> tuple[str, str]:
    """Draw the name and the country of somebody from abroad."""
    return _FOREIGN[int(roll() * len(_FOREIGN))]
