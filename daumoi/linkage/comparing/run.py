"""Compares rows in pairs: Splink 5 on DuckDB, all of it in memory, nothing on the disk.

Imported only by the process that compares: Splink and pyarrow cost a second and 200 MB.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

import duckdb
import pyarrow as pa
import splink
from splink import DuckDBAPI, Linker, SettingsCreator
from splink.internals.exceptions import EMTrainingException

from daumoi.core.sql import statements
from daumoi.linkage.candidates import Scored
from daumoi.linkage.comparing.comparisons import (
    COMPARISONS,
    TWO_PEOPLE,
    blocking_rules,
    column_of,
    keys_sql,
    label_of,
    splink_comparisons,
)
from daumoi.linkage.comparing.model import Model, completed
from daumoi.linkage.comparing.rows import Row

_SQL = statements("daumoi.linkage", "compared")
_SEED: Final = 20210801
_RANDOM_PAIRS: Final = 1e6
_TRAINING_PAIRS: Final = 3e5
_CERTAIN: Final = tuple(
    f"l.name = r.name AND l.birth = r.birth AND l.{more} = r.{more} AND l.person <> r.person"
    for more in ("phone", "area", "old_national_id")
)
"""Who shares name, day of birth and one thing more is one person nearly always."""
_CERTAIN_SHARE: Final = 0.5
"""About so many of the pairs that are one person agree in all of that."""
_TRAINING_RULES: Final = (
    "l.birth = r.birth AND l.initials = r.initials",
    "l.sorted_name = r.sorted_name AND l.province = r.province",
)
"""Pairs by day of birth teach what names, phones and numbers do, and pairs by name what birth dates do."""
TRAIN_FROM: Final = 20_000
"""Rows from which on a hub's own data teach more than the model of the room."""


class Comparison:
    """Rows of claims in an in-memory database, and their comparison."""

    def __init__(self, *, memory_mib: int, threads: int) -> None:
        """Make the empty database; it takes at most so much memory, and fails rather than use the disk."""
        self._connection = duckdb.connect(
            ":memory:",
            config={
                "memory_limit": f"{memory_mib}MiB",
                "threads": threads,
                "temp_directory": "",
                "preserve_insertion_order": False,
            },
        )
        self._connection.execute("SET enable_external_access = false")
        for name in ("macros", "rows"):
            self._connection.execute(_SQL[name])
        self._linker: Linker | None = None
        self.rows = 0

    def add(self, rows: Sequence[Row]) -> None:
        """Take in rows."""
        if not rows:
            return
        columns = [list(column) for column in zip(*rows, strict=True)]
        page = pa.table(dict(zip(Row._fields, columns, strict=True)), schema=_SCHEMA)
        self._connection.register("page", page)
        self._connection.execute("INSERT INTO raw SELECT * FROM page")
        self._connection.unregister("page")

    def prepare(self) -> int:
        """Make keys of what was taken in; returns how many rows are left to compare."""
        self._connection.execute(_SQL["distinct"])
        self._connection.execute(_SQL["words"])
        self._connection.execute(_SQL["keyed"].format(keys=keys_sql()))
        ((self.rows,),) = self._connection.execute("SELECT count(*) FROM compared").fetchall()
        return self.rows

    def train(self, *, what: str, otherwise: Model | None) -> Model:
        """Learn m and u from these rows by expectation maximisation, without knowing who is who.

        Levels that the rows do not show are taken from `otherwise`. `what` says what data these are.
        """
        linker = self._link(None, self._prior())
        linker.training.estimate_u_using_random_sampling(max_pairs=_RANDOM_PAIRS, seed=_SEED)
        for rule in _TRAINING_RULES:
            # Without a pair of the rule nothing is learnt from it: the other model says what it would have said.
            with suppress(EMTrainingException):
                linker.training.estimate_parameters_using_expectation_maximisation(
                    rule,
                    estimate_without_term_frequencies=True,
                    max_pairs=_TRAINING_PAIRS,
                    record_sample_proportion=1.0,
                )
        settings: dict[str, Any] = linker.misc.save_model_to_json()
        self._forget()
        # Comparisons of which nothing could be learnt are left out there.
        saved = {comparison["output_column_name"]: comparison for comparison in settings["comparisons"]}
        found = {
            name: {
                level["label_for_charts"]: (level.get("m_probability"), level.get("u_probability"))
                for level in saved.get(column_of(name), {}).get("comparison_levels", ())
                if not level.get("is_null_level")
            }
            for name in COMPARISONS
        }
        return Model(
            trained_on=f"{what}: {self.rows} rows; u of {_RANDOM_PAIRS:.0f} random pairs, m by expectation maximisation"
            f" over pairs of one day of birth and initials, and of one name and province",
            splink=splink.__version__,
            prior=settings["probability_two_random_records_match"],
            rows=self.rows,
            levels=completed(found, otherwise),
        )

    def _prior(self) -> float:
        """Estimate how likely two rows drawn by chance are one person that is not known as one, by those certain.

        Splink has the same estimate; here it is never zero, with which nothing could be learnt.
        """
        pairs = " UNION ".join(
            f"SELECT l.claim, r.claim FROM compared l JOIN compared r ON {rule} AND l.claim < r.claim"  # noqa: S608
            for rule in _CERTAIN
        )
        ((certain,),) = self._connection.execute(f"SELECT count(*) FROM ({pairs})").fetchall()  # noqa: S608
        every = self.rows * (self.rows - 1) / 2
        return float(min(0.5, max(1.0, certain / _CERTAIN_SHARE) / max(2.0, every)))

    def score(self, model: Model, *, threshold: float, step: int = 1000) -> Iterator[list[Scored]]:
        """Yield pairs of people that are one with at least this probability, in steps; the best of each pair of people.

        What `TWO_PEOPLE` says are two is left out, whatever its score.
        """
        if self.rows < 2:
            return
        linker = self._link(model, model.prior_for(self.rows))
        found = linker.inference.predict(threshold_match_probability=threshold, warning_mode="never")
        gammas = {name: f"gamma_{column_of(name)}" for name in COMPARISONS}
        chosen = ", ".join(f"p.{gamma} AS {gamma}" for gamma in gammas.values())
        query = (
            f"WITH pair AS (SELECT p.match_probability AS score, least(l.person, r.person) AS low,"  # noqa: S608
            f" greatest(l.person, r.person) AS high, {chosen}"
            f" FROM {found.physical_name} p"
            " JOIN compared l ON l.claim = p.claim_l JOIN compared r ON r.claim = p.claim_r"
            f" WHERE NOT {TWO_PEOPLE})"
            " SELECT * FROM pair QUALIFY row_number() OVER (PARTITION BY low, high ORDER BY score DESC) = 1"
            " ORDER BY low, high"
        )
        rows = self._connection.execute(query)
        while page := rows.fetchmany(step):
            yield [
                Scored(
                    low,
                    high,
                    min(1.0, score),
                    {name: label_of(name, gamma) for name, gamma in zip(gammas, said, strict=True)},
                )
                for score, low, high, *said in page
            ]
        self._forget()

    def close(self) -> None:
        """Let go of everything."""
        self._connection.close()

    def _link(self, model: Model | None, prior: float) -> Linker:
        settings = SettingsCreator(
            link_type="dedupe_only",
            unique_id_column_name="claim",
            comparisons=[*splink_comparisons(model.levels if model else None)],
            blocking_rules_to_generate_predictions=[{"blocking_rule": rule} for rule in blocking_rules()],
            probability_two_random_records_match=prior,
            retain_matching_columns=True,  # with them come the levels
            em_convergence=0.001,
            max_iterations=15,
        )
        logging.getLogger("splink").setLevel(logging.ERROR)
        self._api = DuckDBAPI(self._connection)
        table = self._api.register("compared")
        return Linker(table, settings, log_level=None, validate_settings=False)

    def _forget(self) -> None:
        self._api.delete_tables_created_by_splink_from_db()  # type: ignore[no-untyped-call]


_SCHEMA = pa.schema(
    [
        pa.field(name, pa.int64() if name in ("claim", "person") or name.startswith("birth") else pa.string())
        for name in Row._fields
    ]
)
