-- A day (UTC+7, of receipt) of one kind for one destination of files. Its records are taken out first, by stretches; then
-- the files are written from them, as often as need be. A day of more records than the quota leaves has several parts.
CREATE TABLE export (
    id             integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    destination_id integer NOT NULL REFERENCES destination,
    kind           smallint NOT NULL,
    day            date NOT NULL,
    part           smallint NOT NULL,
    ends_day       boolean NOT NULL,                -- whether no further part follows
    first_seq      bigint NOT NULL,
    last_seq       bigint NOT NULL,                 -- first_seq - 1 where no number belongs to it
    first_own      bigint NOT NULL,                 -- the same in numbers of the receiver's own
    last_own       bigint NOT NULL,
    state          text NOT NULL CHECK (state IN ('taken', 'made', 'removed')),
    taken_at       timestamptz NOT NULL,
    agreement_id   integer,                         -- under which the files were written
    version        integer,
    epoch          bigint,                          -- of people, when they were written
    records        bigint NOT NULL DEFAULT 0,       -- that the files hold
    withheld       bigint NOT NULL DEFAULT 0,       -- taken, and no longer given by the version they were written under
    made_at        timestamptz,
    fetched_at     timestamptz,                     -- when its last file had been fetched
    UNIQUE (destination_id, kind, day, part)
);
CREATE INDEX export_open ON export (destination_id) WHERE state <> 'removed';

CREATE TABLE export_file (
    name        text PRIMARY KEY,
    export_id   integer NOT NULL REFERENCES export,
    is_manifest boolean NOT NULL,
    bytes       bigint NOT NULL,
    records     bigint NOT NULL,
    fetched_at  timestamptz
);
CREATE INDEX export_file_export ON export_file (export_id);
