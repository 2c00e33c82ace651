-- The audit log as a chain. A line is first an entry, written freely in the transaction it speaks of; the sealer moves
-- entries into audit_line, each with its number and the hash that binds it to the line before.

-- Entries not sealed yet. form 0: written by the release before this one, whose purpose is free text.
ALTER TABLE audit_entry
    ADD COLUMN form smallint NOT NULL DEFAULT 0,
    ADD COLUMN actor_label text NOT NULL DEFAULT '',
    ADD COLUMN role text NOT NULL DEFAULT '',
    ADD COLUMN kind text,
    ADD COLUMN first_seq bigint,
    ADD COLUMN last_seq bigint,
    ADD COLUMN people bigint[],
    ADD COLUMN claims bigint[],
    ADD COLUMN reason text NOT NULL DEFAULT '',
    ADD COLUMN origin text NOT NULL DEFAULT '',
    ADD COLUMN session text NOT NULL DEFAULT '',
    ADD COLUMN request text NOT NULL DEFAULT '',
    ADD COLUMN grant_id bigint,
    ADD CONSTRAINT audit_entry_says_who_and_why
        CHECK (form = 0 OR (actor <> '' AND action <> '' AND subject <> '' AND purpose ~ '^[a-z][a-z_]*$'));
-- A queue: rows come and go, and what has gone must not be passed over at each look.
ALTER TABLE audit_entry SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

CREATE TABLE audit_line (
    number      bigint PRIMARY KEY CHECK (number > 0),
    sealed_at   timestamptz NOT NULL,
    at          timestamptz NOT NULL,
    entry       bigint NOT NULL,
    form        smallint NOT NULL,
    actor       text NOT NULL,
    actor_label text NOT NULL,
    role        text NOT NULL,
    action      text NOT NULL,
    subject     text NOT NULL,
    kind        text,
    first_seq   bigint,
    last_seq    bigint,
    people      bigint[],
    claims      bigint[],
    purpose     text NOT NULL,
    reason      text NOT NULL,
    origin      text NOT NULL,
    session     text NOT NULL,
    request     text NOT NULL,
    grant_id    bigint,
    hash        bytea NOT NULL CHECK (octet_length(hash) = 32)
);
CREATE UNIQUE INDEX audit_line_entry ON audit_line (entry);
CREATE INDEX audit_line_sealed_at ON audit_line (sealed_at, number);
CREATE INDEX audit_line_actor ON audit_line (actor, number);
CREATE INDEX audit_line_action ON audit_line (action, number);
CREATE INDEX audit_line_people ON audit_line USING gin (people) WHERE people IS NOT NULL;
-- Which lines cover a record: pages of at most 10,000 numbers by where they begin, the few wider ones apart.
CREATE INDEX audit_line_record ON audit_line (kind, first_seq, last_seq, number)
    WHERE kind IS NOT NULL AND last_seq - first_seq < 10000;
CREATE INDEX audit_line_wide ON audit_line (kind, first_seq, last_seq, number)
    WHERE kind IS NOT NULL AND last_seq - first_seq >= 10000;
CREATE INDEX audit_line_grant ON audit_line (grant_id, number) WHERE grant_id IS NOT NULL;

-- Where the chain ends. Its row is the lock that sealers meet on; nobody else takes it.
CREATE TABLE audit_chain (
    one       boolean PRIMARY KEY DEFAULT true CHECK (one),
    number    bigint NOT NULL,
    hash      bytea NOT NULL,
    sealed_at timestamptz NOT NULL,
    signature bytea NOT NULL
);
INSERT INTO audit_chain (number, hash, sealed_at, signature)
VALUES (0, decode(repeat('00', 32), 'hex'), '1970-01-01T00:00:00Z', '');

-- Signed heads: of each day (UTC+7) on which lines were sealed, and of each restore.
CREATE TABLE audit_head (
    kind      text NOT NULL CHECK (kind IN ('day', 'restore')),
    day       date NOT NULL,
    number    bigint NOT NULL,
    hash      bytea NOT NULL,
    at        timestamptz NOT NULL,
    gave_up   bigint NOT NULL,
    signature bytea NOT NULL,
    PRIMARY KEY (kind, day, number)
);

CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'lines of the audit log are never changed or removed (%)', TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE FUNCTION audit_refuse_unsealed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM gone g WHERE NOT EXISTS (SELECT FROM audit_line l WHERE l.entry = g.id)) THEN
        RAISE EXCEPTION 'an entry of the audit log leaves only when it is sealed'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER audit_line_guard BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_line
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_head_guard BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_head
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_entry_guard BEFORE UPDATE OR TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_entry_leaves_sealed AFTER DELETE ON audit_entry
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_unsealed();
CREATE TRIGGER audit_chain_guard BEFORE DELETE OR TRUNCATE ON audit_chain
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();

-- Access outside of one's area in an emergency: asked for with a reason, ends by itself, looked at afterwards by another.
CREATE TABLE break_glass_grant (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member       text NOT NULL CHECK (member <> ''),
    member_label text NOT NULL,
    areas        text[] NOT NULL CHECK (cardinality(areas) > 0),
    reason       text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
    asked_at     timestamptz NOT NULL,
    until        timestamptz NOT NULL CHECK (until > asked_at),
    UNIQUE (id, member)
);
CREATE INDEX break_glass_open ON break_glass_grant (member, until);

CREATE TABLE break_glass_review (
    grant_id       bigint PRIMARY KEY,
    member         text NOT NULL,
    reviewer       text NOT NULL CHECK (reviewer <> '' AND reviewer <> member),
    reviewer_label text NOT NULL,
    decision       text NOT NULL CHECK (decision IN ('justified', 'not_justified')),
    remark         text NOT NULL CHECK (length(remark) BETWEEN 1 AND 500),
    at             timestamptz NOT NULL,
    FOREIGN KEY (grant_id, member) REFERENCES break_glass_grant (id, member)
);
