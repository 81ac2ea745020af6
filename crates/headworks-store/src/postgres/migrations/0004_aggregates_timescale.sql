CREATE MATERIALIZED VIEW headworks.samples_minute WITH (timescaledb.continuous) AS
SELECT tag, time_bucket(INTERVAL '1 minute', time) AS time, count(v) AS count,
    min(v) AS min, max(v) AS max, sum(v) AS sum
FROM headworks.samples GROUP BY 1, 2 WITH NO DATA;
CREATE MATERIALIZED VIEW headworks.samples_hour WITH (timescaledb.continuous) AS
SELECT tag, time_bucket(INTERVAL '1 hour', time) AS time, count(v) AS count,
    min(v) AS min, max(v) AS max, sum(v) AS sum
FROM headworks.samples GROUP BY 1, 2 WITH NO DATA;
CREATE MATERIALIZED VIEW headworks.samples_day WITH (timescaledb.continuous) AS
SELECT tag, time_bucket(INTERVAL '1 day', time) AS time, count(v) AS count,
    min(v) AS min, max(v) AS max, sum(v) AS sum
FROM headworks.samples GROUP BY 1, 2 WITH NO DATA;
SELECT add_continuous_aggregate_policy('headworks.samples_minute',
    start_offset => INTERVAL '3 days', end_offset => INTERVAL '1 minute',
    schedule_interval => INTERVAL '10 minutes');
SELECT add_continuous_aggregate_policy('headworks.samples_hour',
    start_offset => INTERVAL '7 days', end_offset => INTERVAL '1 hour',
    schedule_interval => INTERVAL '1 hour');
SELECT add_continuous_aggregate_policy('headworks.samples_day',
    start_offset => INTERVAL '30 days', end_offset => INTERVAL '1 day',
    schedule_interval => INTERVAL '1 day');
