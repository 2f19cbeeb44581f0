-- The central wallet. Ids of customers are 16 bytes and opaque; personal values are sealed, a key a customer.

CREATE TABLE hub (                   -- the epoch goes up when the hub is restored from a backup
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    epoch INTEGER NOT NULL
);
INSERT INTO hub VALUES (1, 1);

CREATE TABLE shop (
    id      TEXT PRIMARY KEY,
    wrapped BLOB NOT NULL            -- the shop key, sealed with hub_kek
) WITHOUT ROWID;

CREATE TABLE device (
    id         TEXT PRIMARY KEY,
    shop_id    TEXT NOT NULL REFERENCES shop (id),
    epoch      INTEGER NOT NULL,     -- goes up when the box is restored, replaced or cloned
    public_key BLOB NOT NULL,        -- Ed25519, 32 bytes
    forked_ms  INTEGER               -- since when two boxes write this history; logged once
) WITHOUT ROWID;

CREATE TABLE event (                 -- what the shops reported, each fact exactly once
    device_id   TEXT NOT NULL,
    epoch       INTEGER NOT NULL,
    seq         INTEGER NOT NULL,    -- dense from 1 within the epoch
    at_ms       INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    body        BLOB NOT NULL,       -- as it came, byte for byte; blanked by an erasure
    hash        BLOB NOT NULL,       -- the chain up to here
    code        TEXT,                -- why it is a dead letter; NULL: taken
    customer_id BLOB,                -- whom it is about, so that an erasure finds it
    received_ms INTEGER NOT NULL,
    PRIMARY KEY (device_id, epoch, seq)
) WITHOUT ROWID;
CREATE INDEX event_customer ON event (customer_id) WHERE customer_id IS NOT NULL;

CREATE TABLE customer (
    id  BLOB PRIMARY KEY,
    ver INTEGER NOT NULL             -- of the feed row with the traits
) WITHOUT ROWID;

CREATE TABLE customer_key (          -- left out of backups; deleting a row forgets the customer
    customer_id BLOB PRIMARY KEY,
    wrapped     BLOB NOT NULL        -- sealed with hub_kek
) WITHOUT ROWID;

CREATE TABLE trait (
    customer_id BLOB NOT NULL,
    name        TEXT NOT NULL,       -- declared in edge/consent/rules.py
    sealed      BLOB NOT NULL,
    ver         INTEGER NOT NULL,
    as_of_ms    INTEGER NOT NULL,
    until_ms    INTEGER,
    PRIMARY KEY (customer_id, name)
) WITHOUT ROWID;

CREATE TABLE credential (
    hash        BLOB PRIMARY KEY,    -- HMAC(chain_key, kind ‖ 0 ‖ value), the inner one
    customer_id BLOB NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('active', 'blocked')),
    ver         INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX credential_customer ON credential (customer_id);

CREATE TABLE consent (               -- one register a customer, purpose and recipient
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

CREATE TABLE residency (             -- which shops may know of a customer at all
    customer_id BLOB NOT NULL,
    shop_id     TEXT NOT NULL,
    reason      TEXT NOT NULL,
    since_ms    INTEGER NOT NULL,
    PRIMARY KEY (customer_id, shop_id)
) WITHOUT ROWID;

CREATE TABLE erased (                -- HMAC of an erased id: nobody comes back by a late upload or an old backup
    mark  BLOB PRIMARY KEY,
    at_ms INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE head (                  -- last seq of a partition, raised as the last statement of a transaction
    part TEXT PRIMARY KEY,
    last INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE feed (
    part        TEXT NOT NULL,
    seq         INTEGER NOT NULL,    -- dense from 1 within the partition
    op          TEXT NOT NULL,
    t           TEXT NOT NULL,
    id          TEXT NOT NULL,
    ver         INTEGER NOT NULL,
    d           BLOB NOT NULL,       -- JSON; blanked by an erasure
    customer_id BLOB,
    PRIMARY KEY (part, seq)
) WITHOUT ROWID;
CREATE INDEX feed_customer ON feed (customer_id);
