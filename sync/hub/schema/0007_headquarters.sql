-- Headquarters: what was imported and how to take it back, who may ask by program, who is told, how each box does.

CREATE TABLE import_run (
    number  INTEGER PRIMARY KEY,     -- as people say it: "import 7"
    kind    TEXT NOT NULL,
    state   TEXT NOT NULL CHECK (state IN ('running', 'done', 'undone')),
    added   INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    gone    INTEGER NOT NULL,
    at_ms   INTEGER NOT NULL
);

CREATE TABLE import_row (            -- how each row was before, so that an import can be taken back
    number INTEGER NOT NULL,
    t      TEXT NOT NULL,
    id     TEXT NOT NULL,
    ver    INTEGER NOT NULL,         -- of the row after the import; another one: something newer touched it
    before BLOB,                     -- NULL: it was not there. Personal values as they lay sealed
    PRIMARY KEY (number, t, id)
) WITHOUT ROWID;
CREATE INDEX import_row_id ON import_row (id);

CREATE TABLE staff (                 -- who may sign in, in which shops; a PIN is each shop's own and never here
    id  TEXT PRIMARY KEY,
    ver INTEGER NOT NULL,
    d   BLOB                         -- NULL: left; the version stays
) WITHOUT ROWID;

CREATE TABLE api_token (             -- of the tokens of programs there are only hashes
    id         TEXT PRIMARY KEY,
    token_hash BLOB NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    scopes     TEXT NOT NULL,        -- names with a space between
    made_ms    INTEGER NOT NULL,
    ended_ms   INTEGER
) WITHOUT ROWID;

CREATE TABLE api_answer (            -- the first answer to a request with an Idempotency-Key; nothing personal
    token_id TEXT NOT NULL,
    key_hash BLOB NOT NULL,
    request  BLOB NOT NULL,          -- hash of what was asked
    status   INTEGER NOT NULL,
    body     BLOB NOT NULL,
    at_ms    INTEGER NOT NULL,
    PRIMARY KEY (token_id, key_hash)
) WITHOUT ROWID;

CREATE TABLE happening (             -- what a customer did on the web or at a till of others
    id          BLOB PRIMARY KEY,    -- of channel and number, so that twice is once
    customer_id BLOB NOT NULL,
    channel     TEXT NOT NULL,
    kind        TEXT NOT NULL,
    shop_id     TEXT,
    at_ms       INTEGER NOT NULL,
    sealed      BLOB NOT NULL        -- what it was, with the customer's own key
) WITHOUT ROWID;
CREATE INDEX happening_customer ON happening (customer_id, at_ms);

CREATE TABLE webhook (
    id         TEXT PRIMARY KEY,
    url        TEXT NOT NULL,
    kinds      TEXT NOT NULL,        -- names with a space between; empty: all
    wrapped    BLOB NOT NULL,        -- the secret, sealed with hub_kek
    former     BLOB,                 -- the one before it, which signs beside it until former_ms
    former_ms  INTEGER,
    failing_ms INTEGER,              -- since when every try failed
    ended_ms   INTEGER               -- it is told nothing any more, since then
) WITHOUT ROWID;

CREATE TABLE webhook_message (       -- what is still to be told
    webhook_id TEXT NOT NULL,
    id         TEXT NOT NULL,        -- the same at every try
    body       BLOB NOT NULL,        -- ids that mean nothing to others, never a name
    tries      INTEGER NOT NULL,
    next_ms    INTEGER NOT NULL,
    PRIMARY KEY (webhook_id, id)
) WITHOUT ROWID;
CREATE INDEX webhook_message_next ON webhook_message (next_ms);

CREATE TABLE device_status (         -- what a box last said of itself; about nobody
    device_id TEXT PRIMARY KEY,
    at_ms     INTEGER NOT NULL,
    d         BLOB NOT NULL
) WITHOUT ROWID;
