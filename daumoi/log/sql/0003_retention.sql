-- What may not go although a rule lets it: by kind, system, range of numbers, claim or person. All that is given applies.
CREATE TABLE legal_hold (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reason      text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
    legal_basis text NOT NULL CHECK (length(legal_basis) BETWEEN 1 AND 500),
    placed_at   timestamptz NOT NULL,
    released_at timestamptz CHECK (released_at >= placed_at),
    kind        smallint,
    system_id   integer,
    first_seq   bigint,
    last_seq    bigint CHECK (last_seq >= first_seq),
    person      bigint,
    claims      bigint[],                     -- the claim named, or those the person had when the hold was placed
    CHECK (num_nonnulls(kind, system_id, claims) > 0),
    CHECK (kind IS NOT NULL OR num_nonnulls(first_seq, last_seq) = 0),
    CHECK (claims IS NOT NULL OR person IS NULL)
);

-- Records under a hold whose segment was dropped: as they stood in `record`, their sealed personal values with them.
CREATE TABLE record_on_hold (LIKE record, sealed bytea, PRIMARY KEY (kind, seq));
CREATE INDEX record_on_hold_subject ON record_on_hold (subject) WHERE subject IS NOT NULL;
CREATE TABLE record_on_hold_person (LIKE record_person, PRIMARY KEY (kind, seq, role, position));
CREATE INDEX record_on_hold_person_claim ON record_on_hold_person (claim);

-- Ranges that retention dropped with their archive. Kept when the files are gone: a restore may bring back older files.
CREATE TABLE archive_removal (
    kind      smallint NOT NULL,
    first_seq bigint NOT NULL,
    last_seq  bigint NOT NULL,
    removed   boolean NOT NULL DEFAULT false,
    PRIMARY KEY (kind, first_seq)
);

-- Claims that dropped records named, until it is known whether another record names them. One set apart is found by
-- no new record any more.
CREATE TABLE claim_in_doubt (
    claim     bigint PRIMARY KEY,
    set_apart boolean NOT NULL DEFAULT false
);
