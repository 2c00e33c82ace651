"""The comparison of people on simulated claims, of which the truth is known: `python -m benchmarks.linkage`.

Claims are typed with the mistakes of `daumoi.simulation.mistakes`, whose shares come from documents of the time. Those
with one strong identifier are one person before anything is compared, as intake makes them.
"""

from __future__ import annotations

import argparse
import itertools
import random
import resource
import time
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass

import msgspec

from daumoi.linkage.comparing.job import MEMORY_MIB, THRESHOLD
from daumoi.linkage.comparing.model import Model, shipped
from daumoi.linkage.comparing.rows import Row, row
from daumoi.linkage.comparing.run import Comparison
from daumoi.people import folding
from daumoi.people.identifiers import Claimed
from daumoi.simulation.mistakes import as_scanned, as_typed
from daumoi.simulation.people import groups

CLAIMS = 100_000
SEED = 8
_CLAIMS_OF_ONE = 5
_SCANNED = 0.25

Pairs = set[tuple[int, int]]


@dataclass(frozen=True)
class Simulated:
    """Claims as they are compared, and the pairs of people in the hub that are one in truth."""

    rows: list[Row]
    pairs: Pairs


def simulated(claims: int, *, seed: int) -> Simulated:
    """Type about so many claims of a made-up country: one to five of each person."""
    roll = random.Random(seed).random
    rows: list[Row] = []
    of_number: dict[str, int] = {}
    people: defaultdict[int, set[int]] = defaultdict(set)
    country = (person for group in groups(seed, claims // 3) for household in group for person in household.people)
    for person in country:
        for _ in range(1 + int(roll() * _CLAIMS_OF_ONE)):
            scanned = person.national_id and roll() < _SCANNED
            said = msgspec.json.decode(as_scanned(person) if scanned else as_typed(roll, person), type=Claimed)
            claim = len(rows) + 1
            number = _strong(said)
            found = of_number.setdefault(number, claim) if number else claim
            people[person.number].add(found)
            rows.append(row(claim, found, said, person.area.path))
    return Simulated(
        rows,
        {(min(pair), max(pair)) for found in people.values() for pair in itertools.combinations(found, 2)},
    )


def _strong(said: Claimed) -> str | None:
    if said.national_id and not folding.is_placeholder(said.national_id, said.phone):
        return said.national_id
    return said.passport.number if said.passport else None


@dataclass(frozen=True)
class Figures:
    """How well a comparison did."""

    proposed: int
    precision: float
    recall: float
    seconds: float


def measure(of: Simulated, model: Model | None, *, threads: int = 2) -> Figures:
    """Compare, with a model or with one trained on these rows."""
    began = time.monotonic()
    with closing(Comparison(memory_mib=MEMORY_MIB, threads=threads)) as comparison:
        comparison.add(of.rows)
        comparison.prepare()
        used = model or comparison.train(what="these rows", otherwise=shipped())
        found = {(pair.low, pair.high) for page in comparison.score(used, threshold=THRESHOLD) for pair in page}
    right = len(found & of.pairs)
    return Figures(len(found), right / max(1, len(found)), right / max(1, len(of.pairs)), time.monotonic() - began)


def main() -> None:
    """Measure both ways and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claims", type=int, default=CLAIMS)
    parser.add_argument("--seed", type=int, default=SEED, help="another than the one the model was trained on")
    asked = parser.parse_args()
    of = simulated(asked.claims, seed=asked.seed)
    print(f"{len(of.rows):,} claims; {len(of.pairs):,} pairs of people in the hub are one in truth")
    for name, model in (("model of the product", shipped()), ("trained on these claims", None)):
        found = measure(of, model)
        print(
            f"{name}: {found.proposed:,} proposed, precision {found.precision:.4f}, recall {found.recall:.4f},"
            f" {found.seconds:.0f} s"
        )
    print(f"memory at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")


if __name__ == "__main__":
    main()
