-- A checkpoint, known by the ref its system gave it (as the receipt key of the log, 16 bytes).
CREATE TABLE place (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    system_id  integer NOT NULL,
    ref_key    bytea NOT NULL UNIQUE CHECK (length(ref_key) = 16),
    code       text,            -- null while withdrawn before it was ever asserted
    revision   integer NOT NULL,
    withdrawn  boolean NOT NULL,
    path       text,
    opened_on  date,
    closed_on  date
);
-- A code belongs to one living checkpoint of a system.
CREATE UNIQUE INDEX place_code ON place (system_id, code) WHERE NOT withdrawn;
