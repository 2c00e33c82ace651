-- Webhooks: keys, the messages that are under way, every attempt, and how each destination stands.

-- Keys that sign for a destination, sealed. Two of a form while one is being replaced; `until` ends the old one.
CREATE TABLE webhook_key (
    id             integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    destination_id integer NOT NULL REFERENCES destination,
    form           text NOT NULL CHECK (form IN ('hmac', 'ed25519')),
    sealed         bytea NOT NULL,
    created_at     timestamptz NOT NULL,
    until          timestamptz
);
CREATE INDEX webhook_key_destination ON webhook_key (destination_id);

-- One message: the records of one stretch. Kind 0 is a test ping, numbered by itself.
CREATE TABLE webhook_message (
    destination_id integer NOT NULL REFERENCES destination,
    kind           smallint NOT NULL,
    first_seq      bigint NOT NULL,                 -- that of its stretch
    last_seq       bigint NOT NULL,
    agreement_id   integer NOT NULL,                -- what it was taken under
    version        integer NOT NULL,
    records        bigint NOT NULL,
    first_own      bigint,
    taken_at       timestamptz NOT NULL,
    state          text NOT NULL CHECK (state IN ('open', 'delivered', 'failed', 'withheld')),
    failures       integer NOT NULL DEFAULT 0,
    next_at        timestamptz NOT NULL,
    closed_at      timestamptz,
    PRIMARY KEY (destination_id, kind, first_seq)
);
CREATE INDEX webhook_message_open ON webhook_message (destination_id, kind, first_seq) WHERE state IN ('open', 'failed');
CREATE INDEX webhook_message_closed ON webhook_message (closed_at) WHERE state <> 'open';

-- Every attempt, for 30 days. `answer`: the first 1 KiB of the receiver's answer, where nothing of people was sent.
CREATE TABLE webhook_attempt (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    destination_id integer NOT NULL,
    kind           smallint NOT NULL,
    first_seq      bigint NOT NULL,
    at             timestamptz NOT NULL,
    milliseconds   integer NOT NULL,
    status         smallint,
    error          text,
    answer         text NOT NULL DEFAULT ''
);
CREATE INDEX webhook_attempt_destination ON webhook_attempt (destination_id, id DESC);
CREATE INDEX webhook_attempt_at ON webhook_attempt USING brin (at);

-- Failures in a row of a destination: its circuit breaker, and what it is warned and disabled by.
CREATE TABLE webhook_health (
    destination_id integer PRIMARY KEY REFERENCES destination,
    failures       integer NOT NULL DEFAULT 0,
    failing_since  timestamptz,
    probe_at       timestamptz,
    succeeded_at   timestamptz
);
