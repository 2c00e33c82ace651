"""What is compared and how: the comparisons of the model with their levels, and the keys under which rows meet.

Names are compared word by word (see `compared.sql`), because in Viet Nam a few names are borne by many: what tells a
mistake from another person is whether both words are names. Values of the levels come from training (`training.py`).
"""

from typing import Any, Final

_Level = tuple[str, str]
"""Label and condition; the first condition that holds decides."""

_SAME_SPELLING = "(spelling_l IS NULL OR spelling_r IS NULL OR spelling_l = spelling_r)"

COMPARISONS: Final[dict[str, tuple[str, list[_Level], str | None]]] = {
    # By name: when it is silent, the levels, and the column whose rarer values say more at the first level.
    "name": (
        "name_l IS NULL OR name_r IS NULL",
        [
            ("same", f"name_l = name_r AND {_SAME_SPELLING}"),
            ("words in another order", "sorted_name_l = sorted_name_r AND name_l <> name_r"),
            ("accents differ", "name_l = name_r"),
            (
                "misspelt",
                # The distance is quick, and spares nearly all pairs the look at their words.
                "CASE WHEN letters_l = letters_r THEN true WHEN damerau_levenshtein(name_l, name_r) <= 2"
                " THEN kin(words_l, words_r) = 'misspelt' ELSE false END",
            ),
            (
                "one within the other",
                "least(len(tokens_l), len(tokens_r)) >= 2 AND len(tokens_l) <> len(tokens_r)"
                " AND list_contains(tokens_l, last_word_r) AND list_contains(tokens_r, last_word_l)"
                " AND (list_has_all(tokens_l, tokens_r) OR list_has_all(tokens_r, tokens_l))",
            ),
            # Lan and Loan: two names. It counts only beside a number in common (see TWO_PEOPLE).
            ("alike", "damerau_levenshtein(name_l, name_r) <= 2"),
        ],
        "name",
    ),
    "birth": (
        "birth_year_l IS NULL OR birth_year_r IS NULL",
        [
            ("same day", "birth_l = birth_r"),
            ("same year, day unknown", "birth_year_l = birth_year_r AND (birth_l IS NULL OR birth_r IS NULL)"),
            (
                "day and month swapped",
                "birth_year_l = birth_year_r AND birth_month_l = birth_day_r AND birth_day_l = birth_month_r",
            ),
            ("one sign differs", "damerau_levenshtein(birth_l, birth_r) = 1"),
            ("same year", "birth_year_l = birth_year_r"),
            ("near year", "abs(birth_year_l - birth_year_r) <= 2 AND (birth_l IS NULL OR birth_r IS NULL)"),
        ],
        None,
    ),
    "sex": ("sex_l IS NULL OR sex_r IS NULL", [("same", "sex_l = sex_r")], None),
    "phone": (
        "phone_l IS NULL OR phone_r IS NULL",
        [("same", "phone_l = phone_r"), ("one sign differs", "damerau_levenshtein(phone_l, phone_r) = 1")],
        "phone",
    ),
    "national id": (
        "national_id_l IS NULL OR national_id_r IS NULL",
        [
            ("same", "national_id_l = national_id_r"),
            ("one or two signs differ", "damerau_levenshtein(national_id_l, national_id_r) <= 2"),
        ],
        None,
    ),
    "old national id": (
        "old_national_id_l IS NULL OR old_national_id_r IS NULL",
        [
            ("same", "old_national_id_l = old_national_id_r"),
            ("one or two signs differ", "damerau_levenshtein(old_national_id_l, old_national_id_r) <= 2"),
        ],
        None,
    ),
    "area": (
        "area_l IS NULL OR area_r IS NULL",
        [("same unit", "area_l = area_r"), ("same province", "province_l = province_r")],
        "area",
    ),
}
OTHERWISE: Final = "differs"

KEYS: Final = {
    "by_name_and_year": "sorted_name || '|' || birth_year",
    "by_name_and_day": "sorted_name || '|' || substr(birth, 6)",
    "by_name_and_area": "sorted_name || '|' || area",
    "by_name_and_phone": "sorted_name || '|' || phone",
    "by_phone": "phone",
    "by_birth_and_initials": "birth || '|' || initials",
    "by_birth_and_area": "birth || '|' || area",
    "by_old_national_id": "old_national_id",
    "by_number_and_year": "right(national_id, 6) || '|' || birth_year",
}
"""Keys under which rows meet; those of one person do not."""
KEY_MOST: Final = 60
"""A key that more rows share is none."""

# Two that share a day of birth, a phone and a home may be twins, and all else they share says so too. Only a number
# of their own, or one name, says that they are one person.
_NUMBER_SAME = "coalesce(l.national_id = r.national_id OR l.old_national_id = r.old_national_id, false)"
_GIVEN_SAME = "(list_contains(l.tokens, r.last_word) AND list_contains(r.tokens, l.last_word))"
_NAME_OTHER = (
    f"l.letters <> r.letters AND (kin(l.words, r.words) IN ('other', 'part')"
    f" OR kin(l.words, r.words) = 'within' AND NOT {_GIVEN_SAME})"
)
_ACCENTS_OTHER = "l.name = r.name AND l.spelling <> r.spelling"
_NUMBER_OTHER = "damerau_levenshtein(l.national_id, r.national_id) > 2"
_BIRTH_OTHER = (
    "l.birth_year <> r.birth_year AND right(l.birth, 5) <> right(r.birth, 5)"
    " AND damerau_levenshtein(l.birth, r.birth) > 2"
)
_NUMBER_AND_NAME_NEAR = "l.national_id <> r.national_id AND l.sorted_name <> r.sorted_name"
TWO_PEOPLE: Final = (
    f"(NOT {_NUMBER_SAME} AND coalesce("
    f"({_NAME_OTHER}) OR ({_ACCENTS_OTHER}) OR ({_BIRTH_OTHER}) OR ({_NUMBER_OTHER})"
    f" OR ({_NUMBER_AND_NAME_NEAR}), false))"
)
"""What is no pair whatever its score: other names, other accents, or numbers that differ more than by a slip."""


def keys_sql(most: int = KEY_MOST) -> str:
    """Return the columns of the keys, without those that too many rows share."""
    return ",\n       ".join(
        f"CASE WHEN count(*) OVER (PARTITION BY {key}) <= {most} THEN {key} END AS {name}" for name, key in KEYS.items()
    )


def blocking_rules() -> list[str]:
    """Return the rules by which rows meet: one key in common, and two people."""
    return [f"l.{name} = r.{name} AND l.person <> r.person" for name in KEYS]


def splink_comparisons(values: dict[str, dict[str, tuple[float, float]]] | None) -> list[dict[str, Any]]:
    """Return the comparisons as Splink takes them; with the m and u of each level when they are known."""
    made = []
    for name, (silent, levels, rare) in COMPARISONS.items():
        known = (values or {}).get(name, {})
        rows: list[dict[str, Any]] = [{"sql_condition": silent, "label_for_charts": "silent", "is_null_level": True}]
        for place, (label, condition) in enumerate([*levels, (OTHERWISE, "ELSE")]):
            level: dict[str, Any] = {"sql_condition": condition, "label_for_charts": label}
            if label in known:
                level["m_probability"], level["u_probability"] = known[label]
            if place == 0 and rare is not None:
                level["tf_adjustment_column"] = rare
                level["tf_adjustment_weight"] = 1.0
            rows.append(level)
        made.append({"output_column_name": column_of(name), "comparison_levels": rows})
    return made


def column_of(comparison: str) -> str:
    """Return how Splink calls a comparison in its tables."""
    return comparison.replace(" ", "_")


def label_of(comparison: str, gamma: int) -> str:
    """Return what a comparison said, from Splink's number: -1 is silent, 0 differs, the highest is the first level."""
    if gamma < 0:
        return "silent"
    levels = COMPARISONS[comparison][1]
    return OTHERWISE if gamma == 0 else levels[len(levels) - gamma][0]
