-- A person is what claims have in common; it has no values of its own.
CREATE SEQUENCE person_id;
CREATE TABLE person (
    id         bigint PRIMARY KEY,
    created_at timestamptz NOT NULL
);

-- What one source says of who somebody is. Values are sealed; the indexes are keyed hashes of folded values.
CREATE SEQUENCE claim_id;
CREATE TABLE claim (
    id               bigint PRIMARY KEY,
    system_id        integer NOT NULL,
    person           bigint NOT NULL,
    fingerprint      bytea NOT NULL UNIQUE CHECK (length(fingerprint) = 16),
    name_index       bytea,
    birth_year_index bytea,
    sex_index        bytea,
    sealed           bytea NOT NULL,
    key_version      smallint NOT NULL,
    rule_version     smallint NOT NULL,
    created_at       timestamptz NOT NULL
);
CREATE INDEX claim_person ON claim (person);

-- Every identifier of a claim, folded and hashed with its type; strong and weak alike.
CREATE TABLE claim_index (
    hash  bytea NOT NULL CHECK (length(hash) = 16),
    claim bigint NOT NULL,
    type  smallint NOT NULL,
    PRIMARY KEY (hash, claim)
);
CREATE INDEX claim_index_claim ON claim_index (claim);

-- One row for each strong identifier ever seen. Inserting it is the lock by which two transactions that bring
-- the same new person at once meet: the second waits for the first and then sees its claim.
CREATE TABLE strong_identifier (
    hash bytea PRIMARY KEY CHECK (length(hash) = 16)
);

-- Pairs that a person should look at; nothing is joined by itself.
CREATE TABLE person_candidate (
    low        bigint NOT NULL,
    high       bigint NOT NULL CHECK (low < high),
    reason     text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (low, high, reason)
);
