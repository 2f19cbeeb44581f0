-- What the hub knows of this shop's residents. Everything here can be fetched again.

CREATE TABLE feed_cursor (           -- moves in the same transaction as the rows it covers
    part TEXT PRIMARY KEY,
    seq  INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE customer (
    id  BLOB PRIMARY KEY,            -- 16 bytes, opaque, the hub's
    ver INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE customer_key (          -- left out of backups; deleting a row forgets the customer
    customer_id BLOB PRIMARY KEY,
    wrapped     BLOB NOT NULL        -- the customer's key, sealed with this box's own key
) WITHOUT ROWID;

CREATE TABLE trait (                 -- personal values, sealed; the names are declared in edge/consent/rules.py
    customer_id BLOB NOT NULL,
    name        TEXT NOT NULL,
    sealed      BLOB NOT NULL,
    ver         INTEGER NOT NULL,
    as_of_ms    INTEGER NOT NULL,
    until_ms    INTEGER,             -- retention: not read from then on
    PRIMARY KEY (customer_id, name)
) WITHOUT ROWID;

CREATE TABLE credential (
    hash        BLOB PRIMARY KEY,    -- HMAC(shop_key, HMAC(chain_key, kind ‖ value)), 32 bytes
    customer_id BLOB NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('active', 'blocked')),
    ver         INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX credential_of ON credential (customer_id);

CREATE TABLE consent (
    customer_id BLOB NOT NULL,
    purpose     TEXT NOT NULL,
    recipient   TEXT NOT NULL,
    basis       TEXT NOT NULL CHECK (basis IN ('consent', 'agreement', 'law')),
    gen         INTEGER NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('given', 'withdrawn')),
    from_ms     INTEGER NOT NULL,
    until_ms    INTEGER,
    ver         INTEGER NOT NULL,
    PRIMARY KEY (customer_id, purpose, recipient)
) WITHOUT ROWID;
