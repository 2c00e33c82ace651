-- Counts the times that claims were destroyed or set apart. Who remembers claims outside the database compares it.
CREATE TABLE claim_epoch (
    one   boolean PRIMARY KEY DEFAULT true CHECK (one),
    epoch bigint NOT NULL
);
INSERT INTO claim_epoch (epoch) VALUES (0);
