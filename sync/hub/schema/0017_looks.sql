-- The chains of looks that the boxes tell: what stands here no box can change any more (edge/looks/README.md).
CREATE TABLE look (
    device_id    TEXT NOT NULL,
    branch       INTEGER NOT NULL,       -- goes up where a box says a number anew: both histories stay
    n            INTEGER NOT NULL,
    at_ms        INTEGER NOT NULL,
    role         TEXT NOT NULL,
    staff        TEXT NOT NULL,
    device       TEXT NOT NULL,          -- the tablet
    customer_ref TEXT NOT NULL,          -- nobody's once the customer is forgotten
    purpose      TEXT NOT NULL,
    fields       TEXT NOT NULL,
    reason       TEXT NOT NULL,
    hash         BLOB NOT NULL,
    PRIMARY KEY (device_id, branch, n)
) WITHOUT ROWID;
CREATE INDEX look_ref ON look (customer_ref);
CREATE INDEX look_at ON look (at_ms);

CREATE TABLE look_head (                 -- how far each box's chain has come, as the box signed it
    device_id TEXT PRIMARY KEY,
    branch    INTEGER NOT NULL,
    n         INTEGER NOT NULL,
    hash      BLOB NOT NULL,
    epoch     INTEGER NOT NULL,
    sig       TEXT NOT NULL,
    at_ms     INTEGER NOT NULL,
    shown_ms  INTEGER NOT NULL           -- since when looks were reported whose lines did not come; 0: none
) WITHOUT ROWID;

CREATE TABLE look_break (                -- where a chain did not hold, once each
    device_id TEXT NOT NULL,
    branch    INTEGER NOT NULL,          -- that begins with it
    n         INTEGER NOT NULL,          -- the first line that is not as it was, or is missing
    why       TEXT NOT NULL,             -- missing, changed, shortened, restored, unsigned
    at_ms     INTEGER NOT NULL,
    PRIMARY KEY (device_id, branch)
) WITHOUT ROWID;
