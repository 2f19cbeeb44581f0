-- Passes that the hub made for customers' phones; each is a credential of theirs too.
CREATE TABLE pass (
    hash        BLOB PRIMARY KEY,  -- its credential's inner hash
    customer_id BLOB NOT NULL,
    kind        TEXT NOT NULL,     -- web, apple or google
    sealed      BLOB NOT NULL,     -- what its code says, sealed with the customer's key
    made_ms     INTEGER NOT NULL,
    ended_ms    INTEGER            -- lost or thrown away; NULL: it works
) WITHOUT ROWID;
CREATE INDEX pass_customer ON pass (customer_id);
