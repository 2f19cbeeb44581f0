-- Which proofs of phones were shown, one by one: two phones of one customer have two clocks.

CREATE TABLE spent (
    hash        BLOB NOT NULL,       -- as a credential; only of credentials that are somebody's here
    signed_ms   INTEGER NOT NULL,    -- when the phone made this proof, by its own clock
    customer_id BLOB NOT NULL,
    replayed_ms INTEGER,             -- when a copy of it was last told to the hub
    PRIMARY KEY (hash, signed_ms)
) WITHOUT ROWID;

-- A counter has 24 bits: what is above was a phone's time.
INSERT INTO spent (hash, signed_ms, customer_id, replayed_ms)
    SELECT hash, mark, customer_id, replayed_ms FROM mark WHERE mark>16777215;
DELETE FROM mark WHERE mark>16777215;

-- Of whoever withheld recognition nothing may say at which minute they were here: months of 30 days are enough to prune.
UPDATE mark SET at_ms=at_ms-at_ms%2592000000;
