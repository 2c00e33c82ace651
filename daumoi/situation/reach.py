"""How far a reader may see, put in the terms of the figures: all, whole provinces, single wards."""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from daumoi.accounts.scope import Scope
from daumoi.areas import selectors as areas
from daumoi.areas.catalogue import VIET_NAM
from daumoi.areas.unit import TODAY


class Reach(NamedTuple):
    """What a scope covers. `provinces` (VN.01) are covered whole; `wards` by province where only some are."""

    everything: bool
    provinces: frozenset[str]
    wards: Mapping[str, frozenset[str]]

    def sees(self, province: str, ward: str = "") -> bool:
        """Tell whether what is counted under a province (VN.01) and a ward (00004, or empty: not certain) is seen."""
        return self.everything or province in self.provinces or (ward != "" and ward in self.wards.get(province, ()))

    def sees_path(self, path: str | None) -> bool:
        """Tell whether a record with this path is seen."""
        country, _, rest = (path or "").partition(".")
        province, _, ward = rest.partition(".")
        return self.sees(f"{country}.{province}" if country == VIET_NAM and province else country, ward)


@lru_cache(maxsize=256)
def reach(scope: Scope) -> Reach:
    """Part a scope's paths by what figures are kept of: provinces (VN.01) and countries, and wards by province."""
    if scope.paths is None:
        return Reach(True, frozenset(), {})
    wards: dict[str, set[str]] = {}
    provinces = set(_provinces() if VIET_NAM in scope.paths else ())
    for path in scope.paths:
        province, _, ward = path.rpartition(".")
        if "." in province:
            wards.setdefault(province, set()).add(ward)
        else:
            provinces.add(path)
    return Reach(False, frozenset(provinces), {province: frozenset(codes) for province, codes in wards.items()})


def _provinces() -> set[str]:
    units = (areas.find(TODAY, code) for code in areas.codes_of(TODAY))
    return {unit.path for unit in units if unit is not None and unit.level == "province"}
