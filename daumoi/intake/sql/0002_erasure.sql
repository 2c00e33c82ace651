-- Erasures: one row each, kept as the proof that it was done; it names nobody.
CREATE TABLE erasure (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reason      text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
    asked_at    timestamptz NOT NULL,
    step        smallint NOT NULL DEFAULT 1,  -- the step to do next: daumoi.intake.erasure.Step
    claims      integer NOT NULL,
    records     bigint NOT NULL DEFAULT 0,    -- records that named one of them
    finished_at timestamptz
);
CREATE INDEX erasure_open ON erasure (id) WHERE finished_at IS NULL;

-- The claims of an erasure that is not finished.
CREATE TABLE erasure_claim (
    erasure bigint NOT NULL,
    claim   bigint NOT NULL,
    person  bigint NOT NULL,
    PRIMARY KEY (erasure, claim)
);

-- Up to which number of a kind an erasure has cut the records.
CREATE TABLE erasure_sweep (
    erasure bigint NOT NULL,
    kind    smallint NOT NULL,
    seq     bigint NOT NULL,
    PRIMARY KEY (erasure, kind)
);
