-- What the S3 store keeps beside the bytes. Names are BLOBs: S3 orders keys by their UTF-8 bytes, and a key may hold
-- a NUL. Times are milliseconds since 1970.

CREATE TABLE IF NOT EXISTS buckets (
    name          TEXT PRIMARY KEY,
    created       INTEGER NOT NULL,
    region        TEXT NOT NULL,
    versioning    TEXT,                    -- NULL (never set), 'Enabled' or 'Suspended'
    notifications TEXT NOT NULL DEFAULT '[]'
) STRICT;

-- Every version of every object, delete markers included. Ids only rise, so that the newest version has the highest
-- and an id can serve as the event's sequencer.
CREATE TABLE IF NOT EXISTS versions (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    bucket     TEXT NOT NULL REFERENCES buckets (name),
    key        BLOB NOT NULL,
    version_id TEXT NOT NULL,              -- 'null' for what was written without versioning
    latest     INTEGER NOT NULL,
    modified   INTEGER NOT NULL,
    file       BLOB,                       -- NULL: a delete marker
    size       INTEGER NOT NULL DEFAULT 0,
    etag       TEXT NOT NULL DEFAULT '',
    details    TEXT NOT NULL DEFAULT '{}', -- headers, metadata, checksum, part sizes
    tags       TEXT NOT NULL DEFAULT '[]',
    UNIQUE (bucket, key, version_id)
) STRICT;
CREATE INDEX IF NOT EXISTS versions_newest_first ON versions (bucket, key, id DESC);
CREATE INDEX IF NOT EXISTS objects ON versions (bucket, key) WHERE latest AND file IS NOT NULL;

CREATE TABLE IF NOT EXISTS uploads (
    id         TEXT PRIMARY KEY,
    bucket     TEXT NOT NULL REFERENCES buckets (name),
    key        BLOB NOT NULL,
    initiated  INTEGER NOT NULL,
    details    TEXT NOT NULL,
    tags       TEXT NOT NULL,
    algorithm  TEXT,                       -- what the client asked for; NULL: nothing
    kind       TEXT,
    disturbed  INTEGER NOT NULL DEFAULT 0  -- 1: the key was written or deleted since
) STRICT;
DROP INDEX IF EXISTS uploads_by_key;
CREATE INDEX IF NOT EXISTS uploads_in_order ON uploads (bucket, key);

CREATE TABLE IF NOT EXISTS parts (
    upload   TEXT NOT NULL REFERENCES uploads (id) ON DELETE CASCADE,
    number   INTEGER NOT NULL,
    file     BLOB NOT NULL,
    size     INTEGER NOT NULL,
    md5      TEXT NOT NULL,
    checksum TEXT NOT NULL,
    modified INTEGER NOT NULL,
    PRIMARY KEY (upload, number)
) STRICT, WITHOUT ROWID;

-- Events that were promised by a committed write and that no function has been given yet.
CREATE TABLE IF NOT EXISTS outbox (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    bucket   TEXT NOT NULL,
    function TEXT NOT NULL,
    payload  TEXT NOT NULL
) STRICT;
