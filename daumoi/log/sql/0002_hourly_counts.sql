-- Records by hour of receipt, system and province, for the pictures of what came in. The consumer "counters" counts
-- again from the first record that is kept.
DROP TABLE record_count;
CREATE TABLE record_count (
    kind      smallint NOT NULL,
    hour      timestamptz NOT NULL,          -- its beginning
    system_id integer NOT NULL,
    province  text NOT NULL,                 -- the first two steps of the path: VN.01, VN, NZ; empty without an area
    op        smallint NOT NULL,
    records   bigint NOT NULL,
    PRIMARY KEY (kind, hour, system_id, province, op)
);
CREATE INDEX record_count_hour ON record_count (hour);
DELETE FROM consumer WHERE name = 'counters';
