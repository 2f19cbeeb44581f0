-- What the shops wrote into their ledgers, each line once. An erasure takes the person out, the amounts stay.

CREATE TABLE ledger (
    device_id   TEXT NOT NULL,
    epoch       INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    line_id     BLOB NOT NULL UNIQUE, -- the shop's own: also under another epoch it counts once
    customer_id BLOB NOT NULL,        -- a random id after an erasure
    instrument  TEXT NOT NULL,
    delta       INTEGER NOT NULL,
    short       INTEGER NOT NULL,     -- above 0: so much was given in the shop that was no longer there
    why         TEXT NOT NULL,
    at_ms       INTEGER NOT NULL,
    PRIMARY KEY (device_id, epoch, seq)
) WITHOUT ROWID;
CREATE INDEX ledger_customer ON ledger (customer_id);
