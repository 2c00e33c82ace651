-- The log. Partitioned by kind, then by ranges of seq; segments are plain tables attached ahead of need.
-- No default partition (once it holds a row of a range, that range cannot be attached), no foreign key to it.
CREATE TABLE record (
    kind           smallint NOT NULL,
    seq            bigint NOT NULL,
    id             uuid NOT NULL,
    system_id      integer NOT NULL,
    ref            text NOT NULL,
    revision       integer NOT NULL,
    op             smallint NOT NULL,       -- 1 assert, 2 correct, 3 withdraw
    current        boolean NOT NULL,        -- no higher revision was there before it
    subject        bigint,                  -- claim
    place          bigint,
    area_scheme    text,                    -- as sent
    area_code      text,
    path           text,                    -- narrowest unit of today that is certain
    lat            double precision,
    lon            double precision,
    accuracy_m     double precision,
    occurred_at    timestamptz,
    received_at    timestamptz NOT NULL,
    schema_version smallint NOT NULL,
    body           jsonb,                   -- facts only
    PRIMARY KEY (kind, seq)
) PARTITION BY LIST (kind);

-- The other people of a record.
CREATE TABLE record_person (
    kind     smallint NOT NULL,
    seq      bigint NOT NULL,
    role     smallint NOT NULL,             -- 1 declarant, 2 companion
    position smallint NOT NULL,
    claim    bigint NOT NULL,
    PRIMARY KEY (kind, seq, role, position)
);

-- Personal values of a record, sealed, beside it.
CREATE TABLE record_personal (
    kind   smallint NOT NULL,
    seq    bigint NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (kind, seq)
);

-- What makes intake idempotent: all revisions of a record side by side. Outlives the records.
CREATE TABLE receipt (
    key      bytea NOT NULL CHECK (length(key) = 16),
    revision integer NOT NULL,
    content  bytea NOT NULL CHECK (length(content) = 16),
    seq      bigint NOT NULL,
    PRIMARY KEY (key, revision)
);

-- The head of each kind. Its row lock is held last and shortly in every append: numbers are dense and in
-- commit order because of it.
CREATE TABLE head (
    kind        smallint PRIMARY KEY,
    name        text NOT NULL UNIQUE,
    seq         bigint NOT NULL DEFAULT 0,
    received_at timestamptz NOT NULL DEFAULT '1900-01-01Z',
    oldest      bigint NOT NULL DEFAULT 1,      -- the lowest number still kept
    attached_to bigint NOT NULL DEFAULT 0       -- the highest number a segment is attached for
) WITH (fillfactor = 10);

-- Where each internal reader of the log stands.
CREATE TABLE consumer (
    name text NOT NULL,
    kind smallint NOT NULL,
    seq  bigint NOT NULL DEFAULT 0,
    at   timestamptz NOT NULL,
    PRIMARY KEY (name, kind)
);

-- Stored counters: records by kind, day (UTC+7) of receipt, system and op. Kept by the consumer "counters".
CREATE TABLE record_count (
    kind      smallint NOT NULL,
    day       date NOT NULL,
    system_id integer NOT NULL,
    op        smallint NOT NULL,
    records   bigint NOT NULL,
    PRIMARY KEY (kind, day, system_id, op)
);
