-- What people ask: samples by path.
CREATE VIEW headworks.history AS
SELECT t.path, s.time, s.v, s.i, s.s, s.b, s.quality, t.unit, s.tag
FROM headworks.samples s
LEFT JOIN headworks.tags t USING (tag);
