-- Who may sign in. Few rows; every process keeps all of it in memory and reloads when the version moves.
CREATE TABLE organisation (
    id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code       text NOT NULL UNIQUE,
    name       text NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE system (
    id              integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code            text NOT NULL UNIQUE CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'),
    name            text NOT NULL,
    organisation_id integer NOT NULL REFERENCES organisation,
    send            text[] NOT NULL DEFAULT '{}',  -- names of kinds; '*' is every kind, also later ones
    created_at      timestamptz NOT NULL,
    suspended_at    timestamptz
);

CREATE TABLE client (
    client_id    text PRIMARY KEY,
    system_id    integer NOT NULL REFERENCES system,
    secret_hash  bytea NOT NULL,
    created_at   timestamptz NOT NULL,
    suspended_at timestamptz
);

-- One row. Whoever changes what processes keep in memory moves it in the same transaction.
CREATE TABLE registry_version (
    single  boolean PRIMARY KEY DEFAULT true CHECK (single),
    version bigint NOT NULL
);
INSERT INTO registry_version (version) VALUES (1);
