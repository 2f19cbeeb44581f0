-- A card that earned without a name, and became somebody's: once, with what went over, and how to undo it.
CREATE TABLE merge (
    id        BLOB PRIMARY KEY,
    from_id   BLOB NOT NULL,     -- the customer who was only a card; stays, empty, with its history
    into_id   BLOB NOT NULL,
    at_ms     INTEGER NOT NULL,
    why       TEXT NOT NULL,     -- joined or bound: what was said in the shop
    shop_id   TEXT NOT NULL,
    points    INTEGER NOT NULL,  -- that went over
    stamps    INTEGER NOT NULL,
    undone_ms INTEGER            -- NULL: it stands
) WITHOUT ROWID;
CREATE UNIQUE INDEX merge_from ON merge (from_id) WHERE undone_ms IS NULL;
CREATE INDEX merge_into ON merge (into_id);
CREATE TABLE merge_card (
    merge_id BLOB NOT NULL,
    hash     BLOB NOT NULL,      -- the card's inner hash
    PRIMARY KEY (merge_id, hash)
) WITHOUT ROWID;
