-- Sharing agreements with versions, and the account of what went out. What was kept before becomes standing agreements.
ALTER TABLE agreement RENAME TO agreement_before;
DROP INDEX agreement_in_force;
ALTER SEQUENCE agreement_id_seq RENAME TO agreement_before_id_seq;
ALTER INDEX agreement_pkey RENAME TO agreement_before_pkey;

CREATE TABLE agreement (
    id           integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    receiver     integer NOT NULL REFERENCES system,
    provider     integer REFERENCES organisation,   -- whose records; NULL: of all senders, by the centre
    name         text NOT NULL,
    standing     boolean NOT NULL,                  -- made by the operator's command, without approvals
    created_at   timestamptz NOT NULL,
    suspended_at timestamptz,
    suspended_by text,
    suspended_for text,                             -- the reason, in words
    ended_at     timestamptz
);

CREATE TABLE agreement_version (
    agreement_id integer NOT NULL REFERENCES agreement,
    version      integer NOT NULL,
    terms        jsonb NOT NULL,
    state        text NOT NULL CHECK (state IN ('draft', 'proposed', 'in_force', 'refused', 'replaced')),
    drafted_by   text NOT NULL,
    drafted_at   timestamptz NOT NULL,
    proposed_at  timestamptz,
    owner_by     text,
    owner_at     timestamptz,
    privacy_by   text,
    privacy_at   timestamptz,
    refused_by   text,
    refused_for  text,
    from_at      timestamptz,                       -- in force from, until
    to_at        timestamptz,
    PRIMARY KEY (agreement_id, version)
);
CREATE UNIQUE INDEX agreement_version_in_force ON agreement_version (agreement_id) WHERE state = 'in_force';

-- Which agreement a reader reads a kind by: one at most. '*' is every kind that has none of its own.
CREATE TABLE agreement_kind (
    receiver     integer NOT NULL,
    kind         text NOT NULL,
    agreement_id integer NOT NULL REFERENCES agreement,
    PRIMARY KEY (receiver, kind)
);
CREATE INDEX agreement_kind_agreement ON agreement_kind (agreement_id);

-- Records that went out under an agreement on a day of Viet Nam: its quota.
CREATE TABLE agreement_day (
    agreement_id integer NOT NULL,
    day          date NOT NULL,
    records      bigint NOT NULL,
    PRIMARY KEY (agreement_id, day)
);

-- One way out to one receiver: its feed, a webhook, scheduled files.
CREATE TABLE destination (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    receiver    integer NOT NULL REFERENCES system,
    way         text NOT NULL CHECK (way IN ('feed', 'webhook', 'file')),
    name        text NOT NULL,
    kinds       text[] NOT NULL,                    -- '*' is every kind it may read
    settings    jsonb NOT NULL,
    state       text NOT NULL CHECK (state IN ('active', 'paused', 'disabled', 'ended')),
    state_for   text NOT NULL DEFAULT '',           -- why, in words
    state_at    timestamptz NOT NULL,
    created_at  timestamptz NOT NULL
);
CREATE UNIQUE INDEX destination_feed ON destination (receiver) WHERE way = 'feed';
CREATE UNIQUE INDEX destination_name ON destination (receiver, way, name) WHERE state <> 'ended';

-- Where a destination stands in a kind: what was taken out of the log for it, what it has for sure.
CREATE TABLE progress (
    destination_id integer NOT NULL REFERENCES destination,
    kind           smallint NOT NULL,
    begins_after   bigint NOT NULL,                 -- its account begins behind this number
    taken          bigint NOT NULL,
    delivered      bigint NOT NULL,
    own_taken      bigint NOT NULL DEFAULT 0,       -- numbers of its own, where the agreement gives none of ours
    own_delivered  bigint NOT NULL DEFAULT 0,
    delivered_at   timestamptz,
    PRIMARY KEY (destination_id, kind)
);

-- What was taken out for a destination, range behind range without a gap: the proof of what it got, and under what.
-- Of one day of receipt (UTC+7) each. `digest` is the SHA-256 of the lines as sent; NULL where the receiver passed over
-- them, and then `records` is counted when it is asked for.
CREATE TABLE stretch (
    destination_id integer NOT NULL,
    kind           smallint NOT NULL,
    first_seq      bigint NOT NULL,
    last_seq       bigint NOT NULL CHECK (last_seq >= first_seq),
    agreement_id   integer NOT NULL,
    version        integer NOT NULL,
    day            date NOT NULL,
    records        bigint,                          -- given, withdrawals among them
    withdrawals    bigint,                          -- given as withdrawals because they left what the agreement gives
    first_own      bigint,
    digest         bytea,
    taken_at       timestamptz NOT NULL,
    failed_at      timestamptz,                     -- given up; a resend clears it
    PRIMARY KEY (destination_id, kind, first_seq)
);
CREATE INDEX stretch_day ON stretch (destination_id, day);
CREATE INDEX stretch_agreement ON stretch (agreement_id, taken_at);

INSERT INTO agreement (receiver, name, standing, created_at)
    SELECT system_id, 'Standing: ' || kind, true, valid_from FROM agreement_before WHERE valid_to IS NULL ORDER BY id;
INSERT INTO agreement_version (agreement_id, version, terms, state, drafted_by, drafted_at, from_at)
    SELECT a.id, 1, jsonb_build_object('kinds', jsonb_build_array(b.kind), 'identity', b.identity, 'purpose', 'data_sharing'),
           'in_force', 'operator', b.valid_from, b.valid_from
    FROM agreement a JOIN agreement_before b ON b.system_id = a.receiver AND 'Standing: ' || b.kind = a.name
    WHERE b.valid_to IS NULL;
INSERT INTO agreement_kind (receiver, kind, agreement_id)
    SELECT b.system_id, b.kind, a.id
    FROM agreement a JOIN agreement_before b ON b.system_id = a.receiver AND 'Standing: ' || b.kind = a.name
    WHERE b.valid_to IS NULL;
INSERT INTO destination (receiver, way, name, kinds, settings, state, state_at, created_at)
    SELECT system_id, 'feed', '', '{*}', '{}', 'active', min(at), min(at) FROM feed_cursor GROUP BY 1;
INSERT INTO progress (destination_id, kind, begins_after, taken, delivered, delivered_at)
    SELECT d.id, c.kind, c.seq, c.seq, c.seq, c.at FROM feed_cursor c JOIN destination d ON d.receiver = c.system_id;
DROP TABLE feed_cursor;
DROP TABLE agreement_before;
