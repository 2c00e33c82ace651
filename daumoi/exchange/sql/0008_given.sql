-- The sums of an agreement's stretches, by destination and kind: there are millions of these after some months.
CREATE TABLE agreement_given (
    agreement_id   integer NOT NULL,
    destination_id integer NOT NULL,
    kind           smallint NOT NULL,
    first_seq      bigint NOT NULL,
    last_seq       bigint NOT NULL,
    records        bigint NOT NULL,
    passed         bigint NOT NULL,                 -- stretches that it, or retention, passed over
    at             timestamptz NOT NULL,
    PRIMARY KEY (agreement_id, destination_id, kind)
);
INSERT INTO agreement_given
    SELECT agreement_id, destination_id, kind, min(first_seq), max(last_seq), coalesce(sum(records), 0),
           count(*) FILTER (WHERE records IS NULL), max(taken_at)
    FROM stretch WHERE records IS NULL OR records > 0 GROUP BY 1, 2, 3;
