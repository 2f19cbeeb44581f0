-- Points and stamps earned and redeemed here: lines are added, never changed. An erasure takes the person out.

CREATE TABLE ledger (
    line_id     BLOB PRIMARY KEY,    -- the form's: sent twice, it is one line
    customer_id BLOB NOT NULL,       -- a random id after an erasure
    visit_id    BLOB,                -- NULL after an erasure
    instrument  TEXT NOT NULL CHECK (instrument IN ('points', 'stamps')),
    delta       INTEGER NOT NULL CHECK (delta <> 0),
    why         TEXT NOT NULL CHECK (why IN ('purchase', 'reward', 'correction')),
    role        TEXT NOT NULL,
    staff_id    BLOB NOT NULL,
    at_ms       INTEGER NOT NULL,
    epoch       INTEGER NOT NULL,    -- (epoch, seq) of the line's own fact in the outbox
    seq         INTEGER NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX ledger_fact ON ledger (epoch, seq);
CREATE INDEX ledger_customer ON ledger (customer_id, epoch, seq);
CREATE TRIGGER ledger_stays BEFORE DELETE ON ledger BEGIN
    SELECT raise(ABORT, 'a line of the ledger is never deleted');
END;
CREATE TRIGGER ledger_amounts_stay
BEFORE UPDATE OF line_id, instrument, delta, why, role, staff_id, at_ms, epoch, seq ON ledger BEGIN
    SELECT raise(ABORT, 'a line of the ledger is never changed');
END;
