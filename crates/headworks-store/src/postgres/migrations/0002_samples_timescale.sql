-- As 0002_samples_plain.sql, as a hypertable.
CREATE TABLE headworks.samples (
    time timestamptz NOT NULL,
    v float8,
    i int8,
    tag int4 NOT NULL,
    quality int4 NOT NULL,
    kind int2 NOT NULL,
    s text,
    b bytea,
    PRIMARY KEY (tag, time)
);
SELECT create_hypertable('headworks.samples', by_range('time', INTERVAL '1 day'));
ALTER TABLE headworks.samples SET (
    timescaledb.enable_columnstore,
    timescaledb.segmentby = 'tag',
    timescaledb.orderby = 'time'
);
CALL add_columnstore_policy('headworks.samples', after => INTERVAL '2 days');
