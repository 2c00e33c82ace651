-- Who may read what. A change is a new row; the old one gets an end.
CREATE TABLE agreement (
    id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    system_id  integer NOT NULL REFERENCES system,
    kind       text NOT NULL,                -- a kind's name; '*' is every kind
    identity   text NOT NULL CHECK (identity IN ('pseudonym', 'given')),
    valid_from timestamptz NOT NULL,
    valid_to   timestamptz
);
CREATE UNIQUE INDEX agreement_in_force ON agreement (system_id, kind) WHERE valid_to IS NULL;

-- How far each reader has acknowledged each kind.
CREATE TABLE feed_cursor (
    system_id integer NOT NULL,
    kind      smallint NOT NULL,
    seq       bigint NOT NULL,
    at        timestamptz NOT NULL,
    PRIMARY KEY (system_id, kind)
);
