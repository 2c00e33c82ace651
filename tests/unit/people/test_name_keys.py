"""The search key of a name."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from daumoi.people.folding import _other_scripts, name_key

LATIN_AND_MARKS = st.characters(max_codepoint=0x24F) | st.characters(min_codepoint=0x1E00, max_codepoint=0x1EFF)
MARKS = st.characters(min_codepoint=0x300, max_codepoint=0x36F)
NAMES = st.text(LATIN_AND_MARKS | MARKS | st.sampled_from(" '’ʼ-.")) | st.text()


def test_an_accented_name_and_its_upper_case_without_accents_are_one() -> None:
    assert name_key("Nguyễn Thị Phượng") == name_key("NGUYEN THI PHUONG") == "nguyen thi phuong"


def test_the_letter_d_with_stroke_is_a_d_and_is_not_lost() -> None:
    assert name_key("Đặng Văn Đức") == name_key("DANG VAN DUC") == "dang van duc"


def test_the_icelandic_and_the_african_d_typed_for_the_vietnamese_one_are_a_d_too() -> None:
    assert name_key("\u00d0ặng") == name_key("\u0189ặng") == name_key("\u0110ặng")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Hoà", "Hòa"), ("Thuỷ", "Thủy"), ("Khoá", "Khóa"), ("Loè", "Lòe"), ("Quỳ", "Qùy"), ("Thuý", "Thúy"),
        ("HOÀ", "HÒA"), ("Toả", "Tỏa"), ("Luỹ", "Lũy"), ("Hoạ", "Họa"),
    ],
)  # fmt: skip
def test_the_place_of_a_tone_mark_does_not_count(old: str, new: str) -> None:
    assert old != new
    assert name_key(f"Lê {old}") == name_key(f"Lê {new}")


@pytest.mark.parametrize("apostrophe", ["'", "’", "ʼ", "‘", "`", "´", "′", "＇"])
def test_every_apostrophe_of_an_e_de_name_is_one(apostrophe: str) -> None:
    assert name_key(f"H{apostrophe}Lan Niê") == "hlan nie"


def test_a_name_as_a_passport_reader_gives_it_meets_the_name_as_written() -> None:
    assert name_key("HLAN NIE") == name_key("H'Lan Niê")
    assert name_key("ANNE MARIE OBRIEN") == name_key("Anne-Marie O’Brien")


@pytest.mark.parametrize("hyphen", ["-", "‐", "‑", "–", "—", "−", " "])
def test_every_hyphen_parts(hyphen: str) -> None:
    assert name_key(f"Jean{hyphen}Paul") == "jean paul"


def test_a_dot_or_a_comma_parts() -> None:
    assert name_key("Y.Blăm Êban") == name_key("Y. Blăm Êban") == name_key("Y Blăm Êban") == "y blam eban"
    assert name_key("SMITH, JOHN") == name_key("Smith John")


def test_white_space_of_every_kind_collapses() -> None:
    assert name_key("\t Trần\u00a0 Thị\u2003Mai\r\n") == "tran thi mai"


def test_invisible_characters_do_not_count() -> None:
    assert name_key("\ufeffLê\u200b Văn\u00ad Tám\u200e") == "le van tam"


def test_a_name_is_not_split_and_its_order_stays() -> None:
    assert name_key("Văn Nguyễn") != name_key("Nguyễn Văn")


@pytest.mark.parametrize("name", ["Ý", "A", "Y"])
def test_a_name_of_one_letter_has_a_key(name: str) -> None:
    assert len(name_key(name)) == 1


def test_a_very_long_name_keeps_all_its_words() -> None:
    name = " ".join(["Công Tằng Tôn Nữ"] * 12)
    assert name_key(name).count("ton nu") == 12


@pytest.mark.parametrize("nothing", ["", " ", "-", "...", "'’", "\u200b", "\u0301", "\x00"])
def test_a_text_without_letters_has_an_empty_key(nothing: str) -> None:
    assert name_key(nothing) == ""


@pytest.mark.parametrize(
    ("letter", "plain"),
    [
        ("ł", "l"), ("Ø", "o"), ("æ", "ae"), ("ß", "ss"), ("ẞ", "ss"), ("ı", "i"), ("İ", "i"), ("œ", "oe"), ("Þ", "th"),
        ("ħ", "h"), ("Ŋ", "n"), ("ƀ", "b"), ("Ɓ", "b"), ("ŏ", "o"), ("č", "c"), ("ñ", "n"), ("å", "a"), ("ſ", "s"),
        ("ﬁ", "fi"), ("Ａ", "a"), ("ə", "e"), ("ɨ", "i"), ("ŀ", "l"),
    ],
)  # fmt: skip
def test_a_latin_letter_becomes_its_plain_one(letter: str, plain: str) -> None:
    assert name_key(letter) == plain


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("សុខ ចាន់", "សុខ ចាន់"),
        ("王小明", "王小明"),
        ("ЙОСИФ Ёлкин", "йосиф ёлкин"),
        ("สมชาย ใจดี", "สมชาย ใจดี"),
        ("김철수", "김철수"),
        ("ﾃﾞｳﾞｨ", "デヴィ"),
    ],
)
def test_a_name_in_another_script_keeps_its_letters_and_marks(name: str, key: str) -> None:
    assert name_key(name) == name_key(unicodedata.normalize("NFD", name)) == unicodedata.normalize("NFC", key)


def test_two_cyrillic_letters_that_differ_by_a_mark_are_two() -> None:
    assert name_key("й") != name_key("и")


def test_a_name_in_two_scripts_folds_each_by_its_rule() -> None:
    assert name_key("Đặng Йо 王 H'Lan") == "dang йо 王 hlan"


@given(NAMES)
def test_the_key_of_a_key_is_the_key(name: str) -> None:
    assert name_key(name_key(name)) == name_key(name)


@given(NAMES)
@example("\u1ffd")
def test_composed_and_decomposed_names_have_one_key(name: str) -> None:
    composed, decomposed = unicodedata.normalize("NFC", name), unicodedata.normalize("NFD", name)
    assert name_key(composed) == name_key(decomposed) == name_key(name)


@given(NAMES)
def test_case_does_not_count(name: str) -> None:
    assert name_key(name.upper()) == name_key(name)


@given(st.text(st.characters()))
@example("\ud800")
def test_no_text_breaks_the_key_and_every_key_can_be_encoded(name: str) -> None:
    name_key(name).encode()


@given(st.text(LATIN_AND_MARKS | MARKS))
def test_the_fast_way_and_the_slow_way_agree(name: str) -> None:
    assert name_key(name) == _other_scripts(name)


def test_every_vietnamese_letter_becomes_a_letter_of_the_plain_alphabet() -> None:
    tones = ["", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323"]
    letters = {unicodedata.normalize("NFC", vowel + tone) for vowel in "aăâeêioôơuưyAĂÂEÊIOÔƠUƯY" for tone in tones}
    assert len(letters | {"đ", "Đ"}) == 146
    assert {name_key(letter) for letter in letters | {"đ", "Đ"}} == set("aeiouyd")
