-- The configuration objects. Only the hub that holds them may write here: its copy follows
-- `object_state`, which it changes with every commit.
CREATE TABLE headworks.objects (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    revision int8 NOT NULL,
    updated_us int8 NOT NULL,
    body text NOT NULL,
    tag int8
);

-- Rows stay when the object goes. action: 0 created, 1 updated, 2 deleted.
CREATE TABLE headworks.object_history (
    id uuid NOT NULL,
    revision int8 NOT NULL,
    time_us int8 NOT NULL,
    author text NOT NULL,
    action int8 NOT NULL,
    body text,
    PRIMARY KEY (id, revision)
);

-- Rows are never deleted, so that no number is given to two tags.
CREATE TABLE headworks.object_tags (
    tag int8 PRIMARY KEY CHECK (tag BETWEEN 0 AND 4294967295),
    id uuid NOT NULL UNIQUE
);

-- One row: which set of objects this is, and a new state with every commit.
CREATE TABLE headworks.object_state (
    only_row bool PRIMARY KEY DEFAULT true CHECK (only_row),
    plant uuid NOT NULL,
    state uuid NOT NULL
);

-- One row: the hub that has the objects or had them last; who has them holds a lock.
CREATE TABLE headworks.object_owner (
    only_row bool PRIMARY KEY DEFAULT true CHECK (only_row),
    host text NOT NULL,
    process int8 NOT NULL,
    directory text NOT NULL,
    since timestamptz NOT NULL DEFAULT now()
);
