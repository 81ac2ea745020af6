-- kind: 0 no value, 1 bool, 2 int64, 3 uint64 (its bits in i), 4 float64, 5 text, 6 bytes.
-- v holds every number, also of integers and booleans. quality is the OPC UA status code; a
-- negative one is bad.
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
) PARTITION BY RANGE (time);
