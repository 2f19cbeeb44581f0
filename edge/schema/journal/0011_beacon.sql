-- Customers' own radio devices, which say another identifier every few minutes.

CREATE TABLE beacon (
    id          BLOB PRIMARY KEY,    -- 16 bytes, made here: what sightings call the device
    customer_id BLOB NOT NULL,
    sealed      BLOB NOT NULL,       -- the identity key, with the customer's own key
    exponent    INTEGER NOT NULL,    -- an identifier lasts 2^exponent seconds
    zero_s      INTEGER NOT NULL,    -- unix time at which the device's clock read nought
    shift_s     INTEGER NOT NULL,    -- what was learnt of its drift since then
    heard_day   INTEGER NOT NULL     -- days since 1970 when that was last compared: how far it may be off by now
) WITHOUT ROWID;

CREATE INDEX beacon_of ON beacon (customer_id);
