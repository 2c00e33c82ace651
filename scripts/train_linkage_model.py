"""Train the model of daumoi/linkage on a simulated country: `scripts/train_linkage_model.py > …/comparing/model.json`.

A minute. One seed gives one model. What people do that the simulation does not is kept up by `model.py`.
"""

from __future__ import annotations

import sys

import msgspec

from benchmarks.linkage import simulated
from daumoi.linkage.comparing.run import Comparison

CLAIMS = 100_000
SEED = 7


def main() -> None:
    """Train, and print the model as JSON."""
    comparison = Comparison(memory_mib=2048, threads=2)
    comparison.add(simulated(CLAIMS, seed=SEED).rows)
    comparison.prepare()
    model = comparison.train(what=f"a simulated country (daumoi.simulation, seed {SEED})", otherwise=None)
    print(msgspec.json.format(msgspec.json.encode(model), indent=1).decode())


if __name__ == "__main__":
    sys.exit(main())
