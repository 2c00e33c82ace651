"""In which province of before 1 July 2025 each unit lies, as a table beside the counters."""

from collections.abc import Iterator

from daumoi.areas import selectors as areas
from daumoi.areas.unit import ABROAD, BEFORE, SCHEMES, TODAY, Unit
from daumoi.core.database import Connection


def provinces_before(unit: Unit) -> frozenset[str]:
    """Return the codes of the provinces of before that a unit lies in, or may lie in: one when that is certain.

    A ward of today made from parts of wards of several old provinces has several; a unit abroad has none.
    """
    if unit.scheme == BEFORE:
        while unit.parent is not None and (parent := areas.find(BEFORE, unit.parent)) is not None:
            unit = parent
        return frozenset({unit.code}) if unit.level == "province" else frozenset()
    if unit.scheme == TODAY:
        return frozenset().union(*(provinces_before(each) for each in areas.predecessors(unit.code)))
    return frozenset()


def certain() -> Iterator[tuple[str, str, str]]:
    """Yield (scheme, code, province of before) of every unit of which it is certain."""
    for scheme in SCHEMES:
        for code in areas.codes_of(scheme):
            unit = areas.find(scheme, code)
            if unit is not None and scheme != ABROAD and len(found := provinces_before(unit)) == 1:
                yield scheme, code, next(iter(found))


def keep_table(connection: Connection) -> int:
    """Bring the table up to the areas of this release; returns how many rows changed. Safe for two at once.

    13,000 rows are compared in some 50 ms. Figures counted before a change keep the province they were counted under.
    """
    schemes, codes, provinces = zip(*certain(), strict=True)
    values = {"schemes": list(schemes), "codes": list(codes), "provinces": list(provinces)}
    with connection.transaction():
        gone = connection.execute(
            "DELETE FROM area_before b WHERE NOT EXISTS (SELECT FROM unnest(%(schemes)s::text[], %(codes)s::text[])"
            " n(scheme, code) WHERE (n.scheme, n.code) = (b.scheme, b.code))",
            values,
        )
        made = connection.execute(
            "INSERT INTO area_before AS kept SELECT * FROM unnest(%(schemes)s::text[], %(codes)s::text[],"
            " %(provinces)s::text[]) ON CONFLICT (scheme, code) DO UPDATE SET province = excluded.province"
            " WHERE kept.province <> excluded.province",
            values,
        )
    return gone.rowcount + made.rowcount
