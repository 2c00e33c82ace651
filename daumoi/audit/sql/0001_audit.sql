-- Who looked at personal data, at what, and for what purpose. Kept longer than the data.
CREATE TABLE audit_entry (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL,
    actor   text NOT NULL,
    action  text NOT NULL,
    subject text NOT NULL,
    purpose text NOT NULL CHECK (length(purpose) BETWEEN 1 AND 500)
);
