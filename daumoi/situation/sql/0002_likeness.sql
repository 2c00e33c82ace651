-- Events and people are counted day by day by a job: distinct people cannot be added up. The counters note which days have
-- changed, and in which ranges of 20,000 numbers the records of a day lie.
CREATE TABLE day_block (
    kind      smallint NOT NULL,
    event_day date NOT NULL,
    block     integer NOT NULL,
    PRIMARY KEY (kind, event_day, block)
);
CREATE TABLE people_day (
    kind        smallint NOT NULL,
    event_day   date NOT NULL,
    touched_seq bigint NOT NULL,                -- the last number that changed the day
    counted_seq bigint NOT NULL,                -- up to which number its people are counted; 0 when that has to be done again
    as_of       timestamptz,
    PRIMARY KEY (kind, event_day)
);

-- level: 0 the country and abroad (area empty), 1 province of today, 2 province of before, 3 ward of today.
CREATE TABLE people_figure (
    kind      smallint NOT NULL,
    event_day date NOT NULL,
    level     smallint NOT NULL,
    area      text NOT NULL,
    records   bigint NOT NULL,
    events    bigint NOT NULL,
    people    bigint NOT NULL,
    PRIMARY KEY (kind, event_day, level, area)
);

-- Records that are likely the same event as an earlier one of the day, by numbers of the log alone.
CREATE TABLE likely_same (
    kind      smallint NOT NULL,
    event_day date NOT NULL,
    seq       bigint NOT NULL,
    first_seq bigint NOT NULL,
    PRIMARY KEY (kind, event_day, seq)
);
