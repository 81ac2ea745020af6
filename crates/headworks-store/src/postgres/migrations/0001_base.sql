-- Names of tags, written by the hub, so that people can ask by path.
CREATE TABLE headworks.tags (
    tag int4 PRIMARY KEY,
    path text NOT NULL,
    unit text NOT NULL DEFAULT ''
);
CREATE INDEX tags_path ON headworks.tags (path);

-- How far each hub's log has come; written in the transaction of the samples.
CREATE TABLE headworks.positions (
    source text PRIMARY KEY,
    generation int8 NOT NULL,
    log_offset int8 NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);

-- Days (UTC) with samples. `changes` counts batches, `rolled` is its value at the last roll-up.
CREATE TABLE headworks.days (
    day date PRIMARY KEY,
    changes int8 NOT NULL DEFAULT 1,
    rolled int8 NOT NULL DEFAULT 0,
    dropped boolean NOT NULL DEFAULT false
) WITH (fillfactor = 50);

-- Samples that could not be stored, with the reason.
CREATE TABLE headworks.quarantine (
    id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    quarantined_at timestamptz NOT NULL DEFAULT now(),
    tag int8 NOT NULL,
    time_us int8 NOT NULL,
    quality int8 NOT NULL,
    value text,
    reason text NOT NULL
);

CREATE TABLE headworks.rollup_minute (
    tag int4 NOT NULL,
    time timestamptz NOT NULL,
    count int8 NOT NULL,
    bad int8 NOT NULL,
    min float8, max float8, sum float8, first float8, last float8,
    worst int8 NOT NULL,
    PRIMARY KEY (tag, time)
);
CREATE INDEX rollup_minute_time ON headworks.rollup_minute USING brin (time);
CREATE TABLE headworks.rollup_hour (LIKE headworks.rollup_minute INCLUDING ALL);
CREATE TABLE headworks.rollup_day (LIKE headworks.rollup_minute INCLUDING ALL);
