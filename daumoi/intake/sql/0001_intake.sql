-- One call, one body. The counts are the receipt; they never change after finished_at.
CREATE TABLE submission (
    id          uuid PRIMARY KEY,
    system_id   integer NOT NULL,
    kind        smallint,                     -- null: a replay of several kinds
    received    bigint NOT NULL,
    accepted    bigint NOT NULL,
    corrected   bigint NOT NULL,
    withdrawn   bigint NOT NULL,
    repeated    bigint NOT NULL,
    held        bigint NOT NULL,
    first_seq   bigint,
    last_seq    bigint,
    created_at  timestamptz NOT NULL,
    finished_at timestamptz,
    CHECK (received = accepted + corrected + withdrawn + repeated + held)
);

-- Rows of a submission that were not stored (held_id), and doubts about rows that were (no held_id).
CREATE TABLE submission_note (
    submission uuid NOT NULL,
    row_number bigint NOT NULL,
    warning    boolean NOT NULL,
    ref        text,
    held_id    uuid,
    faults     jsonb NOT NULL,
    PRIMARY KEY (submission, warning, row_number)
);
CREATE INDEX submission_note_held ON submission_note (held_id) WHERE held_id IS NOT NULL;

-- Rows that wait for mending (hàng chờ sửa): sealed, once for each system, kind and content.
CREATE TABLE held (
    id          uuid PRIMARY KEY,
    system_id   integer NOT NULL,
    kind        smallint NOT NULL,
    content_key bytea NOT NULL UNIQUE CHECK (length(content_key) = 16),
    code        text NOT NULL,
    faults      jsonb NOT NULL,
    ref_key     bytea,                        -- receipt key and revision, where the row tells them
    revision    integer,
    sealed      bytea NOT NULL,
    created_at  timestamptz NOT NULL,
    arrival     bigint GENERATED ALWAYS AS IDENTITY,
    expires_at  timestamptz NOT NULL,
    closed_at   timestamptz,
    closed_as   text                         -- stored, mended or expired
);
CREATE INDEX held_open ON held (system_id, arrival) WHERE closed_at IS NULL;
CREATE INDEX held_ref ON held (ref_key) WHERE closed_at IS NULL AND ref_key IS NOT NULL;
CREATE INDEX held_expiry ON held (expires_at);
