-- What a receiver was told of a closed day, as it was signed. Kept after the records of the day have gone.
CREATE TABLE statement (
    receiver  integer NOT NULL REFERENCES system,
    day       date NOT NULL,
    made_at   timestamptz NOT NULL,
    said      bytea NOT NULL,                       -- JSON, exactly as signed
    signature bytea NOT NULL CHECK (length(signature) = 64),
    PRIMARY KEY (receiver, day)
);

-- Reconciliation of closed days as it stood when the log was counted again, record by record.
CREATE TABLE reconciled (
    destination_id integer NOT NULL REFERENCES destination,
    kind           smallint NOT NULL,
    day            date NOT NULL,
    delivered      bigint NOT NULL,
    waiting        bigint NOT NULL,
    failed         bigint NOT NULL,
    filtered       bigint NOT NULL,
    passed_over    bigint NOT NULL,
    difference     bigint,                          -- records by which the recount differs; NULL: not to be counted again
    at             timestamptz NOT NULL,
    PRIMARY KEY (destination_id, kind, day)
);
CREATE INDEX reconciled_day ON reconciled (day);
