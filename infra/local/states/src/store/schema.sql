-- Times are milliseconds since the Unix epoch. A BLOB column that holds JSON is TEXT when small, deflated when large
-- (see pack.rs).

CREATE TABLE machine (
    id       INTEGER PRIMARY KEY,
    name     TEXT NOT NULL,
    express  INTEGER NOT NULL,
    created  INTEGER NOT NULL,
    revision INTEGER NOT NULL, -- the one that new executions run
    versions INTEGER NOT NULL DEFAULT 0, -- the last version's number: numbers are not used again
    deleted  INTEGER           -- when DeleteStateMachine was accepted
) STRICT;
CREATE UNIQUE INDEX machine_name ON machine (name) WHERE deleted IS NULL;
CREATE INDEX machine_any_name ON machine (name);

-- Never changed: a running execution keeps the revision that it was started with.
CREATE TABLE revision (
    id         INTEGER PRIMARY KEY,
    machine    INTEGER NOT NULL REFERENCES machine (id),
    uuid       TEXT,    -- AWS's revisionId: none for what CreateStateMachine made
    definition TEXT NOT NULL,
    role_arn   TEXT NOT NULL,
    logging    TEXT NOT NULL, -- JSON
    tracing    INTEGER NOT NULL,
    encryption TEXT,          -- JSON, where the caller gave one
    created    INTEGER NOT NULL
) STRICT;
CREATE INDEX revision_machine ON revision (machine);

-- A published revision.
CREATE TABLE version (
    machine     INTEGER NOT NULL REFERENCES machine (id),
    number      INTEGER NOT NULL,
    revision    INTEGER NOT NULL REFERENCES revision (id),
    description TEXT,
    created     INTEGER NOT NULL,
    PRIMARY KEY (machine, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE alias (
    machine     INTEGER NOT NULL REFERENCES machine (id),
    name        TEXT NOT NULL,
    description TEXT,
    created     INTEGER NOT NULL,
    updated     INTEGER NOT NULL,
    PRIMARY KEY (machine, name)
) STRICT, WITHOUT ROWID;

-- Where an alias leads: one version, or two that share its executions by weight.
CREATE TABLE route (
    machine INTEGER NOT NULL,
    alias   TEXT NOT NULL,
    place   INTEGER NOT NULL,
    version INTEGER NOT NULL,
    weight  INTEGER NOT NULL, -- in percent
    PRIMARY KEY (machine, alias, place),
    FOREIGN KEY (machine, alias) REFERENCES alias (machine, name),
    FOREIGN KEY (machine, version) REFERENCES version (machine, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE activity (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    created    INTEGER NOT NULL,
    encryption TEXT -- JSON, where the caller gave one
) STRICT;

-- Tags of state machines and activities: `owner` is the id in the table that `kind` names.
CREATE TABLE tag (
    kind  TEXT NOT NULL,
    owner INTEGER NOT NULL,
    key   TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (kind, owner, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE execution (
    id           INTEGER PRIMARY KEY, -- in the order of their start
    machine      INTEGER NOT NULL REFERENCES machine (id),
    -- No foreign key, which would make deleting a revision read all executions.
    revision     INTEGER NOT NULL,
    name         TEXT NOT NULL,
    status       TEXT NOT NULL,
    started      INTEGER NOT NULL,
    stopped      INTEGER,
    input        ANY NOT NULL,
    output       ANY,
    error        TEXT,
    cause        TEXT,
    trace_header TEXT,
    parent       INTEGER, -- the execution whose task waits for this one
    parent_task  INTEGER,
    map_run      INTEGER, -- the map run that it is a child of
    map_seq      INTEGER,
    version      INTEGER, -- the version that it was started with, also where that is deleted
    alias        TEXT,    -- the alias that it was started through
    redrives     INTEGER NOT NULL DEFAULT 0,
    redriven     INTEGER, -- when it was redriven last
    redrive_token TEXT    -- the caller's token of that redrive
) STRICT;
CREATE UNIQUE INDEX execution_name ON execution (machine, name);
CREATE INDEX execution_status ON execution (machine, status) WHERE map_run IS NULL;
CREATE INDEX execution_machine ON execution (machine) WHERE map_run IS NULL;
CREATE INDEX execution_map_run ON execution (map_run, map_seq) WHERE map_run IS NOT NULL;
CREATE INDEX execution_parent ON execution (parent, parent_task) WHERE parent IS NOT NULL;
CREATE INDEX execution_version ON execution (machine, version) WHERE version IS NOT NULL;

-- The events of a history, in chunks: all that one commit added, as a JSON array.
CREATE TABLE history (
    execution INTEGER NOT NULL REFERENCES execution (id),
    first     INTEGER NOT NULL, -- the id of the chunk's first event
    last      INTEGER NOT NULL,
    events    ANY NOT NULL,
    PRIMARY KEY (execution, first)
) STRICT, WITHOUT ROWID;

-- What a running execution is continued from: a snapshot of the engine's value, and the events that came after it.
CREATE TABLE live (
    execution INTEGER PRIMARY KEY REFERENCES execution (id),
    snapshot  ANY NOT NULL
) STRICT;
CREATE TABLE journal (
    execution INTEGER NOT NULL REFERENCES execution (id),
    seq       INTEGER NOT NULL,
    event     ANY NOT NULL,
    PRIMARY KEY (execution, seq)
) STRICT, WITHOUT ROWID;

-- Map runs: what Distributed Map states start.
CREATE TABLE map_run (
    id                   INTEGER PRIMARY KEY,
    execution            INTEGER NOT NULL REFERENCES execution (id), -- whose Map state it is of
    task                 INTEGER NOT NULL, -- which task it is there
    uuid                 TEXT NOT NULL,    -- the last part of its ARN
    label                TEXT NOT NULL,
    status               TEXT NOT NULL,
    reading              INTEGER NOT NULL, -- not all children are known yet
    started              INTEGER NOT NULL,
    stopped              INTEGER,
    max_concurrency      INTEGER NOT NULL, -- 0 for none
    tolerated_count      INTEGER,
    tolerated_percentage REAL,
    redrives             INTEGER NOT NULL DEFAULT 0,
    redriven             INTEGER -- when it was redriven last
) STRICT;
CREATE UNIQUE INDEX map_run_task ON map_run (execution, task);
CREATE UNIQUE INDEX map_run_uuid ON map_run (uuid);

-- One row for each item, or batch of items. STANDARD children have a row in execution too, from their start on.
CREATE TABLE map_child (
    map_run INTEGER NOT NULL REFERENCES map_run (id),
    seq     INTEGER NOT NULL, -- in the order of the items
    items   INTEGER NOT NULL,
    status  TEXT NOT NULL,    -- PENDING, PENDING_REDRIVE (it ran before), or an execution's
    name    TEXT,
    started INTEGER,
    stopped INTEGER,
    input   ANY NOT NULL,
    output  ANY,
    error   TEXT,
    cause   TEXT,
    PRIMARY KEY (map_run, seq)
) STRICT, WITHOUT ROWID;
-- Children that wait are taken in order, and counts need nothing but this index.
CREATE INDEX map_child_status ON map_child (map_run, status, seq, items);

-- What an execution that ended without success is taken up from, should it be redriven.
CREATE TABLE interrupted (
    execution INTEGER PRIMARY KEY REFERENCES execution (id),
    snapshot  ANY NOT NULL
) STRICT;
