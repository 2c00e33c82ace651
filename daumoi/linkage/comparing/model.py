"""What training has found: how often each level of each comparison holds for one person (m) and for two (u).

Stored as data, with how it was found. The room holds a model that was trained on a simulated country; a hub with enough
of its own trains its own at every run. No value of a person is in it.
"""

from importlib.resources import files
from typing import Final

import msgspec

from daumoi.linkage.comparing.comparisons import COMPARISONS, OTHERWISE

_FILE: Final = "model.json"
_LEAST_U: Final = 1e-5
"""No agreement by chance is taken as rarer than this, however few pairs training has drawn."""
_LEAST_M: Final[dict[str, dict[str, float]]] = {
    "name": {
        "words in another order": 0.003,
        "accents differ": 0.002,
        "misspelt": 0.02,
        "one within the other": 0.01,
        "alike": 0.01,
        OTHERWISE: 0.01,
    },
    "birth": {
        "same year, day unknown": 0.05,
        "day and month swapped": 0.005,
        "one sign differs": 0.01,
        "same year": 0.003,
        "near year": 0.005,
        OTHERWISE: 0.01,
    },
    "sex": {OTHERWISE: 0.01},
    "phone": {"one sign differs": 0.005, OTHERWISE: 0.1},
    "national id": {"one or two signs differ": 0.02, OTHERWISE: 0.01},
    "old national id": {"one or two signs differ": 0.02, OTHERWISE: 0.02},
    "area": {"same province": 0.05, OTHERWISE: 0.05},
}
"""What people and offices do to values of one person at least so often, by judgement: a sample without somebody who
moved house, has two phones or leaves out a middle name must not teach that nobody does."""


class Model(msgspec.Struct, frozen=True):
    """A trained model."""

    trained_on: str
    """What data, how many rows, and how."""
    splink: str
    prior: float
    """How likely it is that two rows drawn by chance are one person."""
    rows: int
    """Of how many rows that holds: it falls as there are more of them."""
    levels: dict[str, dict[str, tuple[float, float]]]
    """By comparison and level: m and u."""

    def prior_for(self, rows: int) -> float:
        """Return the prior for another number of rows: each has as many others of its person, among more."""
        return min(0.5, self.prior * self.rows / max(1, rows))


def shipped() -> Model:
    """Return the model of the room."""
    return msgspec.json.decode((files("daumoi.linkage.comparing") / _FILE).read_bytes(), type=Model)


def completed(
    found: dict[str, dict[str, tuple[float | None, float | None]]], otherwise: Model | None
) -> dict[str, dict[str, tuple[float, float]]]:
    """Fill the levels that training did not see from another model, if there is one, and keep to the least shares.

    The m of a comparison sum up to 1, as shares of one person's pairs do.
    """
    whole: dict[str, dict[str, tuple[float, float]]] = {}
    for name, (_, levels, _) in COMPARISONS.items():
        shares: dict[str, tuple[float, float]] = {}
        for label in (*(label for label, _ in levels), OTHERWISE):
            m, u = found.get(name, {}).get(label, (None, None))
            if otherwise is not None:
                known_m, known_u = otherwise.levels[name][label]
                m, u = known_m if m is None else m, known_u if u is None else u
            least = _LEAST_M[name].get(label, 0.0)
            shares[label] = (max(m or 0.0, least, _LEAST_U), max(u or 0.0, _LEAST_U))
        total = sum(m for m, _ in shares.values())
        whole[name] = {label: (m / total, u) for label, (m, u) in shares.items()}
    return whole
