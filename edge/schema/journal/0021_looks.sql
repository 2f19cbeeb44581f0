-- View receipts: each look is a line of one chain, which outlives an erasure (edge/looks/README.md).
CREATE TABLE look (
    n            INTEGER PRIMARY KEY,    -- dense from 1
    at_ms        INTEGER NOT NULL,
    role         TEXT NOT NULL,
    staff        TEXT NOT NULL,          -- id, hex; empty: every tablet of the role, by a tap
    device       TEXT NOT NULL,
    customer_ref TEXT NOT NULL,          -- another for each line; nobody's once the ids are gone
    purpose      TEXT NOT NULL,
    fields       TEXT NOT NULL,
    reason       TEXT NOT NULL,
    prev         BLOB NOT NULL,
    hash         BLOB NOT NULL           -- SHA-256(prev ‖ the line)
);
CREATE TRIGGER look_stays BEFORE UPDATE ON look BEGIN
    SELECT raise(ABORT, 'a line of the chain of looks is never changed');
END;

CREATE TABLE look_head (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    n       INTEGER NOT NULL,            -- the last line
    hash    BLOB NOT NULL,
    told    INTEGER NOT NULL,            -- up to here the lines went up
    gone    INTEGER NOT NULL,            -- up to here the lines are past their time and dropped
    gone_hash BLOB NOT NULL,
    watched INTEGER NOT NULL             -- up to here the alarms looked
);
INSERT INTO look_head VALUES (1, 0, zeroblob(32), 0, 0, zeroblob(32), 0);

CREATE TABLE look_alarm (                -- something a manager should ask about; never whom it was about
    n      INTEGER NOT NULL,             -- the line of the chain
    kind   TEXT NOT NULL,                -- many, guarded, alone
    at_ms  INTEGER NOT NULL,
    device TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (n, kind)
) WITHOUT ROWID;

-- Who looked closer is a line of their own; a glance is the role's.
CREATE TABLE view_log_3 (
    visit_id    BLOB NOT NULL,
    role        TEXT NOT NULL,
    purpose     TEXT NOT NULL,
    reason      TEXT NOT NULL,           -- empty: a glance; else what somebody chose
    staff       TEXT NOT NULL,           -- id, hex; empty: every tablet of the role
    customer_id BLOB NOT NULL,
    at_ms       INTEGER NOT NULL,
    n           INTEGER,                 -- its line of the chain; NULL: from before there was one
    PRIMARY KEY (visit_id, role, purpose, reason, staff)
) WITHOUT ROWID;
INSERT INTO view_log_3 SELECT visit_id, role, purpose, reason, '', customer_id, at_ms, NULL FROM view_log;
DROP TABLE view_log;
ALTER TABLE view_log_3 RENAME TO view_log;
