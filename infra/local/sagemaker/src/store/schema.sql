-- What the control plane keeps. Times are milliseconds since 1970; `request` and `state` are JSON objects.
CREATE TABLE IF NOT EXISTS resources (
    kind     TEXT NOT NULL,    -- as in ARNs: training-job, model, ...
    name     TEXT NOT NULL,
    status   TEXT NOT NULL,    -- AWS's word; empty for kinds that have none
    created  INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    request  TEXT NOT NULL,    -- what it was created with
    state    TEXT NOT NULL,    -- what has become of it
    origin   TEXT,             -- who made it, where that matters: the template, or a task of an execution
    PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS resources_created ON resources (kind, created, name);
CREATE INDEX IF NOT EXISTS resources_status ON resources (kind, status, name);

CREATE TABLE IF NOT EXISTS tags (
    arn   TEXT NOT NULL,
    key   TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (arn, key)
) STRICT, WITHOUT ROWID;
