-- How far a card's counter or a phone's time has come, so that no recording works twice; and what a visit has proved.

CREATE TABLE mark (
    hash        BLOB PRIMARY KEY,    -- as a credential; only of credentials that are somebody's here
    customer_id BLOB NOT NULL,
    mark        INTEGER NOT NULL,    -- the last counter (sun) or time in ms (vas) that was accepted
    at_ms       INTEGER NOT NULL,
    replayed_ms INTEGER              -- when an older one was last told to the hub
) WITHOUT ROWID;

ALTER TABLE visit ADD COLUMN strong_ms INTEGER;    -- when a fresh proof of the card or phone itself was last there
ALTER TABLE visit ADD COLUMN unlocked_ms INTEGER;  -- and when its owner had unlocked it for that
