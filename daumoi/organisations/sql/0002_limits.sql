-- What a system may do; null: what the settings allow every system.
ALTER TABLE system
    ADD COLUMN calls_per_second integer CHECK (calls_per_second > 0),
    ADD COLUMN records_per_day  bigint CHECK (records_per_day > 0);

-- Records that each system sent on each day of Viet Nam, whatever became of them; the daily quota is compared with it.
CREATE TABLE records_sent (
    system_id integer NOT NULL,
    day       date NOT NULL,
    records   bigint NOT NULL,
    PRIMARY KEY (day, system_id)
);
