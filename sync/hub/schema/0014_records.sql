-- How each consent came to be, and the texts that were read before it, each once.

CREATE TABLE notice (
    sha256   BLOB PRIMARY KEY,
    version  TEXT NOT NULL,          -- of the program that first showed it
    language TEXT NOT NULL,
    text     TEXT NOT NULL,
    first_ms INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE consent_event (         -- a register says what holds, these say what happened to it
    customer_id BLOB NOT NULL,
    purpose     TEXT NOT NULL,
    recipient   TEXT NOT NULL,
    gen         INTEGER NOT NULL,
    granted     INTEGER NOT NULL,    -- 1: a yes, 0: a no of the same generation
    state       TEXT NOT NULL,       -- requested, given, renewed, refused, withdrawn
    at_ms       INTEGER NOT NULL,
    until_ms    INTEGER,
    how         TEXT NOT NULL,       -- tablet, phone, portal, desk, import
    by_whom     TEXT NOT NULL,       -- customer, parent
    language    TEXT NOT NULL,
    shop_id     TEXT NOT NULL,
    notice      BLOB,                -- of the table above
    benefit     TEXT NOT NULL,       -- promised in return, as it was shown
    PRIMARY KEY (customer_id, purpose, recipient, gen, granted)
) WITHOUT ROWID;
