-- The newest receipt of each device for what was taken away, as it signed it.
CREATE TABLE receipt (
    device_id TEXT PRIMARY KEY,
    part      TEXT NOT NULL,
    cursor    INTEGER NOT NULL,
    epoch     INTEGER NOT NULL,
    sig       TEXT NOT NULL,
    at_ms     INTEGER NOT NULL
) WITHOUT ROWID;
