"""Vietnamese text as it was written before Unicode: TCVN3 (ABC) and VNI; and whether a word can be Vietnamese at all.

Tables of facts: TCVN3 after TCVN 5712:1993 (character set VN3), VNI after its layout for Windows, where a vowel is
followed by the byte of its mark. Fonts of TCVN3 in capitals (".VnTimeH") write small letters, so no capital with a
tone mark exists in it.
"""

import re
import unicodedata

_TCVN3 = (
    "¡Ă¢Â£Ê¤Ô¥Ơ¦Ư§Đ¨ă©âªê«ô¬ơ\xadư®đ"
    "µà¶ả·ã¸á¹ạ»ằ¼ẳ½ẵ¾ắÆặÇầÈẩÉẫÊấËậÌèÎẻÏẽÐéÑẹÒềÓểÔễÕếÖệ×ìØỉÜĩÝíÞị"
    "ßòáỏâõãóäọåồæổçỗèốéộêờëởìỡíớîợïùñủòũóúôụõừöử÷ữøứùựúỳûỷüỹýýþỵ"
)
_TCVN3_TABLE = str.maketrans(_TCVN3[::2], _TCVN3[1::2])

_GRAVE, _ACUTE, _HOOK, _TILDE, _DOT = "\u0300", "\u0301", "\u0309", "\u0303", "\u0323"
_TONE_BYTES = {"ø": _GRAVE, "ù": _ACUTE, "û": _HOOK, "õ": _TILDE, "ï": _DOT}
_CIRCUMFLEX_BYTES = {"â": "", "à": _GRAVE, "á": _ACUTE, "å": _HOOK, "ã": _TILDE, "ä": _DOT}
_BREVE_BYTES = {"ê": "", "è": _GRAVE, "é": _ACUTE, "ú": _HOOK, "ü": _TILDE, "ë": _DOT}
_VNI_ALONE = {"ì": "ì", "í": "í", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "ô": "ơ", "ö": "ư", "î": "ỵ", "ñ": "đ"}


def _vni_pairs() -> dict[str, str]:
    pairs: dict[str, str] = {}
    for vowel in "aeouy":
        pairs |= {vowel + mark: vowel + tone for mark, tone in _TONE_BYTES.items()}
    for vowel, written in (("ô", "ơ"), ("ö", "ư")):
        pairs |= {vowel + mark: written + tone for mark, tone in _TONE_BYTES.items()}
    for vowel, written in (("a", "â"), ("e", "ê"), ("o", "ô")):
        pairs |= {vowel + mark: written + tone for mark, tone in _CIRCUMFLEX_BYTES.items()}
    pairs |= {"a" + mark: "ă" + tone for mark, tone in _BREVE_BYTES.items()}
    both = {**pairs, **_VNI_ALONE}
    # Capitals: the vowel decides, since some keyboards left the mark small.
    both |= {pair.upper(): text.upper() for pair, text in both.items()}
    both |= {pair[0].upper() + pair[1:]: text.upper() for pair, text in pairs.items()}
    return {pair: unicodedata.normalize("NFC", text) for pair, text in both.items()}


_VNI = _vni_pairs()
_VNI_SIGN = re.compile("|".join(re.escape(pair) for pair in sorted(_VNI, key=len, reverse=True)))


def from_tcvn3(text: str) -> str:
    """Turn TCVN3 that was read as Latin-1 into Unicode."""
    return text.translate(_TCVN3_TABLE)


def from_vni(text: str) -> str:
    """Turn VNI that was read as Windows-1252 into Unicode."""
    return _VNI_SIGN.sub(lambda found: _VNI[found.group()], text)


_ONSET = "(?:ngh|ng|nh|ch|gh|gi|kh|ph|qu|th|tr|[bcdđghklmnprstvx])?"
_NUCLEUS = (
    "(?:iêu|yêu|oai|oao|oay|oeo|uai|uây|uôi|uya|uyê|uyu|ươi|ươu|uêu|uao|"
    "ai|ao|au|ay|âu|ây|eo|êu|ia|iê|iu|oa|oă|oe|oi|oo|ôi|ơi|ua|uâ|uê|ui|uô|uơ|uy|ưa|ưi|ươ|ưu|yê|ya|"
    "[aăâeêioôơuưy])"
)
_SYLLABLE = re.compile(_ONSET + _NUCLEUS + "(ch|ng|nh|[cmnpt])?")
_TONES = (_GRAVE, _ACUTE, _HOOK, _TILDE, _DOT)
_WORD = re.compile(r"[^\W\d_]+")


def _can_be_a_syllable(word: str) -> bool:
    spread = unicodedata.normalize("NFD", word.lower())
    tones = [sign for sign in spread if sign in _TONES]
    bare = unicodedata.normalize("NFC", "".join(sign for sign in spread if sign not in _TONES))
    found = _SYLLABLE.fullmatch(bare)
    if found is None or len(tones) > 1:
        return False
    # A syllable that ends in a stop has the sharp or the heavy tone.
    stopped = found.group(1) in ("c", "ch", "p", "t")
    return not stopped or (bool(tones) and tones[0] in (_ACUTE, _DOT))


def plausibility(text: str) -> tuple[int, int]:
    """Count the words that hold a letter beyond ASCII, and how many of them can be Vietnamese syllables."""
    words = [word for word in _WORD.findall(text) if not word.isascii()]
    return len(words), sum(_can_be_a_syllable(word) for word in words)
