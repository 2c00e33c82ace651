"""What a document's number says by itself."""

from functools import lru_cache
from typing import Final, Literal, NamedTuple

# The codes of registration of birth, as they stood for 63 provinces until 30 June 2025 (Circular 59/2021/TT-BCA,
# Art. 4, and its predecessor 07/2016/TT-BCA). A number is kept for life, so merged provinces keep their line; the 34
# provinces of 1 July 2025 carry codes from this same list.
PROVINCES_OF_REGISTRATION: Final = {
    "001": "Hà Nội", "002": "Hà Giang", "004": "Cao Bằng", "006": "Bắc Kạn", "008": "Tuyên Quang", "010": "Lào Cai",
    "011": "Điện Biên", "012": "Lai Châu", "014": "Sơn La", "015": "Yên Bái", "017": "Hòa Bình", "019": "Thái Nguyên",
    "020": "Lạng Sơn", "022": "Quảng Ninh", "024": "Bắc Giang", "025": "Phú Thọ", "026": "Vĩnh Phúc",
    "027": "Bắc Ninh", "030": "Hải Dương", "031": "Hải Phòng", "033": "Hưng Yên", "034": "Thái Bình", "035": "Hà Nam",
    "036": "Nam Định", "037": "Ninh Bình", "038": "Thanh Hóa", "040": "Nghệ An", "042": "Hà Tĩnh", "044": "Quảng Bình",
    "045": "Quảng Trị", "046": "Thừa Thiên Huế", "048": "Đà Nẵng", "049": "Quảng Nam", "051": "Quảng Ngãi",
    "052": "Bình Định", "054": "Phú Yên", "056": "Khánh Hòa", "058": "Ninh Thuận", "060": "Bình Thuận",
    "062": "Kon Tum", "064": "Gia Lai", "066": "Đắk Lắk", "067": "Đắk Nông", "068": "Lâm Đồng", "070": "Bình Phước",
    "072": "Tây Ninh", "074": "Bình Dương", "075": "Đồng Nai", "077": "Bà Rịa - Vũng Tàu", "079": "Hồ Chí Minh",
    "080": "Long An", "082": "Tiền Giang", "083": "Bến Tre", "084": "Trà Vinh", "086": "Vĩnh Long", "087": "Đồng Tháp",
    "089": "An Giang", "091": "Kiên Giang", "092": "Cần Thơ", "093": "Hậu Giang", "094": "Sóc Trăng",
    "095": "Bạc Liêu", "096": "Cà Mau",
}  # fmt: skip

# A birth registered abroad carries a country's code. The official list has not been read; codes from 100 leave room for
# every country up to here, and what lies beyond is no code of either list.
_LAST_COUNTRY_CODE: Final = 399

_FIRST_CENTURY: Final = 1900
_DIGITS: Final = 12


class NationalIdFacts(NamedTuple):
    """What a số định danh cá nhân says of its holder (Decree 137/2015/NĐ-CP, Art. 13)."""

    place_code: str
    place: Literal["province", "abroad", "unknown"]
    province_name: str | None
    sex: Literal["male", "female"]
    century: int
    birth_year: int


def read_national_id(key: str) -> NationalIdFacts | None:
    """Read a 12-digit number: 3 digits place of registration, 1 century and sex, 2 year of birth, 6 random.

    The fourth digit counts up by centuries from the 20th, men even, women odd (0 and 1 for 1900 to 1999, 2 and 3 for
    2000 to 2099, …). There is no check digit: every 12 digits can be read, and None is for what is not 12 ASCII digits.
    Sex and year are those at the issue of the number; a later correction does not always change it.
    """
    if len(key) != _DIGITS or not (key.isascii() and key.isdigit()):
        return None
    return _facts(key[:6])


@lru_cache(maxsize=4096)
def _facts(said: str) -> NationalIdFacts:
    """Read the six digits that say something; families and colleagues share them, so a few thousand serve most."""
    code, centuries = said[:3], int(said[3]) // 2
    name = PROVINCES_OF_REGISTRATION.get(code)
    return NationalIdFacts(
        place_code=code,
        place="province" if name else "abroad" if 100 <= int(code) <= _LAST_COUNTRY_CODE else "unknown",
        province_name=name,
        sex="female" if int(said[3]) % 2 else "male",
        century=20 + centuries,
        birth_year=_FIRST_CENTURY + 100 * centuries + int(said[4:6]),
    )
