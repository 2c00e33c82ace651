-- What is counted as records arrive, by the reader "counters". Each record adds its part to the hour in which it was
-- received; a correction or a withdrawal also takes away the part of the state it replaces. So the sum over the hours
-- up to T is what was known at T, of the current state of the records. Nothing here names a person or a record, but
-- `state_replaced`, which holds numbers of the log.
--
-- Days are of Viet Nam (UTC+7). province: VN.01, VN (province not certain), NZ, or empty without an area; before: code of
-- the one province of before 1 July 2025 that is certain, or empty; ward: code of today, or empty.

-- The one province of before 1 July 2025 that a unit lies in; units that may lie in several are left out.
CREATE TABLE area_before (
    scheme   text NOT NULL,
    code     text NOT NULL,
    province text NOT NULL,
    PRIMARY KEY (scheme, code)
);

-- Records that took the place of another state of the same ref. `former` is null when that state had been dropped by
-- retention: then it is counted as it last stood, and what came later moves no figure.
CREATE TABLE state_replaced (
    kind   smallint NOT NULL,
    seq    bigint NOT NULL,
    former bigint,
    PRIMARY KEY (kind, seq)
);
CREATE UNIQUE INDEX state_replaced_former ON state_replaced (kind, former) WHERE former IS NOT NULL;

-- received: rows of the log. All others: records in their current state.
CREATE TABLE province_figure (
    kind          smallint NOT NULL,
    event_day     date NOT NULL,
    province      text NOT NULL,
    before        text NOT NULL,
    system_id     integer NOT NULL,
    received_hour timestamptz NOT NULL,         -- its beginning
    received      bigint NOT NULL,
    records       bigint NOT NULL,
    denied        bigint NOT NULL,              -- passages with the decision denied
    referred      bigint NOT NULL,
    symptomatic   bigint NOT NULL,              -- declarations with any symptom true
    closed        bigint NOT NULL,              -- reports with closed_at
    PRIMARY KEY (kind, event_day, province, before, system_id, received_hour)
);
CREATE INDEX province_figure_hour ON province_figure (received_hour, kind);

-- The same without system and hour: what is known now, small enough for months.
CREATE TABLE day_figure (
    kind        smallint NOT NULL,
    event_day   date NOT NULL,
    province    text NOT NULL,
    before      text NOT NULL,
    records     bigint NOT NULL,
    denied      bigint NOT NULL,
    referred    bigint NOT NULL,
    symptomatic bigint NOT NULL,
    closed      bigint NOT NULL,
    PRIMARY KEY (kind, event_day, province, before)
);

CREATE TABLE ward_figure (
    province      text NOT NULL,
    kind          smallint NOT NULL,
    event_day     date NOT NULL,
    ward          text NOT NULL,
    received_hour timestamptz NOT NULL,
    records       bigint NOT NULL,
    denied        bigint NOT NULL,
    referred      bigint NOT NULL,
    symptomatic   bigint NOT NULL,
    closed        bigint NOT NULL,
    PRIMARY KEY (province, kind, event_day, ward, received_hour)
);

CREATE TABLE place_figure (
    event_day     date NOT NULL,
    place         bigint NOT NULL,
    received_hour timestamptz NOT NULL,
    records       bigint NOT NULL,
    denied        bigint NOT NULL,
    referred      bigint NOT NULL,
    PRIMARY KEY (event_day, place, received_hour)
);

-- How records flow, by system: rows of the log by what they did.
CREATE TABLE flow_figure (
    received_hour timestamptz NOT NULL,
    kind          smallint NOT NULL,
    system_id     integer NOT NULL,
    accepted      bigint NOT NULL,
    corrected     bigint NOT NULL,
    withdrawn     bigint NOT NULL,
    last_at       timestamptz NOT NULL,
    PRIMARY KEY (received_hour, kind, system_id)
);

-- How long after the event accepted records came: bucket n is 2^n - 1 to 2^(n+1) - 1 seconds.
CREATE TABLE latency_figure (
    received_hour timestamptz NOT NULL,
    kind          smallint NOT NULL,
    system_id     integer NOT NULL,
    bucket        smallint NOT NULL,
    records       bigint NOT NULL,
    PRIMARY KEY (received_hour, kind, system_id, bucket)
);

-- Official figures (area_count), by area as sent.
CREATE TABLE official_figure (
    indicator     text NOT NULL,
    span          text NOT NULL,
    day           date NOT NULL,
    system_id     integer NOT NULL,
    scheme        text NOT NULL,
    code          text NOT NULL,
    reported_at   timestamptz NOT NULL,
    received_hour timestamptz NOT NULL,
    province      text NOT NULL,
    before        text NOT NULL,
    value         numeric NOT NULL,
    figures       bigint NOT NULL,
    PRIMARY KEY (indicator, span, day, system_id, scheme, code, reported_at, received_hour, province, before)
);

-- For the recount, which reads figures by the hour of receipt; rows come nearly in that order.
CREATE INDEX ward_figure_hour ON ward_figure USING brin (received_hour);
CREATE INDEX place_figure_hour ON place_figure USING brin (received_hour);
CREATE INDEX official_figure_hour ON official_figure USING brin (received_hour);
