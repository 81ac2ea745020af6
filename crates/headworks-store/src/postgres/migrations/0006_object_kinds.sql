-- The kind of every past state, so that a deleted object can return, and an index by time: what
-- has one time was one commit. Of what was deleted before, only tags are known as such.
ALTER TABLE headworks.object_history ADD COLUMN kind text;
UPDATE headworks.object_history h SET kind = o.kind FROM headworks.objects o WHERE o.id = h.id;
UPDATE headworks.object_history h SET kind = 'tag' FROM headworks.object_tags t
    WHERE h.kind IS NULL AND t.id = h.id;
CREATE INDEX object_history_by_time ON headworks.object_history (time_us);
