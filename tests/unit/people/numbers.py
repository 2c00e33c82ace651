"""Genuine numbers for the tests of folding: of the right form, all invented."""

from hypothesis import strategies as st

from daumoi.people.documents import PROVINCES_OF_REGISTRATION

PROVINCE_CODES = sorted(PROVINCES_OF_REGISTRATION)


@st.composite
def national_ids(draw: st.DrawFn) -> str:
    """A 12-digit number of somebody born in 1900 to 2030, in one of the 63 provinces."""
    year = draw(st.integers(1900, 2030))
    female = draw(st.booleans())
    serial = draw(st.integers(1, 999_999))
    return f"{draw(st.sampled_from(PROVINCE_CODES))}{(year - 1900) // 100 * 2 + female}{year % 100:02d}{serial:06d}"


mobiles = st.from_regex(r"(?:3[2-9]|5[68]|7[06-9]|8[1-8]|9[0-8])[0-9]{7}", fullmatch=True)
"""Mobile numbers without trunk zero."""

landlines = st.from_regex(r"(?:2(?:4|8)[2-8]|2(?:03|10|20|32|51|60|70|90)[0-9])[0-9]{7}", fullmatch=True).filter(
    lambda number: len(number) == 10
)
