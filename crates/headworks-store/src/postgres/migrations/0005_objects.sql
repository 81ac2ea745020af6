-- Configuration objects, as in headworks.db.
CREATE TABLE headworks.objects (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    revision int8 NOT NULL,
    updated_us int8 NOT NULL,
    body text NOT NULL,
    tag int8
);
-- Rows stay when the object goes.
CREATE TABLE headworks.object_history (
    id uuid NOT NULL,
    revision int8 NOT NULL,
    time_us int8 NOT NULL,
    author text NOT NULL,
    action int2 NOT NULL,
    body text,
    PRIMARY KEY (id, revision)
);
-- Rows are never deleted, so that no number is given to two tags.
CREATE TABLE headworks.object_tags (
    tag int8 PRIMARY KEY CHECK (tag BETWEEN 0 AND 4294967295),
    id uuid NOT NULL UNIQUE
);
