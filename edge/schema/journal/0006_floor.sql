-- What staff do on the floor: help, leave alone, look closer; and what belongs to the shop as a whole.

ALTER TABLE visit ADD COLUMN helper BLOB;         -- staff id of whoever helps now
ALTER TABLE visit ADD COLUMN helped_ms INTEGER;   -- since when; stays when the helper lets go
ALTER TABLE visit ADD COLUMN alone_ms INTEGER;    -- the customer asked to be left alone, for this visit
ALTER TABLE visit ADD COLUMN tipped_ms INTEGER;   -- the sentence was judged once
ALTER TABLE visit ADD COLUMN ended_why TEXT;      -- quiet, no_basis

CREATE TABLE view_log_2 (            -- who looked: role, purpose, reason and time
    visit_id    BLOB NOT NULL,
    role        TEXT NOT NULL,
    purpose     TEXT NOT NULL,
    reason      TEXT NOT NULL,       -- empty: a glance; else what somebody chose
    customer_id BLOB NOT NULL,
    at_ms       INTEGER NOT NULL,
    PRIMARY KEY (visit_id, role, purpose, reason)
) WITHOUT ROWID;
INSERT INTO view_log_2 SELECT visit_id, role, purpose, '', customer_id, at_ms FROM view_log;
DROP TABLE view_log;
ALTER TABLE view_log_2 RENAME TO view_log;

CREATE TABLE deed (                  -- every write by staff: who, on which tablet, what, why; never whom
    at_ms       INTEGER NOT NULL,
    staff_id    BLOB NOT NULL,
    tablet_hash BLOB NOT NULL,
    what        TEXT NOT NULL,
    reason      TEXT NOT NULL,
    visit_id    BLOB                 -- goes with the visit when its customer is forgotten
);
CREATE INDEX deed_at ON deed (at_ms);

CREATE TABLE shop_state (            -- switches of the whole shop: busy
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    at_ms INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE tip_count (             -- how sentences were judged, by day and source; about nobody
    day    TEXT NOT NULL,
    source TEXT NOT NULL,
    good   INTEGER NOT NULL,
    bad    INTEGER NOT NULL,
    PRIMARY KEY (day, source)
) WITHOUT ROWID;

CREATE TABLE feedback (              -- what staff think of Welkom; no customer, no name
    at_ms INTEGER NOT NULL,
    text  TEXT NOT NULL
);

CREATE TABLE draft (                 -- what was typed and not yet sent, sealed; an hour at most
    session_hash BLOB NOT NULL,
    form         TEXT NOT NULL,
    sealed       BLOB NOT NULL,
    at_ms        INTEGER NOT NULL,
    PRIMARY KEY (session_hash, form)
) WITHOUT ROWID;

CREATE TABLE staff_badge (           -- a colleague's badge; it only chooses the tile, the PIN opens
    hash     BLOB PRIMARY KEY,       -- as a credential: HMAC(shop_key, HMAC(chain_key, …))
    staff_id BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE tablet_try (            -- tries of a PIN on one tablet in the last hour
    tablet_hash BLOB NOT NULL,
    at_ms       INTEGER NOT NULL
);
CREATE INDEX tablet_try_of ON tablet_try (tablet_hash, at_ms);
