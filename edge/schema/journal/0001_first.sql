-- The precious file: what happened in this shop and is not yet, or never, at the hub.

CREATE TABLE clock (                 -- the highest instant that has been; time never runs behind it
    id            INTEGER PRIMARY KEY CHECK (id = 1),
    high_water_ms INTEGER NOT NULL
);
INSERT INTO clock VALUES (1, 0);

CREATE TABLE outbox_head (           -- (epoch, seq) of the last fact and the hash that the next one chains to
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    epoch INTEGER NOT NULL,
    seq   INTEGER NOT NULL,
    hash  BLOB NOT NULL,
    acked INTEGER NOT NULL           -- the hub holds every fact up to here
);
INSERT INTO outbox_head VALUES (1, 1, 0, zeroblob(32), 0);

CREATE TABLE outbox (
    seq   INTEGER PRIMARY KEY,       -- dense from 1 within the epoch
    at_ms INTEGER NOT NULL,
    kind  TEXT NOT NULL,
    body  BLOB NOT NULL,             -- JSON, opaque ids only; blanked by an erasure, the row stays
    hash  BLOB NOT NULL              -- SHA-256(previous hash ‖ seq ‖ at_ms ‖ kind ‖ body)
);

CREATE TABLE visit (
    id          BLOB PRIMARY KEY,
    customer_id BLOB NOT NULL,
    reader      TEXT NOT NULL,
    how         TEXT NOT NULL,
    evidence    TEXT NOT NULL,
    started_ms  INTEGER NOT NULL,
    seen_ms     INTEGER NOT NULL,
    greeted_ms  INTEGER,
    ended_ms    INTEGER
) WITHOUT ROWID;
-- One open visit a customer, whatever the readers and tablets do: the database itself refuses a second.
CREATE UNIQUE INDEX visit_open ON visit (customer_id) WHERE ended_ms IS NULL;
CREATE INDEX visit_seen ON visit (seen_ms) WHERE ended_ms IS NULL;

CREATE TABLE consent (               -- made here, or come down the urgent lane; merged with the replica's by (gen, state)
    customer_id BLOB NOT NULL,
    purpose     TEXT NOT NULL,
    recipient   TEXT NOT NULL,
    basis       TEXT NOT NULL CHECK (basis IN ('consent', 'agreement', 'law')),
    gen         INTEGER NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('given', 'withdrawn')),
    from_ms     INTEGER NOT NULL,
    until_ms    INTEGER,
    PRIMARY KEY (customer_id, purpose, recipient)
) WITHOUT ROWID;

CREATE TABLE credential (            -- bound or blocked here; what stands here goes before the replica
    hash        BLOB PRIMARY KEY,
    customer_id BLOB NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('active', 'blocked'))
) WITHOUT ROWID;

CREATE TABLE view_log (              -- who looked: role, purpose and time, never more of a person than the visit
    visit_id    BLOB NOT NULL,
    role        TEXT NOT NULL,
    customer_id BLOB NOT NULL,
    purpose     TEXT NOT NULL,
    at_ms       INTEGER NOT NULL,
    PRIMARY KEY (visit_id, role)
) WITHOUT ROWID;

CREATE TABLE staff (
    id       BLOB PRIMARY KEY,
    name     TEXT NOT NULL UNIQUE,
    role     TEXT NOT NULL CHECK (role IN ('staff', 'manager')),
    language TEXT NOT NULL,
    pin_hash TEXT NOT NULL           -- argon2id over HMAC(pin_pepper, pin)
) WITHOUT ROWID;

CREATE TABLE tablet (
    token_hash BLOB PRIMARY KEY,     -- SHA-256 of the 256-bit token in the tablet's cookie
    name       TEXT NOT NULL,
    paired_ms  INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE pairing (               -- single-use codes that make a browser one of the shop's tablets
    code_hash BLOB PRIMARY KEY,
    name      TEXT NOT NULL,
    until_ms  INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE staff_session (
    token_hash  BLOB PRIMARY KEY,
    staff_id    BLOB NOT NULL,
    tablet_hash BLOB NOT NULL,
    until_ms    INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE pin_try (               -- outlives a power cut, so that pulling the plug buys no new tries
    staff_id    BLOB NOT NULL,
    tablet_hash BLOB NOT NULL,
    tries       INTEGER NOT NULL,
    locked_ms   INTEGER NOT NULL,
    PRIMARY KEY (staff_id, tablet_hash)
) WITHOUT ROWID;
